"""Reporting that dies at a named point (F66) is made up for: all there, nothing twice."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crash import reporter
from tests.crash.conftest import PATIENCE, Doomed, dies_in
from tests.daemon.service import FLEET as VENS
from tests.daemon.service import Service
from tests.reporting.rig import FLEET
from tests.reporting.vtn import Publisher
from tests.rig.sandbox import SandboxVtn

SLOW = {"path": "^/reports", "kind": "delay", "seconds": 0.9}
"""The VTN takes what was sent, long after whoever sent it is dead."""

TOO_LARGE = {"kind": "status", "status": 413, "over": 560}
"""The VTN takes what a report says of one resource, and not of two."""

HOURLY = {"payloadType": "USAGE", "numIntervals": 1, "frequency": 1, "repeat": -1}

POINTS: dict[str, list[dict[str, Any]]] = {
    "report_named": [],
    "report_mid_post": [{"method": "POST", **SLOW}],
    "report_after_post_before_mark": [],
    "report_mid_put": [{"method": "PUT", **SLOW}],
}


@pytest.mark.parametrize("point", POINTS)
async def test_reporting_that_dies_is_made_up_for(
    vtn: SandboxVtn, state_url: str, point: str
) -> None:
    """F66."""
    publisher = Publisher(vtn)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    event = publisher.event(start, timedelta(hours=1))
    vtn.faults(POINTS[point])
    lived = (vtn.url, state_url, event, *[start.isoformat()] * 2)
    dies_in("tests.crash.reporter", *lived, point)
    over = time.monotonic() + (PATIENCE + 0.1 if POINTS[point] else 0.0)
    vtn.faults([])

    async with reporter.opened(vtn.url, state_url) as rig:
        await reporter.live(rig, event, start)
        states = await rig.states()
        books = await rig.outbox.books()

    await asyncio.sleep(over - time.monotonic())  # what was slow has been taken by now, or never
    reports = publisher.reports()
    assert sorted(report["clientName"] for report in reports) == sorted(FLEET)
    assert vtn.summary()["duplicates"] == 0
    assert [
        interval["payloads"][0]["values"]
        for report in reports
        for resource in report["resources"]
        for interval in resource["intervals"]
    ] == [[reporter.KW]] * sum(FLEET.values())
    assert set(states.values()) == {"sent"}
    assert (books.accepted, books.reported, books.missing) == (len(FLEET), len(FLEET), 0)


@pytest.mark.parametrize("point", ["report_shrunk_before_mark", "report_shrunk_before_rest"])
async def test_shrinking_a_report_at_the_vtn_that_dies_is_gone_on_with(
    vtn: SandboxVtn, state_url: str, point: str
) -> None:
    """F66, T-29: the VTN has the first part by then, and not the rest."""
    publisher = Publisher(vtn)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    event = publisher.event(start, timedelta(hours=1))
    vtn.faults([{"method": "PUT", "path": "^/reports", **TOO_LARGE}])
    lived = (vtn.url, state_url, event, *[start.isoformat()] * 2)
    dies_in("tests.crash.reporter", *lived, point)
    [left] = [each for each in publisher.reports() if each["clientName"] == "Aalborg"]

    async with reporter.opened(vtn.url, state_url) as rig:
        await reporter.live(rig, event, start)
        states = await rig.states()
        books = await rig.outbox.books()

    assert len(left["resources"]) == 1
    reports = [each for each in publisher.reports() if each["clientName"] == "Aalborg"]
    assert [each["reportName"].rpartition(".")[2] for each in reports] == ["0", "0-b"]
    assert reports[0]["id"] == left["id"]
    told = [resource for report in reports for resource in report["resources"]]
    assert [each["resourceName"] for each in told] == ["bar 0", "bar 1"]
    assert [each["intervals"][0]["payloads"][0]["values"] for each in told] == [[reporter.KW]] * 2
    assert vtn.summary()["duplicates"] == 0
    assert set(states.values()) == {"sent"}
    whole = len(FLEET) + 1
    assert (books.accepted, books.reported, books.missing) == (whole, whole, 0)


async def test_halving_anew_what_an_earlier_life_halved_is_gone_on_with_after_a_death(
    vtn: SandboxVtn, state_url: str, tmp_path: Path
) -> None:
    """F66, T-29: the state of the earlier life is lost, and its halves are at the VTN."""
    publisher = Publisher(vtn)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    event = publisher.event(start, timedelta(hours=1))
    vtn.faults([{"path": "^/reports", **TOO_LARGE}])
    async with reporter.opened(vtn.url, f"sqlite:///{tmp_path}/lost.db") as rig:
        await reporter.live(rig, event, start)
    before = [(each["id"], each["reportName"]) for each in publisher.reports()]
    seen = start + timedelta(minutes=90)
    lived = (vtn.url, state_url, event, start.isoformat(), seen.isoformat())
    dies_in("tests.crash.reporter", *lived, "report_halved")

    async with reporter.opened(vtn.url, state_url) as rig:
        left = await rig.states()
        await reporter.live(rig, event, start, seen)
        states = await rig.states()
        books = await rig.outbox.books()

    reports = publisher.reports()
    assert [name.rpartition(".")[2] for name in left if name.startswith("Aalborg")] == [
        "0-b",
        "0-a",
    ]
    assert [(each["id"], each["reportName"]) for each in reports] == before
    assert len(before) == len(FLEET) + 1
    told = [resource for report in reports for resource in report["resources"]]
    values = [each["intervals"][0]["payloads"][0]["values"] for each in told]
    assert values == [[reporter.KW]] * sum(FLEET.values())
    assert vtn.summary()["duplicates"] == 0
    assert set(states.values()) == {"sent"}
    assert (books.accepted, books.reported, books.missing) == (len(before), len(before), 0)


@pytest.mark.parametrize("vtn", ["lenient"], indirect=True)
def test_a_daemon_that_dies_as_it_stops_sends_what_was_under_way_once(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    """F66, shutdown_drain: it is told to stop while the VTN takes its time."""
    publisher = Publisher(vtn)
    settings = {"VEN_REQUEST_TIMEOUT": str(PATIENCE), "VEN_POLL_INTERVAL": "PT1S"}
    with Doomed(tmp_path, vtn.url, at="shutdown_drain_of_reports", **settings) as doomed:
        doomed.wait_until_ready()
        vtn.faults([{"method": "POST", **SLOW}])
        start = datetime.now(UTC) - timedelta(minutes=90)
        publisher.event(start, timedelta(hours=1), intervals=2, descriptors=[HOURLY])
        doomed.wait(lambda: "sending" in states(doomed))
        doomed.process.terminate()
        doomed.dies()
    vtn.faults([])

    with Service(tmp_path, vtn.url, **settings) as service:
        service.wait(lambda: states(service) == ["sent"] * len(VENS))

    assert sorted(report["clientName"] for report in publisher.reports()) == sorted(VENS)
    assert vtn.summary()["duplicates"] == 0


def states(service: Service) -> list[str]:
    status, page = service.get("/api/v1/reports")
    return [report["state"] for report in page["reports"]] if status == 200 else []
