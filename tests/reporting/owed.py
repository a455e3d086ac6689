"""Events that ask for reports, and what is in the outbox because of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from tests.reporting.rig import FLEET, START, Rig
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import (
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    Program,
    ReportDescriptor,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.store.outbox_listing import Asked

MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
USAGE = ReportDescriptor("USAGE", num_intervals=1, frequency=1, repeat=-1)
PROGRAM = Program(ProgramId("p"), "reported")


def event(*descriptors: ReportDescriptor, intervals: int = 4, **more: Any) -> Event:
    """An event of quarters of an hour from START on."""
    return Event(
        EventId("e"),
        PROGRAM.id,
        period=IntervalPeriod(START, Duration(length=QUARTER)),
        intervals=tuple(Interval(n, payloads=(Payload("SIMPLE", (1,)),)) for n in range(intervals)),
        report_descriptors=descriptors,
        **more,
    )


async def said(rig: Rig) -> list[dict[str, Any]]:
    """Give the bodies in the outbox, as they will be sent, in the order of their names."""
    found = await rig.listing.find(Asked(limit=1000))
    bodies = [await rig.listing.one(each.entry.name) for each in found]
    reports = [orjson.loads(body[1]) for body in bodies if body]
    return sorted(reports, key=lambda report: str(report["reportName"]))


def values(report: dict[str, Any]) -> list[Any]:
    return [
        payload["values"]
        for resource in report["resources"]
        for interval in resource["intervals"]
        for payload in interval["payloads"]
        if payload["type"] != "DATA_QUALITY"
    ]


async def measured(rig: Rig, kw: float = 4.0, until: datetime = START + 4 * QUARTER) -> None:
    steps = int((until - START + QUARTER) / MINUTE)
    ats = [START - QUARTER + n * MINUTE for n in range(steps + 1)]
    for ven, count in FLEET.items():
        for number in range(count):
            await rig.read(ven, number, kw, *ats)


def named(one: Event, id_: str) -> Event:
    return replace(one, id=EventId(id_))
