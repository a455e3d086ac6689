"""kill -9 under ingest and reporting: nothing acknowledged is lost, nothing is there twice.

Counters are read while an event asks for one report a second. In the end every report
of that time must be at the VTN once, and say at least what was acknowledged of it.
"""

import json
import os
import random
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import FLEET, Service
from tests.reporting.vtn import Publisher, written
from tests.rig.postgres import Database
from tests.rig.sandbox import SandboxVtn

SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
"""Printed by every run; set KILL_SEED to have the same again."""

SETTINGS = {
    "VEN_POLL_INTERVAL": "PT1S",
    "VEN_REPORT_GRACE": "PT0.3S",
    "VEN_REPORT_COMPLETION": "PT1S",
    "VEN_REQUEST_TIMEOUT": "1",
}
TROUBLE = (
    {"method": "POST", "path": "^/reports", "kind": "accept-then-reset", "ratio": 0.1, "seed": 1},
    {"method": "POST", "path": "^/reports", "kind": "status", "status": 503, "ratio": 0.05},
    {"method": "POST", "path": "^/reports", "kind": "hang", "ratio": 0.02, "seed": 3},
    {"path": "^/reports", "kind": "delay", "seconds": 0.1, "ratio": 0.3, "seed": 4},
)
COUNTER = {
    "payloadType": "READING",
    "units": "KWH",
    "numIntervals": 1,
    "frequency": 1,
    "repeat": -1,
}


class Meter(threading.Thread):
    """Counts up, and remembers what was acknowledged: for each resource, by the second."""

    def __init__(self, service: Service, keys: list[str]) -> None:
        super().__init__(daemon=True)
        self.acknowledged: dict[int, float] = {}
        self.ended = threading.Event()
        self._service = service
        self._keys = keys

    def run(self) -> None:
        while not self.ended.wait(0.05):
            at = datetime.now(UTC)
            value = at.timestamp() % 1e6
            items = [
                {"resource_id": key, "quantity": "energy", "value": value, "at": written(at)}
                for key in self._keys
            ]
            request = urllib.request.Request(
                f"{self._service.url}/api/v1/readings",
                json.dumps(items).encode(),
                {"Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=2) as answer:
                    if json.loads(answer.read())["accepted"] == len(items):
                        self.acknowledged[int(at.timestamp())] = value
            except OSError:
                continue


class Arena:
    """A VTN in trouble, and a daemon that is killed again and again."""

    def __init__(self, vtn: SandboxVtn, folder: Path, **environment: str) -> None:
        self.vtn = vtn
        self.publisher = Publisher(vtn)
        self.service = Service(folder, vtn.url, **SETTINGS, **environment)
        with closing(sqlite3.connect(self.service.inventory)) as inventory:
            self.keys = [row[0] for row in inventory.execute("SELECT resource_id FROM resources")]

    def fight(self, rounds: int, pause: float) -> None:
        """Kill and start again; then let it finish, and judge."""
        dice = random.Random(SEED)
        print(f"KILL_SEED={SEED}")  # noqa: T201
        with self.service:
            self.service.wait_until_ready()
            # What begins before a VEN has seen it is not owed from its beginning.
            start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
            self.publisher.event(
                start, timedelta(seconds=1), descriptors=[COUNTER], duration="PT6H"
            )
            self.service.wait(lambda: "events.changed" in self.service.log())
        meter = Meter(self.service, self.keys)
        meter.start()
        self.vtn.faults(TROUBLE)
        for _ in range(rounds):
            with self.service:
                self.service.wait(lambda: self.service.get("/livez")[0] == 200)
                before = len(meter.acknowledged)
                if dice.random() < 0.7:
                    self.service.wait(partial(_grew, meter, before))
                time.sleep(dice.uniform(0.0, pause))
                self.service.kill()
        self.vtn.faults([])
        with self.service:
            self.service.wait_until_ready()
            time.sleep(1.0)
            meter.ended.set()
            meter.join(5)
            until = datetime.now(UTC)
            self._judge(start, until, meter.acknowledged)

    def _judge(self, start: datetime, until: datetime, acknowledged: dict[int, float]) -> None:
        seconds = int((until - start).total_seconds())
        first = int(start.timestamp())
        said: dict[str, dict[int, list[Any]]] = {}

        def all_there() -> bool:
            said.clear()
            for report in self.publisher.reports():
                for resource in report["resources"]:
                    place = f"{report['clientName']}/{resource['resourceName']}"
                    for each in resource["intervals"]:
                        at = datetime.fromisoformat(each["intervalPeriod"]["start"])
                        told = said.setdefault(place, {})
                        told.setdefault(int(at.timestamp()) - first, []).append(each["payloads"])
            return len(said) == sum(FLEET.values()) and all(
                set(range(seconds)) <= told.keys() and not _lost(told, first, acknowledged)
                for told in said.values()
            )

        self.service.wait(all_there, 40)

        assert self.vtn.summary()["duplicates"] == 0
        assert all(len(payloads) == 1 for told in said.values() for payloads in told.values())
        assert len(acknowledged) > seconds / 6
        self.service.wait(self._balances, 15)

    def _balances(self) -> bool:
        """Whether the books that the daemon exports are of all there is at the VTN, and balance."""
        books = self.service.get("/api/v1/status")[1]["reports"]
        kept = sum(books[fate] for fate in ("reported", "queued", "quarantined", "trimmed"))
        return bool(books["accepted"] == kept > 0 == books["missing"])


def _grew(meter: Meter, before: int) -> bool:
    return len(meter.acknowledged) > before


def _lost(told: dict[int, list[Any]], first: int, acknowledged: dict[int, float]) -> list[int]:
    """Give the seconds of which less is said than was acknowledged."""
    lost = []
    for second, value in acknowledged.items():
        payloads = told.get(second - first)
        if payloads is None:
            continue
        values = payloads[0][0][0]["values"] if isinstance(payloads[0][0], list) else None
        values = payloads[0][0]["values"] if values is None else values
        if not values or values[0] < value - 1e-6:
            lost.append(second)
    return lost


@pytest.fixture(params=["strict", "lenient"])
def vtn(request: pytest.FixtureRequest) -> Iterator[SandboxVtn]:
    options = ["--lenient"] if request.param == "lenient" else []
    with SandboxVtn("--open", "--request-limit", "1", *options) as sandbox:
        yield sandbox


def test_ten_kills_lose_nothing_and_double_nothing(vtn: SandboxVtn, tmp_path: Path) -> None:
    Arena(vtn, tmp_path).fight(10, 0.8)


@pytest.mark.parametrize("vtn", ["lenient"], indirect=True)
def test_kills_lose_nothing_and_double_nothing_on_postgresql(
    vtn: SandboxVtn, tmp_path: Path, postgres_database: Database
) -> None:
    Arena(vtn, tmp_path, VEN_STATE_URL=postgres_database.url).fight(5, 1.0)


CRASH_POINTS = {
    "report_named": {"method": "POST", "kind": "hang"},
    "report_after_post_before_mark": {"method": "POST", "kind": "hang", "accept": True},
    "report_mid_put": {"method": "PUT", "kind": "hang", "accept": True},
}


@pytest.mark.soak
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_daemon_that_is_killed_at_a_named_point_settles_it_afterwards(
    vtn: SandboxVtn, tmp_path: Path, point: str
) -> None:
    """F66, with all of the daemon; with reporting alone in tests/crash."""
    publisher = Publisher(vtn)
    with Service(tmp_path, vtn.url, **SETTINGS) as service:
        service.wait_until_ready()
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
        if point != "report_mid_put":
            vtn.faults([{"path": "^/reports", **CRASH_POINTS[point]}])
        event = publisher.event(start, timedelta(seconds=1), descriptors=[COUNTER])
        if point == "report_mid_put":
            service.wait(lambda: len(publisher.reports()) == len(FLEET))
            vtn.faults([{"path": "^/reports", **CRASH_POINTS[point]}])
            _read_late(service, start)
        method = CRASH_POINTS[point]["method"]
        service.wait(lambda: _struck(vtn, str(method)))
        service.kill()
    vtn.faults([])
    with service:
        service.wait(lambda: _states(service) == {"sent"}, 30)

        reports = publisher.reports()
        assert len(reports) == len(FLEET)
        assert {report["eventID"] for report in reports} == {event}
        assert vtn.summary()["duplicates"] == 0
        if point == "report_mid_put":
            values = [
                payloads[0]["values"]
                for report in reports
                for resource in report["resources"]
                for payloads in [resource["intervals"][0]["payloads"]]
            ]
            assert values == [[5.0]] * sum(FLEET.values())


def _struck(vtn: SandboxVtn, method: str) -> bool:
    lines = [line for line in vtn.ledger() if line["path"].startswith("/reports")]
    return any(line["method"] == method for line in lines)


def _states(service: Service) -> set[str]:
    status, page = service.get("/api/v1/reports")
    return {report["state"] for report in page["reports"]} if status == 200 else set()


def _read_late(service: Service, start: datetime) -> None:
    with closing(sqlite3.connect(service.inventory)) as inventory:
        keys = [row[0] for row in inventory.execute("SELECT resource_id FROM resources")]
    at = written(start + timedelta(seconds=0.5))
    items = [{"resource_id": k, "quantity": "energy", "value": 5.0, "at": at} for k in keys]
    status, *_ = service.post(
        "/api/v1/readings", json.dumps(items).encode(), Content_Type="application/json"
    )
    assert status == 202


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_five_hundred_kills_lose_nothing_and_double_nothing(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    Arena(vtn, tmp_path).fight(500, 3.0)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_hundred_kills_lose_nothing_and_double_nothing_on_postgresql(
    vtn: SandboxVtn, tmp_path: Path, postgres_database: Database
) -> None:
    Arena(vtn, tmp_path, VEN_STATE_URL=postgres_database.url).fight(100, 3.0)
