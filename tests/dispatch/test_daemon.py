"""The running daemon makes devices follow events: from a sandbox VTN to a gateway of devices."""

import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.dispatch.receiver import Receiver
from tests.events.test_daemon import publish
from tests.rig.postgres import Postgres
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn

EVERYBODY = {
    f"{ven}/bar {n}" for ven, count in (("Aalborg", 3), ("Vejle", 2)) for n in range(count)
}
SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as gateway:
        yield gateway


def settings(receiver: Receiver, **more: str) -> dict[str, str]:
    """Poll quickly, and reach devices by HTTP."""
    quick = {"VEN_POLL_INTERVAL": "0.2", "VEN_SINKS": "http", "VEN_SINK_HTTP_URL": receiver.url}
    return {**quick, **more}


def shed(vtn: SandboxVtn, start: float, seconds: float, level: int = 2, **members: Any) -> str:
    """Publish an event that begins *start* seconds from now."""
    begin = datetime.now(UTC) + timedelta(seconds=start)
    period = {"start": begin.isoformat(), "duration": f"PT{seconds:g}S"}
    payload = {"type": "SIMPLE", "values": [level]}
    intervals = [{"id": 0, "payloads": [payload]}]
    return publish(vtn, intervalPeriod=period, intervals=intervals, **members)


def applied(receiver: Receiver) -> set[str]:
    return {resource for do, resource in receiver.carried_out if do == "apply"}


def released(receiver: Receiver) -> set[str]:
    return {resource for do, resource in receiver.carried_out if do == "release"}


def test_an_event_reaches_devices_in_time_and_its_end_does_too(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, **settings(receiver)) as service:
        service.wait_until_ready()
        event = shed(vtn, 3, 2)
        service.wait(lambda: released(receiver) == EVERYBODY and not _held(service))
        listed = service.get("/api/v1/dispatches?ven=Vejle")[1]["dispatches"]
        metrics = service.get_text("/metrics")[1]
        code = service.terminate()

    assert applied(receiver) == EVERYBODY
    assert {(each["event"], each["state"], each["kw"]) for each in listed} == {
        (event, "released", 12.5)
    }
    assert 'ven_daemon_sink_late_total{sink="http"} 0.0' in metrics
    assert 'ven_daemon_sink_commands_total{sink="http",verdict="acknowledged"} 10.0' in metrics
    assert code == 0
    assert "step_broke" not in service.log()


def test_a_deleted_event_is_released_and_an_opted_out_resource_left_alone(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, **settings(receiver)) as service:
        service.wait_until_ready()
        out = ("opt-out", "add", "Vejle", "--resource", "bar 0")
        assert service.command(*out).returncode == 0
        event = shed(vtn, -5, 600)
        service.wait(lambda: applied(receiver) == EVERYBODY - {"Vejle/bar 0"})
        expect(200, call("DELETE", f"{vtn.url}/events/{event}"))
        service.wait(lambda: released(receiver) == applied(receiver))

    assert "Vejle/bar 0" not in applied(receiver)


def test_known_events_are_dispatched_though_the_vtn_is_away(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, **settings(receiver)) as service:
        service.wait_until_ready()
        shed(vtn, 8, 600)
        service.wait(lambda: service.get("/api/v1/status")[1]["events"].get("seen") == 1)
        service.kill()
        vtn.faults([{"kind": "status", "status": 503}])
        service.start()
        service.wait(lambda: applied(receiver) == EVERYBODY, seconds=30)


def test_a_gateway_that_is_away_gets_everything_once_it_is_back(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.refuses = True
    with Service(tmp_path, vtn.url, **settings(receiver)) as service:
        service.wait_until_ready()
        shed(vtn, -5, 600)
        service.wait(lambda: len(receiver.commands) > 0)
        receiver.refuses = False
        service.wait(lambda: _held(service) == ["applied"] * 5, seconds=60)

    assert sorted(receiver.carried_out) == sorted(("apply", each) for each in EVERYBODY)


@pytest.mark.parametrize(("way", "ends"), [("hold", False), ("release", True)])
def test_a_stop_releases_what_is_followed_where_that_is_chosen(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path, way: str, ends: bool
) -> None:
    with Service(tmp_path, vtn.url, **settings(receiver, VEN_FAILSAFE_STOP=way)) as service:
        service.wait_until_ready()
        shed(vtn, -5, 600)
        service.wait(lambda: applied(receiver) == EVERYBODY)
        code = service.terminate()

    assert code == 0
    assert released(receiver) == (EVERYBODY if ends else set())


def test_a_sink_that_is_not_set_up_is_a_wrong_setting(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Service(tmp_path, vtn.url, VEN_SINKS="mqtt") as service:
        assert service.wait_for_exit() == 2

    assert "VEN_SINKS: mqtt is not set up: VEN_SINK_MQTT_URL" in service.log()


@pytest.mark.parametrize("number", range(1, 3))
def test_a_daemon_that_is_killed_loses_no_dispatch_and_does_none_twice(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path, number: int
) -> None:
    _kill_again_and_again(vtn, receiver, tmp_path, random.Random(f"{SEED}/{number}"), 3)


def test_a_daemon_over_postgresql_that_is_killed_loses_no_dispatch(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path, postgres: Postgres
) -> None:
    dice, url = random.Random(f"{SEED}/postgresql"), postgres.fresh_database().url
    _kill_again_and_again(vtn, receiver, tmp_path, dice, 2, VEN_STATE_URL=url)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(101, 121))
def test_a_daemon_that_is_killed_again_and_again_loses_nothing(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path, number: int
) -> None:
    _kill_again_and_again(vtn, receiver, tmp_path, random.Random(f"{SEED}/{number}"), 20)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(201, 211))
def test_a_daemon_over_postgresql_that_is_killed_again_and_again_loses_nothing(
    vtn: SandboxVtn, receiver: Receiver, tmp_path: Path, postgres: Postgres, number: int
) -> None:
    dice, url = random.Random(f"{SEED}/{number}"), postgres.fresh_database().url
    _kill_again_and_again(vtn, receiver, tmp_path, dice, 20, VEN_STATE_URL=url)


def _kill_again_and_again(
    vtn: SandboxVtn,
    receiver: Receiver,
    folder: Path,
    dice: random.Random,
    times: int,
    **more: str,
) -> None:
    """Kill it around the start and the end of one event after the other (I5)."""
    print(f"KILL_SEED={SEED}")  # noqa: T201
    with Service(folder, vtn.url, **settings(receiver, **more)) as service:
        for turn in range(times):
            service.wait_until_ready()
            shed(vtn, 1, 2, level=turn % 3 + 1)
            time.sleep(dice.random() * 4)
            service.kill()
            service.start()
        service.wait_until_ready()
        shed(vtn, 0, 2, level=0)
        done = ("apply", 25.0)
        service.wait(lambda: _last(receiver, done) == EVERYBODY, seconds=30)
        service.wait(lambda: not _held(service), seconds=60)

    _nothing_is_left_followed(receiver)


def _held(service: Service) -> list[str]:
    """The states of all that is not over."""
    listed = service.get("/api/v1/dispatches")[1]["dispatches"]
    return [each["state"] for each in listed if each["state"] in ("scheduled", "applied")]


def _last(receiver: Receiver, what: tuple[str, float]) -> set[str]:
    return {
        each["resource_id"]
        for each in [*receiver.commands]
        if (each["do"], each["kw"]) == what and each["values"] == [0]
    }


def _nothing_is_left_followed(receiver: Receiver) -> None:
    """Each key is one command, said again in the same words; whoever follows is released."""
    words: dict[tuple[str, str], Any] = {}
    following: dict[str, str] = {}
    for each in receiver.commands:
        said = {name: value for name, value in each.items() if name not in ("repeated", "reason")}
        assert words.setdefault((each["key"], each["do"]), said) == said
        if each["do"] == "apply":
            following[each["resource_id"]] = each["key"]
        elif following.get(each["resource_id"]) == each["key"]:
            del following[each["resource_id"]]
    assert following == {}
