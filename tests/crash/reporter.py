"""One life of reporting, from readings to the VTN; as a process it dies at a point.

    python -m tests.crash.reporter VTN_URL STATE_URL EVENT START SEEN POINT

Half of what an hour measured is reported, the rest comes late and completes the report.
Whoever lives it again, with the same store, goes on where the one before died.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from yarl import URL

from tests.crash.conftest import PATIENCE
from tests.crash.points import arm
from tests.reporting.rig import FLEET, Rig
from tests.vtn.servers import transporting
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Event, Interval, IntervalPeriod, Payload, ReportDescriptor
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.sightings import Known
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=10)
KW = 4.0
ASKED = ReportDescriptor("USAGE", num_intervals=1, frequency=1, repeat=1, start_interval=0)


class Timely(Rig):
    """Goes by the clock: a VTN that is slow is."""

    def clock(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def opened(vtn: str, state: str) -> AsyncIterator[Timely]:
    """Put reporting together over a store, which is made where there is none."""
    database = open_database(state)
    try:
        await migrations.prepare(database)
        async with transporting(URL(vtn), patience=0.2, seconds=PATIENCE) as transport:
            yield Timely(transport, database)
    finally:
        await database.dispose()


async def live(rig: Rig, event: str, start: datetime, seen: datetime | None = None) -> None:
    """Send what is left of an earlier life; then measure, report, measure more, complete.

    The event was seen as it began, unless that was later.
    """
    await _send(rig)
    rig.books.known = [Known(_asking(event, start), "v1", seen or start)]
    await _measure(rig, start, start + HOUR / 2)
    await rig.owing.step()
    await _send(rig)
    await _measure(rig, start + HOUR / 2, start + HOUR)
    await rig.completing.step()
    await _send(rig)


async def _measure(rig: Rig, first: datetime, last: datetime) -> None:
    ats = [first + n * MINUTES for n in range(int((last - first) / MINUTES) + 1)]
    for ven, count in FLEET.items():
        for number in range(count):
            await rig.read(ven, number, KW, *ats)


async def _send(rig: Rig) -> None:
    """Go on until nothing is left to be sent."""
    async with asyncio.timeout(15):
        while await rig.outbox.waiting():
            await rig.drain()
            await asyncio.sleep(0.02)


def _asking(event: str, start: datetime) -> Event:
    intervals = tuple(Interval(n, payloads=(Payload("SIMPLE", (0,)),)) for n in range(24))
    period = IntervalPeriod(start, Duration(length=HOUR))
    return Event(
        EventId(event),
        ProgramId("program"),
        period=period,
        intervals=intervals,
        report_descriptors=(ASKED,),
    )


async def _main(vtn: str, state: str, event: str, start: str, seen: str, point: str) -> None:
    arm(point)
    async with opened(vtn, state) as rig:
        await live(rig, event, datetime.fromisoformat(start), datetime.fromisoformat(seen))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
