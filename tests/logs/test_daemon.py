"""The daemon's log as whoever collects it has it; and a daemon whose log nobody reads."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn

PIPE_BYTES = 4096
FEW_LINES = """
import sys
from ven_daemon.logs import writer
writer.LINES = 20
from ven_daemon.cli import main
sys.argv = ["ven-daemon", "run"]
main()
"""


class Unread(Service):
    """A daemon that may keep few lines, and whose standard error is a pipe that nobody reads."""

    def start(self) -> None:
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.process = subprocess.Popen(
            [sys.executable, "-c", FEW_LINES],
            env=self._environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=writing,
        )
        os.close(writing)

    def log(self) -> str:
        return "nobody reads it"

    def read(self) -> list[str]:
        """Read until its end, from now on."""
        self.lines: list[str] = []

        def read() -> None:
            with os.fdopen(self.reading, encoding="utf-8") as stream:
                self.lines.extend(stream)

        self.reader = threading.Thread(target=read)
        self.reader.start()
        return self.lines


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def passes(service: Service, more: int) -> None:
    """Make the daemon do, and log, so many passes."""
    for _ in range(more):
        before = service.get("/api/v1/loops")[1]["loops"][0]["runs"]
        service.send("POST", "/api/v1/reconcile")
        service.wait(lambda b=before: service.get("/api/v1/loops")[1]["loops"][0]["runs"] > b)  # type: ignore[misc]


def test_a_log_that_nobody_reads_blocks_nothing_and_what_is_dropped_is_counted(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Unread(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        passes(service, 60)

        assert service.get("/livez")[0] == 200
        assert service.get("/readyz")[0] == 200

        lines = service.read()
        passes(service, 1)
        assert service.terminate() == 0
        service.reader.join(10)

    records = [json.loads(line) for line in lines]
    assert sum(each["lines"] for each in records if each["event"] == "logs.dropped") > 0
    assert records[-1]["event"] == "daemon.stopped"


def test_it_stops_in_time_though_nobody_reads(vtn: SandboxVtn, tmp_path: Path) -> None:
    with Unread(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        passes(service, 60)

        assert service.terminate() == 0
        os.close(service.reading)


def test_every_line_is_json_and_none_holds_a_secret(tmp_path: Path) -> None:
    secret = "a-secret-of-this-test"
    with (
        SandboxVtn("--client", f"operator:{secret}:bl") as vtn,
        Service(
            tmp_path,
            vtn.url,
            VEN_CLIENT_ID="operator",
            VEN_CLIENT_SECRET=secret,
            VEN_OPERATOR_TOKEN="operators-own",
            VEN_LOG_LEVEL="DEBUG",
        ) as service,
    ):
        service.wait_until_ready()
        vtn.revoke()
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: "settings.reloaded" in service.log())
        service.wait(lambda: "daemon.ready" in service.log())
        assert service.terminate() == 0

    events = [json.loads(line) for line in service.log().splitlines()]
    assert {"daemon.listening", "daemon.ready", "daemon.stopped"} <= {
        each["event"] for each in events
    }
    for hidden in (secret, "operators-own", "eyJ"):
        assert hidden not in service.log()


def test_what_libraries_log_goes_the_same_way(tmp_path: Path) -> None:
    program = """
        import asyncio, logging, warnings, structlog
        from ven_daemon import logs
        logs.configure("INFO", "json")
        logs.configure("INFO", "json")
        logging.getLogger("apscheduler").error("one\\ntwo %s", "three")
        logging.getLogger("aiohttp.server").warning("bad %s %s", "arguments")
        warnings.warn("careful", stacklevel=1)
        try:
            raise ValueError("client_secret=hunter2")
        except ValueError:
            logging.getLogger("asyncio").exception("Task exception was never retrieved")
        structlog.get_logger().debug("not.shown")
        logs.configure("DEBUG", "json")
        structlog.get_logger().debug("shown")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30
    )

    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each.get("logger") for each in records] == [
        "apscheduler",
        "aiohttp.server",
        "py.warnings",
        "asyncio",
        None,
    ]
    assert records[0]["event"] == "one\ntwo three"
    assert "ValueError: client_secret=***" in records[3]["exception"]
    assert "hunter2" not in done.stderr
    assert records[4]["event"] == "shown"
