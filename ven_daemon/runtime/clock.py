"""A clock that does not jump: UTC, carried on by the monotonic clock.

A wall clock that is set while something is due would make it late, or early, or twice.
So a jump is believed only once it has lasted: until then time goes on as it did.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

JUMP = 2.0
"""Seconds by which the wall clock may stray; less than that it is followed at once."""

BELIEVE_AFTER = 60.0
"""Seconds for which a jump must last to be followed."""

_log = structlog.get_logger(__name__)


class SteadyClock:
    """Gives the time; ask it often, it learns by being asked."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._jumped_at: float | None = None

    def __call__(self) -> datetime:
        """Say what time it is."""
        ticks = self._monotonic()
        offset = self._wall() - ticks
        if abs(offset - self._offset) <= JUMP:
            self._offset, self._jumped_at = offset, None
        elif self._jumped_at is None:
            self._jumped_at = ticks
        elif ticks - self._jumped_at >= BELIEVE_AFTER:
            _log.warning("clock.followed", seconds=round(offset - self._offset, 1))
            self._offset, self._jumped_at = offset, None
        return datetime.fromtimestamp(ticks + self._offset, UTC)
