"""What fell due, into the outbox: one transaction with the mark of how far that goes."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.reporting.obligations import Obligation
from ven_daemon.services.reporting.building import Building, Owed
from ven_daemon.services.reporting.calendar import Calendar, Debt, Timing
from ven_daemon.services.reporting.ports import EventBook, RosterBook
from ven_daemon.services.reporting.subjects import Subjects
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.outbox import Mark, OutboxStore
from ven_daemon.store.readings import ReadingStore

PORTION = 2_000
"""Resources, times reports, that are read and built together: it bounds the memory."""

AT_ONCE = 96
"""Reports of one debt that are owed at once, after a long absence; the rest follows."""

LATE = timedelta(days=7)
"""For how long after an event its reports are completed by late readings."""

LOOK = timedelta(seconds=5)
"""How often it is looked whether the fleet changed."""

TIDY = timedelta(hours=1)

REMEMBERED = timedelta(days=60)
"""For how long it is remembered what was owed for an event that does not hold any more."""

STALE = timedelta(minutes=5)
"""How old the calendar may become before it is made anew though nobody said so."""

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Say what time it is."""
    return datetime.now(UTC)


class Owing:
    """Safe to repeat at any time: a report's name follows from what it is about."""

    def __init__(
        self,
        book: EventBook,
        rosters: RosterBook,
        draws: DrawStore,
        outbox: OutboxStore,
        readings: ReadingStore,
        subjects: Subjects,
        building: Building,
        timing: Callable[[], Timing],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.filed = 0
        """Reports that were put into the outbox."""
        self.calendar: Calendar | None = None
        self._book = book
        self._rosters = rosters
        self._draws = draws
        self._outbox = outbox
        self._readings = readings
        self._subjects = subjects
        self._building = building
        self._timing = timing
        self._clock = clock
        self._changed = True
        self._made = FIRST_INSTANT
        self._looked = FIRST_INSTANT
        self._tidied = FIRST_INSTANT

    def changed(self) -> None:
        """Say that events, or settings, may have changed: the next step looks at them anew."""
        self._changed = True

    async def step(self) -> int:
        """Build and keep everything that has to be by now; give how many reports are new."""
        now, fresh = self._clock(), 0
        calendar = await self._current(now)
        while (debt := calendar.pop(now)) is not None:
            try:
                fresh += await self._pay(calendar, debt, now)
            except BaseException:
                self._changed = True  # what is owed is not in this calendar any more
                raise
        self.filed += fresh
        if fresh:
            _log.info("reports.filed", reports=fresh)
        return fresh

    async def _current(self, now: datetime) -> Calendar:
        held = self.calendar
        if held is not None and not self._changed and timedelta(0) <= now - self._looked < LOOK:
            return held
        roster = await self._rosters.roster()
        self._looked = now
        fits = held is not None and held.roster is roster and now - STALE < self._made <= now
        if held is not None and fits and not self._changed:
            return held
        self._changed = False
        try:
            known = await self._book.standing(now - LATE)
            draws = await self._draws.of({each.event.id for each in known})
            marks = await self._outbox.marks()
        except BaseException:
            self._changed = True
            raise
        calendar = Calendar(roster, self._timing())
        for each in known:
            calendar.add(each, draws, marks)
            await asyncio.sleep(0)  # one may mean ten thousand VENs
        self._say(calendar)
        await self._tidy(now, {each.event.id for each in known})
        self.calendar, self._made = calendar, now
        return calendar

    async def _tidy(self, now: datetime, standing: set[EventId]) -> None:
        """Forget, once in a while, how far was owed for events that are long over."""
        if now - self._tidied >= TIDY:
            await self._outbox.forget_marks(now - REMEMBERED, standing)
            self._tidied = now

    async def _pay(self, calendar: Calendar, debt: Debt, now: datetime) -> int:
        """Build what some VENs owe, a portion at a time; then note when more is due."""
        owed = list(islice(debt.owed(now), AT_ONCE))
        if not owed:
            self._changed = True  # it said that something is; the next step looks anew
            return 0
        ends = [end for each in owed if each.slots and (end := each.span[1])]
        if ends:
            # What comes in from now on for that time completes these reports.
            await self._readings.close(min(now, max(ends)))
        fresh = 0
        for some in self._portions(calendar, debt, owed):
            fresh += await self._file(debt.duty.event.id, some, owed[-1].due, now)
        debt.mark = owed[-1].due
        calendar.push(debt)
        return fresh

    def _portions(
        self, calendar: Calendar, debt: Debt, owed: Sequence[Obligation]
    ) -> Iterator[list[Owed]]:
        """Put VENs together; one VEN's are never parted, for their mark is one."""
        portion: list[Owed] = []
        size = 0
        for ven in debt.vens:
            members = calendar.members(ven, debt.duty)
            client = calendar.roster.clients[ven]
            portion += [Owed(ven, client, debt.duty, each, members) for each in owed if each.slots]
            size += len(members) * len(owed)
            if portion and size >= PORTION:
                yield portion
                portion, size = [], 0
        if portion:
            yield portion

    async def _file(
        self, event: EventId, owed: Sequence[Owed], until: datetime, now: datetime
    ) -> int:
        subjects = await self._subjects.load(owed, now)
        # Of an event that was moved some are there, about the time before.
        ks = [each.obligation.k for each in owed]
        parts = await self._outbox.parts(event, {each.ven for each in owed}, min(ks), max(ks))
        drafts = await asyncio.to_thread(self._building.drafts, owed, subjects, now, parts)
        marks = {Mark(o.ven, o.duty.event.id, o.duty.agenda.request.digest): until for o in owed}
        return await self._outbox.file(drafts, marks, now)

    def _say(self, calendar: Calendar) -> None:
        """Tell what cannot be placed in time: once, until it changes."""
        before = self.calendar.refused if self.calendar else {}
        for event, reason in calendar.refused.items():
            if before.get(event) != reason:
                _log.warning("reports.unplaceable", of_event=event, reason=reason)

    async def ad_hoc(
        self, vens: Iterable[VenName], types: frozenset[str] | None, event: EventId | None = None
    ) -> int:
        """Report at once what changed for *vens*, where that may be reported at any time.

        None is every payload type, and every event.
        """
        if self.calendar is None:
            return 0
        now, calendar, wanted, fresh = self._clock(), self.calendar, set(vens), 0
        for ven, duty in calendar.ad_hoc(types):
            if ven in wanted and event in (None, duty.event.id) and duty.agenda.is_on(now):
                obligation, members = duty.agenda.ad_hoc(now), calendar.members(ven, duty)
                owed = [Owed(ven, calendar.roster.clients[ven], duty, obligation, members)]
                subjects = await self._subjects.load(owed, now)
                drafts = await asyncio.to_thread(self._building.drafts, owed, subjects, now)
                fresh += await self._outbox.file(drafts, {}, now)
        self.filed += fresh
        return fresh
