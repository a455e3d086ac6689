"""Whoever watches a registration: a progress bar, a log, a test."""

from collections.abc import Sequence
from typing import Protocol

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import VenOutcome
from ven_daemon.domain.registration import VenPlan


class Watcher(Protocol):
    """Told what happens, as it happens; it must be quick and must not raise."""

    def planned(self, plans: Sequence[VenPlan]) -> None:
        """Plans were made, in the order in which they are carried out."""

    def resource_done(self, ven: VenName) -> None:
        """One resource was seen to, well or not."""

    def ven_done(self, outcome: VenOutcome) -> None:
        """Nothing is left to do about a VEN in this run."""

    def waiting(self, why: str, seconds: float) -> None:
        """The run pauses."""


class NobodyWatches:
    """For those who only want the outcome."""

    def planned(self, plans: Sequence[VenPlan]) -> None:
        """Let it pass."""

    def resource_done(self, ven: VenName) -> None:
        """Let it pass."""

    def ven_done(self, outcome: VenOutcome) -> None:
        """Let it pass."""

    def waiting(self, why: str, seconds: float) -> None:
        """Let it pass."""
