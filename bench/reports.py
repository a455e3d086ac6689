"""B9: the reports of a day of readings, built and drained after an outage of 24 hours."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.gates import Gate
from tests.reporting.rig import START, Rig, roster_of
from tests.reporting.vtn import Publisher
from tests.rig.sandbox import SandboxVtn
from tests.vtn.servers import transporting
from ven_daemon.cli.terminal import spare_the_collector
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Event, Interval, IntervalPeriod, ReportDescriptor
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.readings import Quantity, Reading
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database

ROUNDS = 3
VENS, EACH = 16, 62
"""A tenth of the sample fleet, in its proportions."""

MINUTE, QUARTER, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)
USAGE = ReportDescriptor("USAGE", num_intervals=1, frequency=1, repeat=-1)


class _Run(NamedTuple):
    readings: int
    reports: int
    cpu: float
    """Seconds to read, fold, write and keep everything that is owed."""
    drained: float
    """Seconds until the VTN has it all."""


def drain() -> list[Gate]:
    """A reading a minute and resource, a report a quarter of an hour and VEN."""
    spare_the_collector()  # as every command does
    runs = [asyncio.run(_day()) for _ in range(ROUNDS)]
    rates = [run.readings / run.cpu for run in runs]
    fewer = min(run.readings / run.reports for run in runs)
    return [
        Gate("B9", "POSTs, times fewer than one a reading", fewer, 200, 900, unit=" x"),
        _middle("readings folded into reports, by CPU", rates, 200_000, 400_000, "/s"),
        _middle("reports drained", [run.reports / run.drained for run in runs], unit="/s"),
    ]


async def _day() -> _Run:
    with SandboxVtn("--open") as vtn, TemporaryDirectory(prefix="ven-bench-") as folder:
        publisher = Publisher(vtn)
        event = publisher.event(START, QUARTER, descriptors=())
        database = open_database(f"sqlite:///{Path(folder)}/state.db")
        await migrations.prepare(database)
        async with transporting(vtn.url) as transport:
            rig = Rig(transport, database)
            rig.books.fleet = roster_of({f"town {n}": EACH for n in range(VENS)})
            readings = await _measure(rig)
            rig.holds(_asking(event))
            rig.now = START + DAY + MINUTE
            cpu = time.process_time()
            reports = await rig.owing.step()
            cpu = time.process_time() - cpu
            began = time.monotonic()
            await rig.drain()
            drained = time.monotonic() - began
            books = await rig.outbox.books()
            assert books.reported == reports == VENS * (DAY // QUARTER), books
            assert vtn.summary()["reports"] == reports
        await database.dispose()
    return _Run(readings, reports, cpu, drained)


async def _measure(rig: Rig) -> int:
    """Put a day of readings into the store, ten minutes at a time."""
    members = [m.place.resource for some in rig.books.fleet.members.values() for m in some]
    count = 0
    for begin in range(0, DAY // MINUTE, 10):
        ats = [START + (begin + n) * MINUTE for n in range(10)]
        given = [Reading(key, Quantity.POWER, 4.0, at) for at in ats for key in members]
        await rig.readings.write(given)
        count += len(given)
    return count


def _asking(id_: str) -> Event:
    period = IntervalPeriod(START, Duration(length=QUARTER))
    intervals = tuple(Interval(n) for n in range(DAY // QUARTER))
    return Event(
        EventId(id_),
        ProgramId("p"),
        period=period,
        intervals=intervals,
        report_descriptors=(USAGE,),
    )


def _middle(
    what: str,
    values: Sequence[float],
    must: float | None = None,
    goal: float | None = None,
    unit: str = "",
) -> Gate:
    return Gate(
        "B9", what, median(values), must, goal, unit=unit, spread=(min(values), max(values))
    )
