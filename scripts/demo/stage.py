"""The programs of the demo: started in the background, ended by their ids."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("ven-daemon")


class Failed(RuntimeError):  # noqa: N818 - said to a person, not handled
    """The demo cannot go on; the message says why and where to look."""


class Actor:
    """One program, its output in a file of its own."""

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str], *words: str
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._out = folder / f"{name}.out"
        with self.log.open("wb") as log, self._out.open("wb") as out:
            self._process = subprocess.Popen(
                [PROGRAM, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C is ours to hand on, in order
            )

    @property
    def ended(self) -> bool:
        """Whether it has ended, which it should not by itself."""
        return self._process.poll() is not None

    def says(self, pattern: str, within: float = 30.0) -> str:
        """Wait until it prints what matches, and give the first group."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and not self.ended:
            found = re.search(pattern, self._out.read_text() + self.log.read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise Failed(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")

    def end(self, within: float = 12.0) -> int:
        """Ask it to end, and give its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def sample_fleet(folder: Path) -> Path:
    """Generate the sample inventory, in words of its own."""
    inventory = folder / "resources.db"
    words = ["samples", "--out", str(folder / "samples"), "--db-path", str(inventory)]
    subprocess.run([PROGRAM, *words], check=True)
    return inventory


def port_for_operators(wanted: int = 8081) -> int:
    """Take the usual port where nobody has it, else any that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise Failed("no port is free")
