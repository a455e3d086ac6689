"""The service as its orchestrator sees it: started, probed, told to stop, killed."""

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def test_it_registers_the_fleet_is_ready_and_stops_in_order(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        summary = vtn.summary()
        code = service.terminate()

    assert code == 0
    assert (summary["vens"], summary["resources"], summary["duplicates"]) == (2, 5, 0)
    assert '"daemon.stopped"' in service.log()


def test_changes_of_the_inventory_are_followed_without_a_restart(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        service.wait(lambda: service.get("/api/v1/loops")[1]["loops"][1]["runs"] > 0)
        service.change("UPDATE resources SET ven = 'Skagen' WHERE ven = 'Vejle'")

        service.wait(lambda: vtn.summary()["vens"] == 3)


def test_a_vtn_that_is_down_leaves_it_alive_and_ready_and_is_found_again(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    # Somebody asks all the time, so that it is soon known that the VTN is back.
    with Service(tmp_path, vtn.url, VEN_POLL_INTERVAL="0.5") as service:
        service.wait_until_ready()
        vtn.faults([{"kind": "status", "status": 503}])
        vtn.wipe()
        service.send("POST", "/api/v1/reconcile")
        service.wait(lambda: service.get("/health")[1]["vtn"]["circuit"] == "open")

        assert service.get("/livez")[0] == 200
        assert service.get("/readyz")[0] == 200

        service.wait(lambda: registering(service)["failures_in_a_row"] >= 4, seconds=40)
        vtn.faults([])
        service.wait(lambda: service.get("/health")[1]["vtn"]["circuit"] == "closed", seconds=30)
        # What failed does not wait for its own turn, four seconds later at the least.
        service.wait(lambda: vtn.summary()["resources"] == 5, seconds=3)
        assert vtn.summary()["duplicates"] == 0


def registering(service: Service) -> Any:
    """Say how the loop is doing that keeps registrations."""
    return service.get("/api/v1/loops")[1]["loops"][0]


def test_it_starts_without_a_vtn_and_says_which_vens_fail(tmp_path: Path) -> None:
    with Service(tmp_path, "http://127.0.0.1:9") as service:
        service.wait_until_ready()
        loops = service.get("/api/v1/loops")[1]["loops"]

    assert "failing" in loops[0]["last_error"] or "refused" in loops[0]["last_error"].lower()


def test_killed_at_random_instants_it_comes_back_with_its_state(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    dice = random.Random(4)
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        for _ in range(10):
            service.kill()
            service.start()
            time.sleep(dice.random())
        service.wait_until_ready()

    assert vtn.summary()["writes"] == 7
    assert vtn.summary()["duplicates"] == 0


def test_a_second_daemon_waits_as_standby_and_takes_over(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Service(tmp_path, vtn.url) as first:
        first.wait_until_ready()
        with Service(tmp_path, vtn.url) as second:
            second.wait(lambda: "lease" in second.get("/readyz")[1]["concerns"])
            assert second.get("/readyz")[0] == 503
            assert second.get("/livez")[0] == 200

            first.kill()
            second.wait_until_ready()
            assert second.terminate() == 0


def test_a_ven_stays_paused_over_restarts_and_is_named_by_status(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        assert service.send("POST", "/api/v1/vens/Vejle/pause")[0] == 200
        service.kill()
        vtn.wipe()
        service.start()
        service.wait_until_ready()

        assert vtn.summary()["vens"] == 1
        assert service.get("/api/v1/vens/Vejle")[1]["state"] == "paused"
        assert "1 paused" in service.command("status").stdout


def test_with_the_vtn_down_at_the_start_every_ven_says_why(tmp_path: Path) -> None:
    with Service(tmp_path, "http://127.0.0.1:9") as service:
        service.wait_until_ready()

        failed = service.get("/api/v1/vens?state=failed")[1]["vens"]

    assert [each["ven"] for each in failed] == ["Aalborg", "Vejle"]
    assert "connection refused" in failed[0]["failures"][0]["reason"]


def test_sigint_stops_it_too(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        service.process.send_signal(signal.SIGINT)
        assert service.wait_for_exit() == 0


def test_sighup_takes_new_settings_and_refuses_wrong_ones(vtn: SandboxVtn, tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        dotenv.write_text("VEN_SCOPE=fresh\n")
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: service.get("/api/v1/config")[1]["scope"] == "fresh")

        dotenv.write_text("VEN_SCOPE=wrong\nVEN_PROFILE=9\n")
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: "settings.refused" in service.log())

        assert service.get("/api/v1/config")[1]["scope"] == "fresh"
        assert service.get("/readyz")[0] == 200


def test_sighup_changes_how_often_things_are_done(vtn: SandboxVtn, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VEN_POLL_INTERVAL=PT1H\n")
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        service.wait(lambda: polls(service) >= 1)
        (tmp_path / ".env").write_text("VEN_POLL_INTERVAL=0.2\nVEN_PROGRAM_INTERVAL=0.2\n")
        service.process.send_signal(signal.SIGHUP)

        service.wait(lambda: polls(service) >= 5)
        service.wait(lambda: program_reads(vtn) >= 5)


def polls(service: Service) -> int:
    return int(service.get("/health")[1]["events"]["polls"])


def program_reads(vtn: SandboxVtn) -> int:
    return sum(line["path"] == "/programs" for line in vtn.ledger())


def test_sighup_refuses_a_sink_that_was_not_set_up_at_the_start(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    dotenv = tmp_path / ".env"
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        dotenv.write_text("VEN_SINKS=http\nVEN_SINK_HTTP_URL=http://127.0.0.1:9/\n")
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: "settings.refused" in service.log())

        assert "VEN_SINKS: http needs a restart" in service.log()
        assert service.get("/api/v1/config")[1]["sinks"] == []


def test_status_tells_what_is_on_record_where_no_daemon_runs(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        service.send("POST", "/api/v1/vens/Vejle/pause")
        running = service.command("status", "--json")
        service.terminate()
        told = service.command("status")
        recorded = service.command("status", "--json")

    assert (running.returncode, json.loads(running.stdout)["running"]) == (0, True)
    assert "VENs: 1 registered, 0 partly, 0 failed, 1 paused; resources: 5 of 5" in told.stdout
    assert "paused: Vejle" in told.stdout
    assert "no daemon answers" in told.stderr
    assert (recorded.returncode, json.loads(recorded.stdout)["running"]) == (1, False)


def test_a_port_that_is_taken_is_said(vtn: SandboxVtn, tmp_path: Path) -> None:
    port = vtn.url.rsplit(":", 1)[1].strip("/")
    with Service(tmp_path, vtn.url, VEN_HTTP_PORT=port) as service:
        assert service.wait_for_exit() == 2

    said = f"cannot listen on 127.0.0.1:{port}: address already in use (by python"
    assert said in service.log()
    assert f"process {vtn.program.pid})" in service.log()


def test_a_state_that_is_removed_while_it_runs_ends_it_with_3(
    vtn: SandboxVtn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        (tmp_path / "state.db").unlink()
        assert service.wait_for_exit() == 3

    assert "removed or replaced" in service.log()
