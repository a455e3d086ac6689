"""SIGTERM while a report is shrunk at the VTN: the daemon leaves, and its next life goes on."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import FLEET, Service
from tests.reporting.conftest import QUICK
from tests.reporting.test_daemon import readings
from tests.reporting.vtn import Publisher
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn

PUT = {"method": "PUT", "path": "^/reports"}
TOO_LARGE = {"path": "^/reports", "kind": "status", "status": 413, "over": 700}
"""The VTN takes what a report says of one resource, and not of two."""

KW = 36.0
SETTINGS = {**QUICK, "VEN_REPORT_COMPLETION": "PT1S", "VEN_REQUEST_TIMEOUT": "1"}
ENDS: dict[str, dict[str, Any]] = {
    "the VTN takes its time": {"kind": "delay", "seconds": 0.7},
    "the VTN takes it and never says so": {"kind": "hang", "accept": True},
}


@pytest.fixture
def lenient() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open", "--lenient", "--request-limit", "1") as sandbox:
        yield sandbox


@pytest.mark.parametrize("ends", ENDS)
def test_t29_a_daemon_that_is_told_to_stop_while_it_shrinks_a_report_leaves_and_goes_on_later(
    lenient: SandboxVtn, tmp_path: Path, ends: str
) -> None:
    publisher = Publisher(lenient)
    with Service(tmp_path, lenient.url, **SETTINGS) as service:
        service.wait_until_ready()
        start = datetime.now(UTC) + timedelta(seconds=1)
        publisher.event(start, timedelta(seconds=2))
        service.wait(lambda: len(publisher.reports()) == len(FLEET))
        lenient.faults([TOO_LARGE, {**PUT, **ENDS[ends]}])
        measured(service, start)
        service.wait(lambda: struck(lenient) > 0)

        code = service.terminate()  # which waits for ten seconds
    lenient.faults([TOO_LARGE])

    with Service(tmp_path, lenient.url, **SETTINGS) as service:
        service.wait(lambda: said(publisher) == everything(), 30)

        assert code == 0
        assert len(publisher.reports()) == sum(FLEET.values())
        assert lenient.summary()["duplicates"] == 0
        assert service.get("/api/v1/status")[1]["reports"]["missing"] == 0


def measured(service: Service, start: datetime) -> None:
    for second in range(-1, 4):
        body = readings(service, start + timedelta(seconds=second), KW)
        status, answer, _ = service.post("/api/v1/readings", body, Content_Type="application/json")
        assert status == 202, answer


def said(publisher: Publisher) -> Counter[tuple[str, str, tuple[float, ...]]]:
    """Count what is said of each resource of each VEN."""
    return Counter(
        (report["clientName"], resource["resourceName"], (*interval["payloads"][0]["values"],))
        for report in publisher.reports()
        for resource in report["resources"]
        for interval in resource["intervals"]
    )


def everything() -> Counter[tuple[str, str, tuple[float, ...]]]:
    """Everything, once: 36 kW for two seconds."""
    return Counter((v, f"bar {n}", (0.02,)) for v, count in FLEET.items() for n in range(count))


def struck(vtn: SandboxVtn) -> int:
    """Say how many were held back of those that are small enough."""
    faults = expect(200, call("GET", f"{vtn.url}/sandbox/faults")).json()
    return int(faults[-1]["hits"])
