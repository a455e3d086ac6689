"""The daemon reports: an event asks, readings come in, the VTN has one report per VEN."""

import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson
from jsonschema import Draft202012Validator

from tests.daemon.service import FLEET, Service
from tests.reporting.vtn import Publisher, written
from tests.rig.sandbox import SandboxVtn
from ven_daemon.ops.openapi import DOCUMENT


def readings(service: Service, at: datetime, kw: float) -> bytes:
    with closing(sqlite3.connect(service.inventory)) as inventory:
        keys = [row[0] for row in inventory.execute("SELECT resource_id FROM resources")]
    items = [
        {"resource_id": key, "quantity": "power", "value": kw, "at": written(at)} for key in keys
    ]
    return orjson.dumps(items)


def test_an_event_that_asks_gets_one_report_of_each_ven(
    service: Service, publisher: Publisher
) -> None:
    """T-35: clientName has no defined value; it is the VEN's name."""
    start = datetime.now(UTC) + timedelta(seconds=1)
    event = publisher.event(start, timedelta(seconds=2))
    for second in range(-1, 4):
        status, answer, _ = service.post(
            "/api/v1/readings",
            readings(service, start + timedelta(seconds=second), 36.0),
            Content_Type="application/json",
        )
        assert status == 202, answer

    service.wait(lambda: len(publisher.reports()) >= len(FLEET))

    reports = publisher.reports()
    assert [report["clientName"] for report in reports] == sorted(FLEET)
    assert all(report["eventID"] == event for report in reports)
    [aalborg, _] = reports
    assert len(aalborg["resources"]) == FLEET["Aalborg"]
    for resource in aalborg["resources"]:
        [interval] = resource["intervals"]
        assert interval["id"] == 0
        assert interval["intervalPeriod"] == {"start": written(start), "duration": "PT2S"}
        assert interval["payloads"] == [
            {"type": "USAGE", "values": [0.02]},
            {"type": "DATA_QUALITY", "values": ["OK"]},
        ]


def test_t29_what_the_vtn_found_too_large_is_said_by_the_status(
    vtn: SandboxVtn, service: Service, publisher: Publisher
) -> None:
    """T-29: for as long as it is remembered."""
    before = service.get("/api/v1/status")[1]["reports"]
    vtn.faults(
        [{"method": "POST", "path": "^/reports", "kind": "status", "status": 413, "over": 700}]
    )
    publisher.event(datetime.now(UTC) + timedelta(seconds=1), timedelta(seconds=1))
    service.wait(lambda: len(publisher.reports()) > len(FLEET))

    document = service.get("/api/v1/status")[1]
    told = service.command("status").stdout

    Draft202012Validator(
        {"$ref": "#/components/schemas/Status", "components": DOCUMENT["components"]}
    ).validate(document)
    assert (before["size_refused_bytes"], before["size_refused_until"]) == (None, None)
    refused, until = (document["reports"][f"size_refused_{what}"] for what in ("bytes", "until"))
    assert refused > 700
    assert datetime.fromisoformat(until) - datetime.now(UTC) > timedelta(minutes=58)
    assert f"reports of {refused} bytes are too large for the VTN" in told


def test_after_a_reload_reports_go_on(service: Service, publisher: Publisher) -> None:
    service.process.send_signal(signal.SIGHUP)
    service.wait(lambda: "settings.reloaded" in service.log())

    start = datetime.now(UTC) + timedelta(seconds=2)
    publisher.event(start, timedelta(seconds=1))

    service.wait(lambda: len(publisher.reports()) == len(FLEET))


def test_opting_out_is_reported_where_an_event_asks_for_the_operating_state(
    service: Service, publisher: Publisher
) -> None:
    asked = {"payloadType": "OPERATING_STATE", "frequency": 0}
    publisher.event(datetime.now(UTC), timedelta(hours=1), descriptors=[asked])
    service.wait(lambda: len(publisher.reports()) == len(FLEET))

    out = service.command("opt-out", "add", "Vejle")

    assert out.returncode == 0, out.stderr
    service.wait(lambda: any(_opted_out(publisher, "Vejle")))
    assert not _opted_out(publisher, "Vejle")[0]
    assert not any(_opted_out(publisher, "Aalborg"))


def _opted_out(publisher: Publisher, ven: str) -> list[bool]:
    """Say of each report of a VEN, in order, whether all that it is about has opted out."""
    mine = [report for report in publisher.reports() if report["clientName"] == ven]
    states = [
        [each["intervals"][0]["payloads"][0]["values"][0] for each in report["resources"]]
        for report in mine
    ]
    return [all(state.endswith("_OPTED_OUT") for state in some) for some in states]


def test_a_paused_ven_reports_nothing_until_it_is_resumed(
    service: Service, publisher: Publisher
) -> None:
    service.send("POST", "/api/v1/vens/Vejle/pause")
    publisher.event(datetime.now(UTC) + timedelta(seconds=2), timedelta(seconds=1))
    service.wait(lambda: len(service.get("/api/v1/reports")[1]["reports"]) == len(FLEET))
    service.wait(lambda: len(publisher.reports()) == 1)

    service.send("POST", "/api/v1/vens/Vejle/resume")

    service.wait(lambda: len(publisher.reports()) == len(FLEET))
