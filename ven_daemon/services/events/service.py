"""One poll of one reader: list, compare, confirm what is absent, record."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import EventId, ProgramId, VenName
from ven_daemon.domain.sightings import (
    Glimpse,
    Known,
    Lost,
    Standing,
    compare,
    is_news,
)
from ven_daemon.services.events.absence import Absence
from ven_daemon.services.events.book import Book
from ven_daemon.services.events.programs import Programs
from ven_daemon.services.events.reader import Changed, Memory, Reader
from ven_daemon.services.events.recording import Recording
from ven_daemon.services.events.targeting import Listing
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.exchange import BODY_LIMIT
from ven_daemon.vtn.sweeping import Pages, Sweep
from ven_daemon.wire.profile import INTERVALS_MOST

OVERSIZED = f"it takes more than {BODY_LIMIT} bytes"

HEARD = "heard"
"""What it is remembered by when the VTN was last heard of."""

_log = structlog.get_logger(__name__)


class EventService:
    """Keeps what each reader is shown of the events of one VTN."""

    def __init__(
        self,
        store: SightingStore,
        events: VersionStore[Event],
        programs: VersionStore[Program],
        program_period: timedelta = timedelta(hours=1),
        intervals_most: int = INTERVALS_MOST,
    ) -> None:
        self.polls = 0
        self.unchanged = 0
        """Polls that showed what was known, and cost no parsing."""
        self.listeners: list[Callable[[Changed], None]] = []
        """Told after each commit; they only wake somebody."""
        self.nameless = 0
        """Elements without an id that polls were shown; nobody can say which they are."""
        self.pages = Pages[Event](events)
        self._store = store
        self._events = events
        self._programs_kept = programs
        self._recording = Recording(store, events)
        self._listing = Listing(store, events, self.pages, intervals_most)
        self._absence = Absence(events, intervals_most)
        self._programs = Programs(store, programs, program_period)
        self._memories: defaultdict[str, Memory] = defaultdict(Memory)
        self._book = Book(self._memories, events, programs)
        self._contacts: dict[str, datetime] = {}
        self._heard_before: datetime | None = None
        self._opening = asyncio.Lock()
        self._is_open = False

    async def open(self) -> None:
        """Take in what is on record, once; the VTN need not be there for it."""
        async with self._opening:
            if self._is_open:
                return
            await self._events.open()
            await self._programs_kept.open()
            await self._listing.open()
            async for reader, sighting in self._store.every():
                self._memories[reader].known[sighting.event] = sighting
            for reader, programs in (await self._store.programs()).items():
                self._memories[reader].programs = programs
            heard = await self._store.trait(HEARD)
            self._heard_before = datetime.fromisoformat(heard) if heard else None
            self._is_open = True

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give the events that hold: readable, not cancelled, not over at *since*."""
        await self.open()
        return await self._book.standing(since)

    async def heard(self) -> Mapping[VenName | None, datetime]:
        """Say when the VTN last showed each reader its list; None is the one that reads for all.

        After a restart that is also what the process before last heard.
        """
        await self.open()
        heard: dict[VenName | None, datetime] = {}
        if self._heard_before is not None:
            heard[None] = self._heard_before
        heard.update({VenName(name) or None: at for name, at in self._contacts.items()})
        return heard

    async def note_contact(self) -> None:
        """Remember over a restart when the VTN was last heard of."""
        latest = max(self._contacts.values(), default=None)
        if latest is not None:
            await self._store.note(HEARD, latest.isoformat(), latest)

    def relearn(self) -> None:
        """Read everything again, whatever its bytes: the VTN may be read in another dialect."""
        self.pages.forget()
        self._programs.forget()

    def read_programs_every(self, period: timedelta) -> None:
        """Read programs with the next poll, and then on another period."""
        if period != self._programs.period:
            self._programs.period = period
            for memory in self._memories.values():
                memory.programs_due = 0.0

    @property
    def asked_by_id(self) -> int:
        """Events that were asked for by id, because they were no longer listed."""
        return self._absence.asked

    @property
    def targets_mode(self) -> str:
        """Whether the VTN wants targets in queries, as far as that was found out."""
        return self._listing.mode.value

    def forget_reader(self, reader: str) -> None:
        """Drop what is remembered of a reader that is none any more."""
        self._memories.pop(reader, None)
        self._contacts.pop(reader, None)
        self._book.changed()

    async def poll(self, reader: Reader) -> Changed:
        """Take one step for *reader*; it can be repeated, and cancelled at any await.

        Raises:
            VtnError: its list cannot be read to the end: nothing of it is believed.
        """
        await self.open()
        memory = self._memories[reader.name]
        async with memory.busy:
            programs = await self._programs.refresh(reader, memory)
            sweeps = await self._listing.read(reader, memory)
            self.polls += 1
            if self._is_unchanged(memory, sweeps):
                self.unchanged += 1
                changed = Changed(reader.name, frozenset(), programs)
            else:
                changed = await self._take(reader, memory, sweeps, programs=programs)
            memory.marks = {target: sweep.mark for target, sweep in sweeps.items()}
            memory.polled = True
            self._contacts[reader.name] = datetime.now(UTC)
        if changed:
            self._book.changed()
            for listener in self.listeners:
                listener(changed)
        return changed

    async def prune(self, before: datetime) -> int:
        """Forget what has been gone since *before*, and versions that nobody holds."""
        removed = await self._store.prune(before)
        self._events.forget(removed)
        self._programs_kept.forget(removed)
        for memory in self._memories.values():
            known = memory.known
            forgotten = [id_ for id_, e in known.items() if e.is_gone and e.changed < before]
            for id_ in forgotten:
                del known[id_]
        if removed:
            self.relearn()
        return len(removed)

    def _is_unchanged(self, memory: Memory, sweeps: Mapping[str | None, Sweep]) -> bool:
        if not memory.polled or memory.unsettled or len(memory.marks) != len(sweeps):
            return False
        if any(memory.marks.get(target) != sweep.mark for target, sweep in sweeps.items()):
            return False
        now = time.monotonic()
        return not any(at <= now for at in (*memory.hidden.values(), *memory.without.values()))

    async def _take(
        self,
        reader: Reader,
        memory: Memory,
        sweeps: Mapping[str | None, Sweep],
        *,
        programs: bool,
    ) -> Changed:
        """Record what a list says that was not known."""
        untold = await self._catch_up(reader, memory) if memory.in_doubt else frozenset()
        found = await self._listing.merged(sweeps.values())
        oversized = _oversized(sweeps.values()) - found.keys()
        self.nameless += sum(sweep.nameless for sweep in sweeps.values())
        await asyncio.sleep(0)  # each of these steps takes a while with 100,000 events
        difference = compare(memory.known, found, self._events.known)
        await asyncio.sleep(0)
        absent = [each for each in difference.absent if each.event not in oversized]
        answers = await self._absence.explain(reader, memory, absent)
        back = [
            each
            for each in answers.values()
            if isinstance(each, Glimpse) and is_news(memory.known, each, self._events.known)
        ]
        await asyncio.sleep(0)
        programs |= await self._programs.resolve(reader, memory, self._named(found.values()))
        await asyncio.sleep(0)
        shown = (*difference.shown, *back)
        memory.in_doubt = True  # until it is known that what is written is what is remembered
        events = await self._recording.record(reader, memory, shown, answers, oversized)
        memory.in_doubt = False
        memory.unsettled = any(
            isinstance(each, Lost) and each.standing is Standing.UNCONFIRMED
            for each in answers.values()
        )
        return Changed(reader.name, events | untold, programs)

    async def _catch_up(self, reader: Reader, memory: Memory) -> frozenset[EventId]:
        """Take in what was written before writing broke off; say what nobody was told of."""
        held = await self._store.of(reader.name)
        untold = [id_ for id_, each in held.items() if memory.known.get(id_) != each]
        memory.known, memory.in_doubt = held, False
        return frozenset(untold)

    def _named(self, found: Iterable[Glimpse]) -> set[ProgramId]:
        known = self._events.known
        readings = (known.get(each.digest) for each in found)
        return {each.program for each in readings if each is not None and each.program}


def _oversized(sweeps: Iterable[Sweep]) -> set[EventId]:
    """Name the events that are too large for any page, where their ids could be read."""
    return {EventId(id_) for sweep in sweeps for id_ in sweep.oversized.values() if id_ is not None}
