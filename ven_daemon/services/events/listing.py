"""Events as they are shown to people: what each is, how it stands, when it acts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from ven_daemon.domain.dispatching.schedules import Member
from ven_daemon.domain.events import Dialect, Event, Program
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.sightings import Sighting, Standing
from ven_daemon.domain.targets import Audience, TargetIndex
from ven_daemon.domain.timeline import EventStatus, Timeline, Unplaceable, place
from ven_daemon.domain.windows import Window
from ven_daemon.services.events.reader import EVERYBODY
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.sightings import Seen, SightingStore
from ven_daemon.store.versions import VersionStore

UNREADABLE = "unreadable"

EVENTS_MOST = 1000
"""Events that one listing shows: those that changed last."""


class Fleet(Protocol):
    """Everybody who can be meant."""

    @property
    def members(self) -> Sequence[Member]:
        """The resources, with their names."""
        ...

    @property
    def index(self) -> TargetIndex:
        """How targets mean them."""
        ...


class FleetBook(Protocol):
    """Knows the fleet."""

    async def addressees(self) -> Fleet:
        """Give everybody."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see."""

    ven: str | None = None
    """As this VEN acts: its draws of randomizeStart included."""
    resource: str | None = None
    """What means the resource of this name at the VTN."""
    at: datetime | None = None
    """What holds at this instant."""
    limit: int = 100
    """Windows of each event."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One event."""

    id: EventId
    status: str
    """An `EventStatus`, or `unreadable`."""
    reason: str | None
    event: Event | None
    program: str | None
    """Its program's name, else its id."""
    windows: tuple[Window, ...]
    truncated: bool
    timeline: Timeline | None


@dataclass(frozen=True, slots=True)
class Found:
    """A listing; `known` counts the events there are."""

    events: tuple[Listed, ...]
    known: int


class EventListing:
    """Reads the record, whether the VTN is there or not."""

    def __init__(
        self,
        sightings: SightingStore,
        events: VersionStore[Event],
        programs: VersionStore[Program],
        draws: DrawStore,
        fleet: FleetBook,
    ) -> None:
        self._sightings = sightings
        self._events = events
        self._programs = programs
        self._draws = draws
        self._fleet = fleet

    async def find(self, asked: Asked, now: datetime) -> Found:
        """List the events that *asked* is about, those that changed last first."""
        chosen = await self._chosen(asked)
        some = chosen[:EVENTS_MOST]
        digests = [seen.sighting.read for seen in some if seen.sighting.read]
        items = await self._events.items(digests)
        programs = await self._programs_of(some)
        fleet = await self._fleet.addressees()
        drawn = await self._drawn(asked, some)
        listed = []
        for seen in some:
            sighting = seen.sighting
            event, program = items.get(sighting.read), programs.get(sighting.event)
            if not _is_meant(asked, seen, event, program, fleet):
                continue
            each = self._listed(asked, sighting, event, program, drawn.get(sighting.event, {}), now)
            if asked.at is None or each.windows:
                listed.append(each)
        return Found(tuple(listed), len(chosen))

    async def _chosen(self, asked: Asked) -> list[Seen]:
        """Give one sighting of each event: of the VEN that is asked for, else the most telling."""
        by_event: defaultdict[EventId, list[Seen]] = defaultdict(list)
        async for seen in self._sightings.every():
            if asked.ven is None or seen.reader in (asked.ven, EVERYBODY):
                by_event[seen.sighting.event].append(seen)
        chosen = [max(every, key=_telling) for every in by_event.values()]
        return sorted(chosen, key=_changed, reverse=True)

    async def _programs_of(self, some: Sequence[Seen]) -> dict[EventId, Program]:
        shown = await self._sightings.programs()
        digests: dict[EventId, str] = {}
        for reader, sighting in some:
            reading = self._events.known.get(sighting.read)
            if reading is not None and reading.program is not None:
                digest = shown.get(reader, {}).get(reading.program)
                if digest is not None:
                    digests[sighting.event] = digest
        items = await self._programs.items(digests.values())
        return {id_: items[digest] for id_, digest in digests.items() if digest in items}

    async def _drawn(
        self, asked: Asked, some: Sequence[Seen]
    ) -> Mapping[EventId, Mapping[int, float]]:
        if asked.ven is None:
            return {}
        found = await self._draws.of(seen.sighting.event for seen in some)
        return {lot.event: each for lot, each in found.items() if lot.ven == asked.ven}

    def _listed(
        self,
        asked: Asked,
        held: Sighting,
        event: Event | None,
        program: Program | None,
        drawn: Mapping[int, float],
        now: datetime,
    ) -> Listed:
        timeline = self._timeline(held, event, drawn)
        status, reason = _status(held, timeline, now)
        acts = timeline if isinstance(timeline, Timeline) and status != UNREADABLE else None
        windows, truncated = _windows(acts, asked, now)
        return Listed(
            held.event,
            status,
            reason,
            event,
            program.name if program else event.program_id if event else None,
            windows,
            truncated,
            acts,
        )

    def _timeline(
        self, held: Sighting, event: Event | None, drawn: Mapping[int, float]
    ) -> Timeline | Unplaceable | None:
        if event is None:
            return None
        dialect = Dialect(self._events.known[held.read].dialect)
        over = held.cancelled or held.is_gone
        return place(event, held.seen, draws=drawn, dialect=dialect, cancelled=over)


def _telling(seen: Seen) -> tuple[bool, datetime]:
    return seen.sighting.is_live, seen.sighting.changed


def _changed(seen: Seen) -> datetime:
    return seen.sighting.changed


def _is_meant(
    asked: Asked, seen: Seen, event: Event | None, program: Program | None, fleet: Fleet
) -> bool:
    """Whether an event is about who is asked for; one that cannot be read may be."""
    if (asked.ven is None and asked.resource is None) or event is None:
        return True
    readers = None if seen.reader == EVERYBODY else frozenset({VenName(seen.reader)})
    meant = fleet.index.meant(event.targets, program.targets if program else (), readers)
    if asked.resource is not None:
        return _means_resource(asked, meant, fleet)
    return asked.ven in meant.vens or any(place.ven == asked.ven for place in meant.resources)


def _means_resource(asked: Asked, meant: Audience, fleet: Fleet) -> bool:
    return any(
        member.place in meant
        for member in fleet.members
        if member.name == asked.resource and asked.ven in (None, member.place.ven)
    )


def _status(
    held: Sighting, timeline: Timeline | Unplaceable | None, now: datetime
) -> tuple[str, str | None]:
    if held.is_gone:
        return EventStatus.CANCELLED, held.reason or held.standing.value
    if held.standing is Standing.QUARANTINED or timeline is None:
        return UNREADABLE, held.reason
    if isinstance(timeline, Unplaceable):
        return UNREADABLE, timeline.reason
    if held.cancelled:
        return EventStatus.CANCELLED, "its duration was set to zero"
    return timeline.status(now), held.reason


def _windows(
    timeline: Timeline | None, asked: Asked, now: datetime
) -> tuple[tuple[Window, ...], bool]:
    """Give as many windows as are asked for; those of a loop, or of too many, from now on."""
    if timeline is None:
        return (), False
    if asked.at is not None:
        return timeline.at(asked.at), False
    if not timeline.rounds.step:
        found = _some(timeline.windows(), asked.limit)
        if len(found) <= asked.limit:
            return found, False
    ahead = _some(timeline.windows(now), asked.limit)
    return (ahead or _some(timeline.windows(), asked.limit))[: asked.limit], True


def _some(windows: Iterable[Window], limit: int) -> tuple[Window, ...]:
    return tuple(islice(windows, limit + 1))
