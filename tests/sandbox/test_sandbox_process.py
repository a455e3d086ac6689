"""The sandbox as a process: its one line, its signals, its exit codes, its standstills."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
from pathlib import Path

import pytest

from tests.sandbox.processes import SandboxProcess, run_to_the_end, until
from tests.sandbox.rig import bl_ven


@pytest.mark.parametrize("profile", ["3.1", "3.0"])
def test_it_says_in_one_line_where_it_listens_and_serves_there(profile: str) -> None:
    with SandboxProcess("--open", "--profile", profile) as sandbox:
        pattern = rf"sandbox VTN {re.escape(profile)} listening on http://127\.0\.0\.1:\d+"

        assert re.fullmatch(pattern, sandbox.line)
        assert sandbox.call("GET", "/sandbox/summary")["vens"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_on_a_signal(number: signal.Signals) -> None:
    with SandboxProcess("--open") as sandbox:
        sandbox.call("GET", "/vens")
        sandbox.signal(number)

        assert sandbox.wait() == 0
        assert sandbox.rest() == ("", "")


def test_a_hanging_request_does_not_keep_it_from_stopping() -> None:
    with SandboxProcess("--open") as sandbox:
        sandbox.call("PUT", "/sandbox/faults", [{"kind": "hang"}])
        port = int(sandbox.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as hanging:
            hanging.sendall(b"GET /vens HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: sandbox.call("GET", "/sandbox/summary")["requests"] == 1)
            sandbox.signal(signal.SIGTERM)

            assert sandbox.wait() == 0


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = run_to_the_end("--open", "--port", str(port))

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == f"sandbox: port {port} on 127.0.0.1 is taken by another process\n"


def test_without_clients_it_says_that_nobody_gets_a_token() -> None:
    with SandboxProcess() as sandbox:
        sandbox.signal(signal.SIGTERM)
        assert sandbox.wait() == 0
        assert "give --client, --clients or --open" in sandbox.rest()[1]


def test_a_client_of_the_command_line_gets_a_token() -> None:
    with SandboxProcess("--client", "me:a:b:bl") as sandbox:
        form = b"grant_type=client_credentials&client_id=me&client_secret=a%3Ab"
        port = int(sandbox.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(
                b"POST /auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(form), form)
            )
            assert raw.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_bad_list_of_clients_is_said_without_its_secrets() -> None:
    ended = run_to_the_end("--client", "me:hush-hush")

    assert ended.returncode == 2
    assert ended.stderr == "sandbox: client 'me': expected ID:SECRET:bl or ID:SECRET:ven\n"


def test_a_client_twice_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "clients.csv"
    listed.write_text("client_id,client_secret\nme,one\n")

    ended = run_to_the_end("--clients", listed, "--client", "me:two:ven")

    assert (ended.returncode, ended.stderr) == (2, "sandbox: client 'me' is given twice\n")


@pytest.mark.parametrize("lasting", [2.0, 0.2])
def test_what_waited_through_a_standstill_is_too_old_where_that_was_long(lasting: float) -> None:
    """A stopped process (SIGSTOP) must not accept, once it goes on, what was sent to it before."""
    with SandboxProcess("--open", "--request-limit", "1") as sandbox:
        statuses: list[int] = []

        def create() -> None:
            try:
                sandbox.call("POST", "/vens", bl_ven("c", "n"))
                statuses.append(201)
            except urllib.error.HTTPError as e:
                statuses.append(e.code)
                e.close()

        sandbox.call("GET", "/vens")
        time.sleep(0.6)  # the pulse is regular
        sandbox.signal(signal.SIGSTOP)
        sender = threading.Thread(target=create)
        sender.start()
        time.sleep(lasting)
        sandbox.signal(signal.SIGCONT)
        sender.join(10)

        late = lasting > 1
        assert statuses == [503 if late else 201]
        assert sandbox.call("GET", "/sandbox/summary")["vens"] == (0 if late else 1)
        time.sleep(0.6)
        assert sandbox.call("GET", "/vens") == [] if late else True


def test_the_command_line_offers_it_with_an_example() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "ven_daemon", "sandbox", "--help"],
        capture_output=True,
        text=True,
        timeout=30,
        env={"COLUMNS": "80", "TERM": "dumb", "PATH": ""},
    )

    assert shown.returncode == 0
    assert "Example: ven-daemon sandbox" in shown.stdout
    assert len(shown.stdout.splitlines()) <= 40
    for option in ("--host", "--port", "--profile", "--open", "--lenient", "--clients", "--client"):
        assert option in shown.stdout


def test_the_command_line_refuses_an_unknown_profile() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ven_daemon", "sandbox", "--open", "--profile", "2.0"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == 2
    assert "3.1" in ended.stderr
