"""The running daemon follows events: for one credential, and for a VEN each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn

QUICKLY = {"VEN_POLL_INTERVAL": "0.2"}


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def publish(vtn: SandboxVtn, **members: Any) -> str:
    """Create a program and an event of it; give the event's id."""
    name = f"program {vtn.summary()['programs']}"
    program = expect(201, call("POST", f"{vtn.url}/programs", body={"programName": name})).json()
    body = {"programID": program["id"], "intervals": [], **members}
    made: str = expect(201, call("POST", f"{vtn.url}/events", body=body)).json()["id"]
    return made


def known(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/api/v1/status")[1].get("events", {})
    return found


def test_events_that_come_and_go_are_followed_and_counted(vtn: SandboxVtn, tmp_path: Path) -> None:
    event = publish(vtn)
    with Service(tmp_path, vtn.url, **QUICKLY) as service:
        service.wait(lambda: known(service).get("seen") == 1)
        expect(200, call("DELETE", f"{vtn.url}/events/{event}"))
        service.wait(lambda: known(service).get("deleted") == 1)
        publish(vtn)
        service.wait(lambda: known(service).get("seen") == 1)
        metrics = service.get_text("/metrics")[1]
        loops = {each["name"] for each in service.get("/api/v1/loops")[1]["loops"]}
        code = service.terminate()

    assert 'ven_daemon_events{state="deleted"} 1.0' in metrics
    assert "ven_daemon_event_polls_unchanged_total" in metrics
    assert {"events", "event readers", "event housekeeping"} <= loops
    assert code == 0
    assert "spread.step_broke" not in service.log()


def test_a_vtn_that_goes_away_cancels_nothing_and_is_followed_again(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    publish(vtn)
    with Service(tmp_path, vtn.url, **QUICKLY) as service:
        service.wait(lambda: known(service).get("seen") == 1)
        vtn.faults([{"kind": "status", "status": 503}])
        service.wait(lambda: service.get("/health")[1]["vtn"]["circuit"] == "open")
        during = known(service)
        vtn.faults([])
        publish(vtn)
        service.wait(lambda: known(service).get("seen") == 2, seconds=60)

    assert during["seen"] == 1
    assert during["deleted"] == 0


def test_f51_a_notification_that_anybody_sends_is_nobodys_and_starts_no_poll(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    """F51: there is no callback, so there is nothing to forge; the VTN is what it is asked."""
    forged = {
        "objectType": "EVENT",
        "operation": "CREATE",
        "object": {"id": "forged", "programID": "p", "intervals": []},
    }
    paths = ("", *(f"/{p}" for p in ("callback", "webhook", "notifications", "events")))
    with Service(tmp_path, vtn.url, VEN_POLL_INTERVAL="PT1H") as service:
        service.wait(lambda: known(service).get("polls") == 1)
        service.wait_until_ready()
        before = vtn.summary()["requests"]
        publish(vtn)
        made = vtn.summary()["requests"]

        answers = [
            call(method, f"{service.url}{path}?challenge=<b>hello</b>", body=forged)
            for path in (*paths, "/api/v1/events", "/api/v1/notifications")
            for method in ("POST", "PUT")
            for _ in range(20)
        ]

        assert {answer.status for answer in answers} <= {404, 405}
        assert not any(b"hello" in answer.body for answer in answers)
        assert known(service)["polls"] == 1
        assert known(service)["known"] == 0
        assert vtn.summary()["requests"] == made == before + 2


def test_an_operator_who_asks_for_a_pass_is_shown_events_at_once(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, VEN_POLL_INTERVAL="PT1H") as service:
        service.wait(lambda: known(service).get("polls") == 1)
        publish(vtn)
        service.send("POST", "/api/v1/reconcile")

        service.wait(lambda: known(service).get("seen") == 1)
