"""Late readings: the report of their time once more, whole, by PUT (F47)."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.reporting.outbox import Entry
from ven_daemon.domain.reporting.reports import Report
from ven_daemon.services.reporting.building import Building, Owed, parts_of
from ven_daemon.services.reporting.calendar import Calendar
from ven_daemon.services.reporting.owing import Owing
from ven_daemon.services.reporting.subjects import REACH, Subjects
from ven_daemon.store.outbox import Draft, OutboxStore
from ven_daemon.store.outbox_rows import Filed
from ven_daemon.store.readings import LATE_AT_ONCE, LateSpan, ReadingStore

PORTIONS_AT_ONCE = 100
"""Portions of late spans that one step takes; the next goes on."""

ANEW = 20
"""How often one step looks again because the sender halved a report: it halves none so often."""

_log = structlog.get_logger(__name__)


class Completing:
    """One step: what came late, into the reports that it belongs to."""

    def __init__(
        self,
        owing: Owing,
        outbox: OutboxStore,
        readings: ReadingStore,
        subjects: Subjects,
        building: Building,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.completed = 0
        """Reports that late readings changed."""
        self._owing = owing
        self._outbox = outbox
        self._readings = readings
        self._subjects = subjects
        self._building = building
        self._clock = clock

    async def step(self) -> int:
        """Complete what late readings belong to; give how many reports changed."""
        changed = 0
        for _ in range(PORTIONS_AT_ONCE):
            calendar, spans = self._owing.calendar, await self._readings.late()
            if calendar is None or not spans:
                break
            changed += await self._take(calendar, spans)
            await self._readings.settle(spans)
            if len(spans) < LATE_AT_ONCE:
                break
        self.completed += changed
        if changed:
            _log.info("reports.completed", reports=changed)
        return changed

    async def _take(self, calendar: Calendar, spans: Sequence[LateSpan]) -> int:
        by_ven: defaultdict[VenName, list[LateSpan]] = defaultdict(list)
        for span in spans:
            ven = calendar.roster.vens.get(span.resource)
            if ven is not None:
                by_ven[ven].append(span)
        return sum([await self._complete(ven, some) for ven, some in by_ven.items()])

    async def _complete(self, ven: VenName, spans: Sequence[LateSpan]) -> int:
        start = min(span.earliest for span in spans) - REACH
        end = max(span.latest for span in spans) + REACH
        changed = 0
        for _ in range(ANEW):
            # Whoever sends may halve one meanwhile; what was amended stays as it is.
            with suppress(OutdatedError):
                for group in _groups(await self._outbox.covering(ven, start, end)):
                    changed += await self._rebuild(ven, group)
                return changed
        raise OutdatedError(f"reports of {ven} change faster than late readings are put into them")

    async def _rebuild(self, ven: VenName, group: Sequence[Filed]) -> int:
        """Build one report again, in the pieces and halves that it was cut into."""
        now, calendar, about = self._clock(), self._owing.calendar, group[0].about
        duty = calendar.duty(ven, about.event, about.request) if calendar else None
        if calendar is None or duty is None:
            return 0
        obligation = duty.agenda.again(about.k, group[0].entry.due)
        if obligation is None or not obligation.slots:
            return 0
        client, members = calendar.roster.clients[ven], calendar.members(ven, duty)
        owed = Owed(ven, client, duty, obligation, members)
        subjects = await self._subjects.load([owed], now)
        reports = await asyncio.to_thread(self._building.reports, owed, subjects)
        entries = [each.entry for each in group]
        drafts = [draft for report in reports for draft in self._place(owed, report, entries, now)]
        return await self._outbox.amend(drafts, now)

    def _place(
        self, owed: Owed, report: Report, held: Iterable[Entry], now: datetime
    ) -> list[Draft]:
        """Write a report, or of the parts that took its place those that were not let go of."""
        parts = parts_of(report, held)
        if "" in parts:
            parts = [""]  # its event was moved as it was cut: its parts are about the time before
        # What is not here any more may well be there: it is looked up before it is sent.
        owed = owed._replace(obligation=replace(owed.obligation, late=not parts))
        return self._building.placed(owed, report, parts, now)


def _groups(filed: Iterable[Filed]) -> list[list[Filed]]:
    """Put the pieces of one report together."""
    found: defaultdict[tuple[str, str, int], list[Filed]] = defaultdict(list)
    for each in filed:
        found[each.about.event, each.about.request, each.about.k].append(each)
    return list(found.values())
