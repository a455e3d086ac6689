"""What a probe may ask: does the event loop turn, and which concerns keep us from working?"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

STALL_EVERY = 0.05
RECENT = 60.0
"""Seconds back that a stall counts as recent."""

ALIVE_WITHIN = 30.0
"""Seconds without a beat after which the event loop counts as stuck."""


REGISTRATION = "registration"
"""The concern that ends with the first pass over the fleet."""


@dataclass(slots=True)
class Health:
    """Concerns by name, each with the reason why it is not as it must be; none: ready.

    Readiness is that of the process: store, schema, configuration, lease, a first pass
    over the fleet that has ended. A VTN that is down is shown elsewhere.
    """

    concerns: dict[str, str] = field(
        default_factory=lambda: {
            "state": "not opened yet",
            REGISTRATION: "the first pass over the fleet has not ended",
        }
    )
    stopping: bool = False
    first_pass: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first pass over the fleet has ended."""
    worst_stall: float = 0.0
    """Longest time, in seconds, that the event loop was held up since the start."""
    _beat: float = field(default_factory=time.monotonic)
    _stalls: deque[tuple[float, float]] = field(default_factory=deque)
    """When it was held up for longer than at any time after that, and for how long."""

    @property
    def ready(self) -> bool:
        """Whether everything is as it must be."""
        return not self.concerns and not self.stopping

    @property
    def alive(self) -> bool:
        """Whether the event loop turns."""
        return time.monotonic() - self._beat < ALIVE_WITHIN

    @property
    def recent_stall(self) -> float:
        """Longest time that the event loop was held up within the last minute."""
        self._forget(time.monotonic())
        return self._stalls[0][1] if self._stalls else 0.0

    def lacks(self, concern: str, reason: str) -> None:
        """Say that a concern is not as it must be."""
        self.concerns[concern] = reason

    def settled(self, concern: str) -> None:
        """Say that it is."""
        self.concerns.pop(concern, None)
        if concern == REGISTRATION:
            self.first_pass.set()

    async def beat(self) -> None:
        """Prove that the event loop turns, and measure how late it is."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(STALL_EVERY)
            self._beat = time.monotonic()
            self._note_stall(self._beat, self._beat - began - STALL_EVERY)

    def _note_stall(self, now: float, seconds: float) -> None:
        self.worst_stall = max(self.worst_stall, seconds)
        while self._stalls and self._stalls[-1][1] <= seconds:
            self._stalls.pop()
        self._stalls.append((now, seconds))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._stalls and self._stalls[0][0] < now - RECENT:
            self._stalls.popleft()
