"""Programs under test: started in the background, awaited with a deadline, ended by their id."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_PAUSE = 0.02
_TAIL = 4_000


@dataclass(frozen=True)
class Account:
    """The user of the system that a program runs as, where that is not ours."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        """What subprocess needs to change to it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class NotReadyError(AssertionError):
    """A program did not do in time what the test waited for."""


def free_port() -> int:
    """Find a TCP port of the loopback that nobody listens on at this instant."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def port_is_taken(port: int) -> bool:
    """Tell whether somebody accepts connections on *port* of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def url_answers(url: str, within: float = 1.0) -> bool:
    """Ask *url* once; only a 2xx answer counts."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError, urllib.error.URLError), opener.open(url, timeout=within):
        return True
    return False


def starved(pid: int) -> float:
    """Say for how many seconds a process could have run, but others had the processors.

    The threads of its databases count: what they wait for, it waits for.
    """
    stats = [each.read_text().split() for each in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(waited) for _, waited, _ in stats) / 1e9


class Program:
    """One running program. Its output goes to a file, which failures quote."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
    ) -> None:
        self.log = log
        self._name = Path(argv[0]).name
        with log.open("ab") as out:
            self._from = out.tell()  # a restarted program writes on in the same file
            self._popen = subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                **(account.options() if account else {}),
            )

    @property
    def pid(self) -> int:
        """The id by which this program, and no other, is ended."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._popen.poll()

    def output(self) -> str:
        """Everything this run has written so far."""
        with self.log.open("rb") as written:
            written.seek(self._from)
            return written.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], what: str, within: float) -> None:
        """Wait until *ready* says so; fail at once where the program has ended."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if ready():
                return
            if self.exit_code is not None:
                raise NotReadyError(self._failure(f"ended with {self.exit_code} before {what}"))
            time.sleep(_PAUSE)
        raise NotReadyError(self._failure(f"took over {within:g} s: {what}"))

    def wait_for_line(self, pattern: str, within: float = 30) -> re.Match[str]:
        """Wait for a whole line of output that matches *pattern*."""
        line = re.compile(f"^.*(?:{pattern}).*\n", re.MULTILINE)
        self.wait_until(
            lambda: line.search(self.output()) is not None, f"a line like {pattern}", within
        )
        found = re.search(pattern, self.output(), re.MULTILINE)
        assert found is not None
        return found

    def wait_for_url(self, url: str, within: float = 30) -> None:
        """Wait until *url* answers with success."""
        self.wait_until(lambda: url_answers(url), f"{url} answers", within)

    def wait(self, within: float) -> int:
        """Wait for the program to end by itself; give its exit code."""
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            raise NotReadyError(self._failure(f"did not end within {within:g} s")) from None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the program has ended already."""
        if self.exit_code is None:
            os.kill(self.pid, number)

    def pause(self) -> None:
        """Freeze it, as a stalled host would."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen program go on."""
        self.send(signal.SIGCONT)

    def kill(self) -> int:
        """End it at once, with no chance to tidy up."""
        self.send(signal.SIGKILL)
        return self._popen.wait(10)

    def stop(self, within: float = 10, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; kill it where it does not within the time given."""
        self.send(by)
        self.resume()
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            return self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _failure(self, what: str) -> str:
        return f"{self._name} (pid {self.pid}) {what}\n--- its output ---\n{self.output()[-_TAIL:]}"
