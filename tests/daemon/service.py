"""`ven-daemon run` as a process of its own, in a folder of its own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.registration.fleet import SmallFleet
from tests.rig.processes import free_port, starved

ROOT = Path(__file__).parents[2]
FLEET = {"Aalborg": 3, "Vejle": 2}


class Service:
    """A running daemon; leaving the block ends it, by its id."""

    def __init__(
        self,
        folder: Path,
        vtn_url: str,
        *,
        module: str = "ven_daemon",
        through: Sequence[str] = (),
        **environment: str,
    ) -> None:
        """Take settings; *module*: what is run, where it is not the product as it is.

        *through*: what it is started through, a program that becomes it.
        """
        self._through = through
        self._module = module
        self.folder = folder
        self.port = free_port()
        self._log = folder / f"daemon-{self.port}.log"
        self.url = f"http://127.0.0.1:{self.port}"
        self.inventory = folder / "resources.db"
        if not self.inventory.exists():
            fleet = SmallFleet(self.inventory)
            for ven, count in FLEET.items():
                for number in range(count):
                    fleet.add(ven, f"bar {number}")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VEN_")},
            "VEN_VTN_URL": vtn_url,
            "VEN_INVENTORY_URL": f"sqlite:///{self.inventory}",
            "VEN_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "VEN_HTTP_PORT": str(self.port),
            "VEN_REQUEST_TIMEOUT": "2",
            "VEN_LOG_FORMAT": "json",
            "VEN_STATE_RESERVE": "0",
            "PYTHONPATH": str(ROOT),
            **environment,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._through, sys.executable, "-m", self._module, "run"],
                env=self._environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    def command(self, *arguments: str, **others: str) -> subprocess.CompletedProcess[str]:
        """Run another command of ours with the same settings, or *others*."""
        return subprocess.run(
            [sys.executable, "-m", "ven_daemon", *arguments],
            env=self._environment | others,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def wait_for_exit(self) -> int:
        return self.process.wait(20)

    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str, token: str | None = None) -> tuple[int, Any]:
        return self.send("GET", path, token)

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        seconds: float = 10,
        body: Any = None,
    ) -> tuple[int, Any]:
        """Send a request; *body* is bytes as they are, or something to write as JSON."""
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        status, text = self.get_text(path, token, method, seconds, sent)
        return status, json.loads(text) if text[:1] in "{[" and text else text

    def get_text(
        self,
        path: str,
        token: str | None = None,
        method: str = "GET",
        seconds: float = 10,
        body: bytes | None = None,
    ) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, body, method=method)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, Any, Mapping[str, str]]:
        """Send a body; give status, document and headers of the answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, sent, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
                return error.code, json.loads(text) if text[:1] == "{" else text, error.headers

    def wait(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(self.log())

    def wait_until_ready(self) -> float:
        """Wait, and say how many seconds it took."""
        began = time.monotonic()
        self.wait(lambda: self.get("/readyz")[0] == 200)
        return time.monotonic() - began

    def starved(self) -> float:
        """Say for how many seconds it could have run, but others had the processors."""
        return starved(self.process.pid)

    def pass_over(self, token: str | None = None) -> None:
        """Ask for a pass over the whole fleet, and wait until it has ended."""

        def runs() -> int:
            loops = self.get("/api/v1/loops", token)[1]["loops"]
            return next(int(each["runs"]) for each in loops if each["name"] == "registration")

        before = runs()
        assert self.send("POST", "/api/v1/reconcile", token)[0] == 202
        self.wait(lambda: runs() > before)

    def change(self, statement: str) -> None:
        with sqlite3.connect(self.inventory) as connection:
            connection.execute(statement)
        connection.close()
