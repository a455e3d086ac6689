"""What is known of each VEN since the process started, for whoever asks."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import Outcome, VenOutcome

STATES = ("registered", "partly", "failed", "paused")
"""How a VEN may be: `partly` where some of its resources failed."""


@dataclass(frozen=True, slots=True)
class VenView:
    """One VEN as of its last pass."""

    name: VenName
    state: str
    """One of `STATES`."""
    resources: int
    registered: int
    failures: tuple[tuple[str | None, str], ...]
    """Resource (None: the VEN itself) and reason, in the VTN's words where it spoke."""
    at: datetime


class FleetView:
    """Every VEN by name, in the order of the inventory."""

    def __init__(self, paused: Container[VenName] = ()) -> None:
        self._vens: dict[VenName, VenView] = {}
        self._paused = paused
        self.skipped: tuple[VenName, ...] = ()
        self.problems: tuple[str, ...] = ()
        self.writes = 0

    def take(self, outcome: Outcome, at: datetime, *, whole: bool) -> None:
        """Take in a pass; a pass over the whole fleet forgets who is no longer in it."""
        alone = {
            each.ven: self._vens.get(each.ven) or _view(each, at) for each in outcome.left_alone
        }
        fresh = {each.ven: _view(each, at) for each in outcome.vens} | alone
        self._vens = fresh if whole else {**self._vens, **fresh}
        self.writes += outcome.writes
        if whole:
            self.skipped, self.problems = tuple(outcome.skipped), outcome.problems

    def vens(self, state: str | None = None) -> list[VenView]:
        """List VENs, all or those in one state."""
        views = (self._shown(each) for each in self._vens.values())
        return [each for each in views if state in (None, each.state)]

    def ven(self, name: str) -> VenView | None:
        """Find one VEN."""
        view = self._vens.get(VenName(name))
        return view and self._shown(view)

    def counts(self) -> dict[str, int]:
        """Count VENs by state, and resources."""
        views: Iterable[VenView] = self.vens()
        counted = dict.fromkeys((*STATES, "resources", "resources_registered"), 0)
        for each in views:
            counted[each.state] += 1
            counted["resources"] += each.resources
            counted["resources_registered"] += each.registered
        return counted

    def _shown(self, view: VenView) -> VenView:
        return replace(view, state="paused") if view.name in self._paused else view


def _view(outcome: VenOutcome, at: datetime) -> VenView:
    state = "failed" if outcome.failed else "partly" if outcome.failures else "registered"
    return VenView(
        outcome.ven,
        state,
        outcome.wanted,
        outcome.registered,
        tuple(outcome.failures.items()),
        at,
    )
