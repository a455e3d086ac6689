"""How long the process may have been asleep without knowing it.

A request is not accepted once it is older than the time limit. Its age counts from when it is read,
and that is too late where the whole process stood still (SIGSTOP, a suspended machine) while the
request waited in the kernel. A timer that beats all the time shows such a gap afterwards.
"""

import asyncio
import time

_INTERVAL = 0.25
_GAP = 1.0
"""A longer pause between beats than this is a standstill and not a busy moment."""


class Pulse:
    """A heartbeat of the event loop."""

    def __init__(self) -> None:
        self._beats: tuple[float, float] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to beat in the running loop."""
        now = time.monotonic()
        self._beats = (self._beats[1] if self._beats else now, now)
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self.start)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    def oldest_arrival(self) -> float:
        """Say when, at the earliest, a request that is read now was sent (monotonic seconds).

        The beat before the last one counts: the last may have come just after a standstill, before
        what had piled up meanwhile was read.
        """
        now = time.monotonic()
        if self._beats is not None and now - self._beats[0] > _GAP:
            return self._beats[0]
        return now
