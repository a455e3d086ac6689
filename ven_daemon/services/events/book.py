"""Everything that holds, for those who act on it: dispatch, and reports."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from ven_daemon.domain.durations import later
from ven_daemon.domain.events import Dialect, Event, Program
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.sightings import Known, Sighting
from ven_daemon.domain.timeline import Unplaceable, draws_needed, place
from ven_daemon.domain.timeline.changes import starts_now
from ven_daemon.services.events.reader import EVERYBODY, Memory
from ven_daemon.store.versions import VersionStore

SLICE = 1000
"""Events that are looked at before others get their turn."""

NEVER = datetime.max.replace(tzinfo=UTC)


class _Version(NamedTuple):
    digest: str
    program: str
    """The version of its program that the same readers were shown."""
    seen: datetime | None
    """None where it means the same whenever it was seen: then it is one for all."""


@dataclass(slots=True)
class _Shown:
    """Who was shown a version, and when first."""

    seen: datetime
    vens: set[VenName] = field(default_factory=set)
    everybody: bool = False

    def to(self, reader: str, seen: datetime) -> None:
        self.seen = min(self.seen, seen)
        self.everybody |= reader == EVERYBODY
        self.vens.add(VenName(reader))


_Grouped = dict[_Version, _Shown]


class Book:
    """Groups what each reader was shown: the same version with the same readers is one."""

    def __init__(
        self,
        memories: Mapping[str, Memory],
        events: VersionStore[Event],
        programs: VersionStore[Program],
    ) -> None:
        self._memories = memories
        self._events = events
        self._programs = programs
        self._ends: dict[tuple[str, datetime], datetime] = {}
        """When versions are over, so that those which are need not be read again."""
        self._fixed: dict[str, bool] = {}
        """Whether a version means the same whenever it was seen."""
        self._grouped: _Grouped | None = None
        self._revision = 0

    def changed(self) -> None:
        """Say that readers hold something else."""
        self._grouped = None
        self._revision += 1

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give the events that hold and are not over at *since*."""
        grouped = self._grouped if self._grouped is not None else await self._group()
        over = self._ends
        wanted = [v for v, s in grouped.items() if over.get((v.digest, s.seen), NEVER) > since]
        found: list[Known] = []
        for begin in range(0, len(wanted), SLICE):
            found += await self._known(wanted[begin : begin + SLICE], grouped, since)
            await asyncio.sleep(0)
        return found

    async def _group(self) -> _Grouped:
        revision, grouped = self._revision, _Grouped()
        for reader, memory in list(self._memories.items()):
            held = [each for each in memory.known.values() if each.is_live and not each.cancelled]
            for begin in range(0, len(held), SLICE):
                some = held[begin : begin + SLICE]
                await self._learn(some)
                for each in some:
                    version = self._version(each, memory)
                    shown = grouped.get(version) or grouped.setdefault(version, _Shown(each.seen))
                    shown.to(reader, each.seen)
                await asyncio.sleep(0)
        if revision == self._revision:
            self._grouped = grouped
        return grouped

    async def _learn(self, held: Iterable[Sighting]) -> None:
        """Find out of versions whether they mean the same whenever they were seen."""
        unknown = [each.read for each in held if each.read not in self._fixed]
        if unknown:
            if len(self._fixed) > 2 * len(self._events.known):
                self._fixed.clear()
                self._ends.clear()
            for digest, event in (await self._events.items(unknown)).items():
                self._fixed[digest] = not starts_now(event) and not draws_needed(event)

    def _version(self, held: Sighting, memory: Memory) -> _Version:
        reading = self._events.known.get(held.read)
        program = memory.programs.get(reading.program, "") if reading and reading.program else ""
        return _Version(held.read, program, None if self._fixed.get(held.read) else held.seen)

    async def _known(
        self, versions: Sequence[_Version], grouped: _Grouped, since: datetime
    ) -> list[Known]:
        events = await self._events.items(each.digest for each in versions)
        programs = await self._programs.items(each.program for each in versions if each.program)
        found = []
        for version in versions:
            event, shown = events.get(version.digest), grouped[version]
            if event is None or self._end(version.digest, shown.seen, event) <= since:
                continue
            found.append(
                Known(
                    event,
                    version.digest,
                    shown.seen,
                    self._dialect(version.digest),
                    programs.get(version.program),
                    None if shown.everybody else frozenset(shown.vens),
                )
            )
        return found

    def _dialect(self, digest: str) -> Dialect:
        return Dialect(self._events.known[digest].dialect)

    def _end(self, digest: str, seen: datetime, event: Event) -> datetime:
        """Say when a version is over for everybody, however far randomizeStart moves it."""
        key = (digest, seen)
        if key not in self._ends:
            placed = place(event, seen, dialect=self._dialect(digest))
            ends = None if isinstance(placed, Unplaceable) else placed.ends
            for draw in draws_needed(event):
                ends = ends and later(ends, draw.extent.months, draw.extent.length)
            self._ends[key] = ends or NEVER
        return self._ends[key]
