"""Acceptance: reports that events ask for, at real VTNs, judged by reading them back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import FLEET, Service
from tests.reporting.vtn import written
from tests.rig.openleadr import OpenleadrVtn
from tests.rig.rest import call, expect

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

USAGE = {"payloadType": "USAGE", "units": "KWH", "readingType": "DIRECT_READ"}
EACH = {**USAGE, "numIntervals": 1, "frequency": 1, "repeat": -1}


class RealVtn:
    """Business logic at a real VTN: it publishes events, and reads reports."""

    def __init__(self, vtn: OpenleadrVtn) -> None:
        self._vtn = vtn
        made = self._post("programs", {"programName": f"reported {datetime.now(UTC)}"})
        self.program: str = made["id"]

    def event(self, start: datetime, seconds: int, intervals: int, *descriptors: Any) -> str:
        period = {"start": written(start), "duration": f"PT{seconds}S"}
        payloads = [{"type": "SIMPLE", "values": [0]}]
        body = {
            "programID": self.program,
            "intervalPeriod": period,
            "intervals": [{"id": 10 + n, "payloads": payloads} for n in range(intervals)],
            "reportDescriptors": list(descriptors),
        }
        return str(self._post("events", body)["id"])

    def reports(self, event: str) -> list[dict[str, Any]]:
        """Give the reports on an event, in the order they were made."""
        found: list[dict[str, Any]] = []
        while page := self._get(f"reports?eventID={event}&skip={len(found)}&limit=50"):
            found += page
        return sorted(found, key=lambda report: str(report["createdDateTime"]))

    def _get(self, path: str) -> Any:
        bearer = self._vtn.token(self._vtn.business)
        return expect(200, call("GET", f"{self._vtn.url}/{path}", token=bearer)).json()

    def _post(self, path: str, body: Any) -> Any:
        bearer = self._vtn.token(self._vtn.business)
        return expect(201, call("POST", f"{self._vtn.url}/{path}", body=body, token=bearer)).json()


@pytest.fixture
def service(vtn: OpenleadrVtn, tmp_path: Path) -> Iterator[Service]:
    """A small fleet; in 3.0 only who speaks for VENs may report, so it is registered before."""
    settings = {
        "VEN_PROFILE": vtn.release.profile,
        "VEN_CREDENTIAL_MODE": "shared",
        "VEN_CLIENT_ID": vtn.business.id,
        "VEN_CLIENT_SECRET": vtn.business.secret,
        "VEN_TOKEN_URL": f"{vtn.url}/auth/token",
        "VEN_POLL_INTERVAL": "PT1S",
        "VEN_REPORT_GRACE": "PT0.5S",
        "VEN_REPORT_COMPLETION": "PT1S",
    }
    if vtn.release.is_30:
        registered = Service(tmp_path, vtn.url, **settings).command("register")
        assert registered.returncode == 0, registered.stderr
        client = vtn.ven_user()
        settings |= {"VEN_CLIENT_ID": client.id, "VEN_CLIENT_SECRET": client.secret}
    with Service(tmp_path, vtn.url, **settings) as running:
        running.wait_until_ready()
        yield running


def bring(service: Service, start: datetime, seconds: int, kw: float) -> None:
    """Bring the power of everybody, two readings a second."""
    with closing(sqlite3.connect(service.inventory)) as inventory:
        keys = [row[0] for row in inventory.execute("SELECT resource_id FROM resources")]
    items = [
        {"resource_id": key, "quantity": "power", "value": kw, "at": written(at)}
        for key in keys
        for at in (start + timedelta(seconds=n / 2) for n in range(seconds * 2 + 1))
    ]
    status, answer, _ = service.post(
        "/api/v1/readings", json.dumps(items).encode(), Content_Type="application/json"
    )
    assert status == 202, answer


def test_reports_arrive_as_asked_with_interval_ids_and_values(
    vtn: OpenleadrVtn, service: Service
) -> None:
    business = RealVtn(vtn)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    event = business.event(start, 2, 3, USAGE)
    bring(service, start, 6, 36.0)

    service.wait(lambda: len(business.reports(event)) == len(FLEET), 40)

    reports = {report["clientName"]: report for report in business.reports(event)}
    assert reports.keys() == FLEET.keys()
    for ven, report in reports.items():
        assert report["reportName"].startswith(f"{ven}.{event}.")
        assert report["payloadDescriptors"][0]["units"] == "KWH"
        assert len(report["resources"]) == FLEET[ven]
        for resource in report["resources"]:
            assert [each["id"] for each in resource["intervals"]] == [10, 11, 12]
            starts = [
                datetime.fromisoformat(each["intervalPeriod"]["start"])
                for each in resource["intervals"]
            ]
            assert starts == [start + timedelta(seconds=2 * n) for n in range(3)]
            for each in resource["intervals"]:
                told = {payload["type"]: payload["values"] for payload in each["payloads"]}
                assert told == {"USAGE": [0.02], "DATA_QUALITY": ["OK"]}


def test_after_an_outage_the_backlog_drains_in_order_and_once(
    vtn: OpenleadrVtn, service: Service
) -> None:
    business = RealVtn(vtn)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    event = business.event(start, 1, 12, EACH)
    service.wait(lambda: len(business.reports(event)) > 0, 40)

    vtn._end()
    service.wait(lambda: len(_waiting(service)) >= 8, 40)
    vtn._run()
    service.wait(lambda: len(business.reports(event)) == 12 * len(FLEET), 60)

    reports = business.reports(event)
    for ven in FLEET:
        mine = [report for report in reports if report["clientName"] == ven]
        ids = [report["resources"][0]["intervals"][0]["id"] for report in mine]
        assert ids == list(range(10, 22))
    assert len({report["reportName"] for report in reports}) == len(reports)
    service.wait(lambda: not _waiting(service), 20)


def test_late_readings_replace_the_report_that_was_sent(
    vtn: OpenleadrVtn, service: Service
) -> None:
    business = RealVtn(vtn)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    event = business.event(start, 2, 1, USAGE)
    service.wait(lambda: len(business.reports(event)) == len(FLEET), 40)
    before = {report["id"] for report in business.reports(event)}

    bring(service, start, 2, 36.0)

    def completed() -> bool:
        reports = business.reports(event)
        payloads = [r["resources"][0]["intervals"][0]["payloads"][0] for r in reports]
        return [payload["values"] for payload in payloads] == [[0.02]] * len(FLEET)

    service.wait(completed, 30)
    assert {report["id"] for report in business.reports(event)} == before


def _waiting(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for state in ("queued", "sending"):
        found += service.get(f"/api/v1/reports?state={state}&limit=1000")[1]["reports"]
    return found
