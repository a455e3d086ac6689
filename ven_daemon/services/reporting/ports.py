"""What reporting asks of whoever reads the VTN, and of whoever knows the fleet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ven_daemon.domain.ids import ResourceKey, ResourceName, VenName
from ven_daemon.domain.sightings import Known
from ven_daemon.domain.targets import Place, TargetIndex


class EventBook(Protocol):
    """Everything that holds."""

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give the events that hold: readable, not cancelled, not over at *since*."""
        ...


@dataclass(frozen=True, slots=True)
class Metered:
    """One resource that reports can be about."""

    place: Place
    name: ResourceName
    """Its name at the VTN."""
    capacities: Mapping[str, float] = field(default_factory=dict)
    baseline_kw: float | None = None
    reservations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """The fleet, by VEN; equal only to itself."""

    members: Mapping[VenName, tuple[Metered, ...]]
    index: TargetIndex
    clients: Mapping[VenName, str]
    """The names of the VENs at the VTN."""
    vens: Mapping[ResourceKey, VenName]
    """Whose each resource is."""


class RosterBook(Protocol):
    """Knows the fleet."""

    async def roster(self) -> Roster:
        """Give the fleet; the same object for as long as nothing changed."""
        ...
