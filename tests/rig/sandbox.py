"""The sandbox VTN in a process of its own, with its control plane as plain methods.

Everything here blocks for a moment and may be called from any test: the VTN it
speaks to does not share the test's event loop.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.rig.processes import Program
from tests.rig.rest import Answer, call, expect

_URL = r"http://127\.0\.0\.\d+:\d+"


class SandboxVtn:
    """One sandbox. Options are those of ``python -m ven_daemon.sandbox``."""

    def __init__(self, *options: str, port: int = 0, env: Mapping[str, str] | None = None) -> None:
        self._folder: Path | None = None
        self._options = options
        self._port = port
        self._env = env
        self._program: Program | None = None
        self.url = ""

    def start(self) -> None:
        """Start it and learn its URL from the one line it prints."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ven-sandbox-"))
        self._program = Program(
            [sys.executable, "-m", "ven_daemon.sandbox", "--port", str(self._port), *self._options],
            self._folder / "sandbox.log",
            env=self._env,
        )
        self.url = self._program.wait_for_line(_URL)[0]
        self._port = int(self.url.rpartition(":")[2])  # a restart comes back at the same address

    @property
    def program(self) -> Program:
        """The process: to pause, resume or kill it."""
        assert self._program is not None, "the sandbox has not been started"
        return self._program

    def restart(self) -> None:
        """Stop and start it at the same address; it remembers only with ``--state``."""
        self.program.stop()
        self.start()

    def stop(self) -> None:
        """End it by its id."""
        if self._program is not None:
            self._program.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # half started is still to be ended
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def summary(self) -> dict[str, int]:
        """Count what it holds and what it was asked."""
        counts: dict[str, int] = expect(200, self._control("GET", "summary")).json()
        return counts

    def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        """Everything it accepted or was asked, in order, from behind line *after* on."""
        lines = expect(200, self._control("GET", f"ledger?after={after}")).body.splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Switch faults; an empty list heals."""
        expect(200, self._control("PUT", "faults", list(faults)))

    def stock(self, objects: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
        """Put objects there, each with its kind (``event``), by the ten thousand and unchecked."""
        lines = [json.dumps({"kind": kind, "object": each}) for kind, each in objects]
        answer = self._control("POST", "objects", "\n".join(lines).encode())
        put: int = expect(200, answer).json()["put"]
        return put

    def wipe(self) -> None:
        """Forget all objects; the counters stay."""
        expect(200, self._control("POST", "wipe"))

    def reset(self) -> None:
        """Forget everything, counters too."""
        expect(200, self._control("POST", "reset"))

    def revoke(self, *clients: str) -> None:
        """Make the tokens of these clients void; with none named, everybody's."""
        body = {"clients": clients} if clients else None
        expect(200, self._control("POST", "revoke", body))

    def pause(self) -> None:
        """Freeze it: connections are taken by the system and nobody answers."""
        self.program.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.program.resume()

    def _control(self, method: str, what: str, body: object = None) -> Answer:
        return call(method, f"{self.url}/sandbox/{what}", body=body)
