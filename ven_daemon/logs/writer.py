"""A thread between those who log and whoever reads: a reader that stalls blocks nobody.

With a pipe that nobody reads, a process that writes to it directly stands still after
some 450 lines (F69).
"""

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

LINES = 2000
"""How many lines may wait. What comes when so many do is dropped, and counted."""


class Writer:
    """Takes lines without ever waiting; its thread carries them to a file descriptor."""

    def __init__(
        self, descriptor: int, say_dropped: Callable[[int], str], lines: int | None = None
    ) -> None:
        self.dropped = 0
        """Lines that found no room, or could not be written, since the beginning."""
        self._descriptor = descriptor
        self._say_dropped = say_dropped
        self._most = LINES if lines is None else lines
        self._said = 0
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._writing = False
        # A daemon thread: a reader that never reads must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Hand over one line."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self.dropped += 1
                return
            self._waiting.append(line)
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until everything is written, but no longer than *seconds*; True when it is."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, seconds)

    def _is_idle(self) -> bool:
        return not self._waiting and not self._writing and self._said == self.dropped

    def _run(self) -> None:
        while True:
            text, dropped = self._next()
            written = self._put(text.encode("utf-8", "backslashreplace") + b"\n")
            with self._changed:
                self._writing = False
                if dropped and written:
                    self._said += dropped
                elif not dropped and not written:
                    self.dropped += 1
                self._changed.notify_all()

    def _next(self) -> tuple[str, int]:
        """Wait for something to write: a line, or what is to be said of those dropped."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_idle())
            self._writing = True
            untold = self.dropped - self._said
            # Once there is room again: in the midst of a flood it would only add to it.
            if untold and len(self._waiting) <= self._most // 2:
                return self._say_dropped(untold), untold
            return self._waiting.popleft(), 0

    def _put(self, line: bytes) -> bool:
        try:
            while line:
                line = line[self._write_some(line) :]
        except OSError:  # a full disk, or nobody at the other end: not a reason to spin, or to end
            time.sleep(0.1)
            return False
        return True

    def _write_some(self, line: bytes) -> int:
        try:
            return os.write(self._descriptor, line)
        except BlockingIOError:
            select.select((), (self._descriptor,), ())
            return 0
