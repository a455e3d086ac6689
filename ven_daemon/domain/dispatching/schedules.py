"""What is planned for each resource: schedules that many resources share.

Ten thousand resources that one event means follow few different schedules: one for each
kind and rating (and each VEN, where a value is shared out within it). So a plan costs
what differs, and a resource only refers to its schedule.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple, Protocol

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.dispatching.claims import Silence
from ven_daemon.domain.dispatching.ratings import Rating
from ven_daemon.domain.dispatching.rules import Rules
from ven_daemon.domain.dispatching.selectors import Kind
from ven_daemon.domain.events import Event, PayloadDescriptor
from ven_daemon.domain.ids import EventId, ResourceName, VenName
from ven_daemon.domain.optouts import Absence
from ven_daemon.domain.targets import Audience, Place
from ven_daemon.domain.windows import Window


class Entry(NamedTuple):
    """One line of a schedule: what is to be followed, from when until when."""

    event: EventId
    version: str
    window: str
    """Names it within the event's version, where the window was split too."""
    type: str
    values: tuple[Value, ...]
    kw: float | None
    kwh: float | None
    start: datetime
    end: datetime | None
    """None is open-ended; at the start: to be done once."""
    reason: str = ""
    refused: bool = False
    """Whether nothing can be made of it; then it is shown and never handed over."""


@dataclass(frozen=True)
class Schedule:
    """What one or many resources follow, in order of start."""

    entries: tuple[Entry, ...]

    @cached_property
    def id(self) -> str:
        """Name it by what it says."""
        plain = repr([tuple(entry) for entry in self.entries])
        return blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Member:
    """One resource that can be told what to do."""

    place: Place
    name: ResourceName
    """Its name at the VTN."""
    kind: Kind
    rating: Rating

    def is_called(self, word: str) -> bool:
        """Whether an operator means it: by its name at the VTN, or its key in the inventory."""
        return word in (self.name, self.place.resource)


class Roster:
    """Everybody who can be told something, to be looked up by VEN and by place."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.by_place = {member.place: member for member in members}
        by_ven: defaultdict[VenName, list[Member]] = defaultdict(list)
        for member in self.by_place.values():
            by_ven[member.place.ven].append(member)
        self.by_ven: Mapping[VenName, Sequence[Member]] = dict(by_ven)

    def of(self, ven: VenName) -> Sequence[Member]:
        """Give those of one VEN."""
        return self.by_ven.get(ven, ())


def stranger(
    vens: Container[VenName], members: Iterable[Member], ven: str | None, resource: str | None
) -> str:
    """Say who of those asked about is nobody we know; empty where we know everybody."""
    if ven is not None and VenName(ven) not in vens:
        return f"the inventory has no VEN {ven!r}"
    if resource is None or any(
        each.is_called(resource) and ven in (None, each.place.ven) for each in members
    ):
        return ""
    return f"{'the inventory' if ven is None else ven} has no enabled resource {resource!r}"


class Times(Protocol):
    """An event placed in time."""

    def windows(self, since: datetime) -> Iterator[Window]:
        """Give the windows that are not over at *since*, by nominal start, perhaps for ever."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """One event that is in force, and for whom."""

    event: Event
    version: str
    audience: Audience
    nominal: Times
    drawn: Mapping[VenName, Times] = field(default_factory=dict)
    """For VENs that move it by a draw of randomizeStart."""
    reach: timedelta = timedelta(0)
    """How far a draw can move it at the most."""
    defaults: tuple[PayloadDescriptor, ...] = ()
    """The program's payload descriptors."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a plan is made of, apart from the fleet."""

    orders: Sequence[Order]
    begin: datetime
    until: datetime
    absences: Mapping[Place, tuple[Absence, ...]] = field(default_factory=dict)
    silent: Mapping[VenName, Silence] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
