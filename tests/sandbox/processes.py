"""A sandbox in a process of its own: started, spoken to, stopped or killed."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

import orjson

_DEADLINE = 15.0


class SandboxProcess:
    """`python -m ven_daemon.sandbox` with *options*, on a port of the system's choice."""

    def __init__(self, *options: str | Path, port: int = 0) -> None:
        self._command = [sys.executable, "-m", "ven_daemon.sandbox", "--port", str(port)]
        self._command += map(str, options)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.line = self._process.stdout.readline().rstrip("\n")
        self.url = self.line.rpartition(" ")[2]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.rest()

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(_DEADLINE)

    def rest(self) -> tuple[str, str]:
        """What else it wrote on standard output and standard error until its end."""
        return self._process.communicate(timeout=_DEADLINE)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else orjson.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_DEADLINE) as response:
            return orjson.loads(response.read())


def run_to_the_end(*options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a sandbox that is not to start."""
    command = [sys.executable, "-m", "ven_daemon.sandbox", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE)


def until(condition: Any) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
