"""What dispatch asks of whoever reads the VTN."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ven_daemon.domain.events import Dialect, Event, Program
from ven_daemon.domain.ids import VenName


@dataclass(frozen=True, slots=True)
class Known:
    """One version of an event, as it stands with those who were shown it."""

    event: Event
    version: str
    """Names the version: two that say the same have the same."""
    seen: datetime
    """What "now" in it means."""
    dialect: Dialect = Dialect.V3_1
    program: Program | None = None
    """None where it cannot be read (T-15)."""
    readers: frozenset[VenName] | None = None
    """The VENs that were shown it; None is the credential that reads for all."""


class EventBook(Protocol):
    """Everything that holds, and when the VTN was last heard of."""

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give the events that hold: readable, not cancelled, not over at *since*."""
        ...

    async def heard(self) -> Mapping[VenName | None, datetime]:
        """Say when the VTN last answered each reader; None is the one that reads for all."""
        ...
