"""`ven-daemon register` as an operator meets it: how it leaves."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.registration.fleet import SmallFleet
from tests.registration.operators import assert_all_is_there
from tests.rig.installation import Installation
from tests.rig.processes import free_port
from tests.rig.sandbox import SandboxVtn

SLOWLY = {"method": "POST", "path": "resources", "kind": "delay", "seconds": 0.3}


def test_it_leaves_with_1_and_names_what_failed_in_the_words_of_the_vtn(
    installation: Installation, vtn: SandboxVtn
) -> None:
    why = {"title": "Bad Request", "detail": "LOCATION is not in Jutland"}
    rule = {"method": "POST", "path": "^/resources$", "kind": "status", "status": 400}
    vtn.faults([{**rule, "body": why, "skip": 2, "times": 1}])

    failed = installation.run("register")
    again = installation.run("register")

    assert failed.exit_code == 1, str(failed)
    (line,) = [line for line in failed.stderr.splitlines() if line.startswith("failed:")]
    assert "LOCATION is not in Jutland" in line
    assert "bar" in line
    assert again.exit_code == 0, str(again)
    assert_all_is_there(vtn)


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["--no-such-flag"], {}, "--no-such-flag"),
        (["--limit", "0"], {}, "--limit"),
        (["--ven", "Atlantis"], {}, "Atlantis"),
        ([], {"VEN_PROFILE": "4.0"}, "VEN_PROFILE"),
        ([], {"VEN_VTN_URL": "nonsense"}, "VEN_VTN_URL"),
        ([], {"VEN_CREDENTIAL_MODE": "shared"}, "client_id"),
        ([], {"VEN_STATE_URL": "mysql://x"}, "sqlite:///"),
        ([], {"VEN_REQUEST_TIMEOUT": "-1"}, "VEN_REQUEST_TIMEOUT"),
    ],
)
def test_it_leaves_with_2_where_it_was_told_something_wrong(
    installation: Installation, arguments: list[str], settings: dict[str, str], words: str
) -> None:
    installation.settings |= settings

    done = installation.run("register", *arguments)

    assert done.exit_code == 2, str(done)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_leaves_with_3_without_an_inventory(installation: Installation, tmp_path: Path) -> None:
    done = installation.run("register", "--db-path", str(tmp_path / "nowhere.db"))

    assert done.exit_code == 3, str(done)
    assert "nowhere.db" in done.stderr


def test_it_leaves_with_3_where_the_state_is_no_database(installation: Installation) -> None:
    installation.state.write_text("this is no database, and never was one\n" * 50)

    done = installation.run("register")

    assert done.exit_code == 3, str(done)
    assert str(installation.state) in done.stderr


def test_it_leaves_with_3_where_another_one_is_at_work(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{"kind": "delay", "seconds": 8}])
    with installation.start("register") as first:
        first.wait_until(lambda: vtn.summary()["requests"] > 0, "it is at work", within=15)

        second = installation.run("register")

        first.kill()
    assert second.exit_code == 3, str(second)
    assert "another ven-daemon" in second.stderr


@pytest.mark.parametrize("profile", ["auto", "3.1", "3.0"])
def test_it_leaves_with_4_where_nobody_listens(installation: Installation, profile: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    installation.settings |= {"VEN_VTN_URL": url, "VEN_PROFILE": profile}

    began = time.monotonic()
    done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert url in done.stderr
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("profile", ["auto", "3.1"])
def test_it_leaves_with_4_where_connections_are_taken_and_never_answered(
    installation: Installation, profile: str
) -> None:
    with silent_listener() as url:
        installation.settings |= {"VEN_VTN_URL": url, "VEN_PROFILE": profile}

        began = time.monotonic()
        done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert time.monotonic() - began < 25


def test_it_leaves_with_4_where_the_name_of_the_vtn_is_none(installation: Installation) -> None:
    installation.settings["VEN_VTN_URL"] = "http://vtn.invalid"

    done = installation.run("register", "--wait", "1")

    assert done.exit_code == 4, str(done)
    assert "vtn.invalid" in done.stderr


def test_it_leaves_with_1_where_the_vtn_answered_and_then_went_away(
    installation: Installation, fleet: SmallFleet
) -> None:
    with SandboxVtn("--open") as vtn:
        installation.settings["VEN_VTN_URL"] = vtn.url
        vtn.faults([{**SLOWLY, "skip": 5}])
        command = installation.start("register", "--wait", "1")
        command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

        vtn.program.kill()

        assert command.wait(within=40) == 1, command.output()
    assert "Traceback" not in command.output()
    assert "failed: " in command.output()


def test_it_goes_on_where_the_vtn_was_away_for_a_moment(
    installation: Installation, tmp_path: Path
) -> None:
    with SandboxVtn("--open", "--request-limit", "2", "--state", str(tmp_path / "kept")) as vtn:
        installation.settings["VEN_VTN_URL"] = vtn.url
        vtn.faults([{**SLOWLY, "skip": 5}])
        command = installation.start("register")
        command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

        vtn.program.kill()
        vtn.start()

        assert command.wait(within=40) == 0, command.output()
        assert_all_is_there(vtn)


def test_f18_it_goes_on_where_the_vtn_was_frozen_for_a_while(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{**SLOWLY, "skip": 5}])
    command = installation.start("register")
    command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

    vtn.pause()
    time.sleep(4)
    vtn.resume()

    assert command.wait(within=60) == 0, command.output()
    assert_all_is_there(vtn)


def test_an_interrupt_ends_it_at_once_and_the_next_run_completes_it(
    installation: Installation, vtn: SandboxVtn
) -> None:
    vtn.faults([{**SLOWLY, "seconds": 5, "skip": 5}])
    command = installation.start("register")
    command.wait_until(lambda: vtn.summary()["writes"] >= 6, "it is under way", within=15)

    command.send(signal.SIGINT)

    assert command.wait(within=10) == 130, command.output()
    assert "Traceback" not in command.output()
    vtn.faults([])
    installation.register()
    assert_all_is_there(vtn)


@contextmanager
def silent_listener() -> Iterator[str]:
    """Take connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for each in taken:
                each.close()
