"""Events as they are shown to people: what each is, how it stands, when it acts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from ven_daemon.domain.dispatching.schedules import Member, stranger
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

PORTION = 50
"""Events that are placed in time before others have their turn."""


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
    """What means the resource of this name at the VTN, or of this key in the inventory."""
    at: datetime | None = None
    """What holds at this instant."""
    limit: int = 100
    """Windows of each event."""
    event: str | None = None
    """Only the event of this id."""


@dataclass(frozen=True, slots=True)
class Most:
    """How much one listing shows, and looks at, whatever is on record."""

    events: int = 1000
    """Those that changed last."""
    examined: int = 20_000
    """Events that are looked at to find those that are asked for."""
    windows: int = 20_000
    """Windows of all its events."""


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
    truncated: bool = False
    """Whether there are, or may be, more that were asked for."""
    unknown: str = ""
    """That nobody we know is asked about, where it is so."""


class EventListing:
    """Reads the record, whether the VTN is there or not."""

    def __init__(
        self,
        sightings: SightingStore,
        events: VersionStore[Event],
        programs: VersionStore[Program],
        draws: DrawStore,
        fleet: FleetBook,
        most: Most = Most(),
    ) -> None:
        self._sightings = sightings
        self._events = events
        self._programs = programs
        self._draws = draws
        self._fleet = fleet
        self._most = most

    async def find(self, asked: Asked, now: datetime) -> Found:
        """List the events that *asked* is about, those that changed last first."""
        most, fleet = self._most, await self._fleet.addressees()
        if unknown := stranger(fleet.index.vens, fleet.members, asked.ven, asked.resource):
            return Found((), await self._sightings.count(None, asked.event), unknown=unknown)
        readers = _readers(asked, fleet)
        known = await self._sightings.count(readers, asked.event)
        found: list[Listed] = []
        examined, room, last = 0, most.windows, None
        while examined < min(known, most.examined):
            some = await self._sightings.latest(most.events, last, readers, asked.event)
            if not some:
                break
            async for each in self._about(asked, some, fleet, room, now):
                if len(found) == most.events:
                    return Found(tuple(found), known, truncated=True)
                found.append(each)
                room -= len(each.windows)
            examined, last = examined + len(some), some[-1]
        return Found(tuple(found), known, truncated=examined < known)

    async def _about(
        self, asked: Asked, some: Sequence[Seen], fleet: Fleet, room: int, now: datetime
    ) -> AsyncIterator[Listed]:
        """Give those of *some* that are asked for, with no more windows than there is room."""
        digests = [seen.sighting.read for seen in some if seen.sighting.read]
        items = await self._events.items(digests)
        programs = await self._programs_of(some)
        drawn = await self._drawn(asked, some)
        for number, seen in enumerate(some, 1):
            if number % PORTION == 0:
                await asyncio.sleep(0)
            sighting = seen.sighting
            event, program = items.get(sighting.read), programs.get(sighting.event)
            if not _is_meant(asked, seen, event, program, fleet):
                continue
            within = replace(asked, limit=min(asked.limit, room))
            draws = drawn.get(sighting.event, {})
            each = self._listed(within, sighting, event, program, draws, now)
            if asked.at is None or each.windows:
                room -= len(each.windows)
                yield each

    async def _programs_of(self, some: Sequence[Seen]) -> dict[EventId, Program]:
        shown = await self._sightings.programs({seen.reader for seen in some})
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


def _readers(asked: Asked, fleet: Fleet) -> frozenset[str] | None:
    """Say whose sightings tell of who is asked for; None: anybody's."""
    if asked.resource is not None:
        vens = {each.place.ven for each in fleet.members if each.is_called(asked.resource)}
        if asked.ven is not None:
            vens &= {VenName(asked.ven)}
    elif asked.ven is not None:
        vens = {VenName(asked.ven)}
    else:
        return None
    return frozenset({*vens, EVERYBODY}) if vens else frozenset()


def _is_meant(
    asked: Asked, seen: Seen, event: Event | None, program: Program | None, fleet: Fleet
) -> bool:
    """Whether an event is about who is asked for; one that cannot be read may be."""
    if (asked.ven is None and asked.resource is None) or event is None:
        return True
    readers = None if seen.reader == EVERYBODY else frozenset({VenName(seen.reader)})
    meant = fleet.index.meant(event.targets, program.targets if program else (), readers)
    if asked.resource is not None:
        return _means_resource(asked.resource, asked.ven, meant, fleet)
    return asked.ven in meant.vens or any(place.ven == asked.ven for place in meant.resources)


def _means_resource(resource: str, ven: str | None, meant: Audience, fleet: Fleet) -> bool:
    return any(
        member.place in meant
        for member in fleet.members
        if member.is_called(resource) and ven in (None, member.place.ven)
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
