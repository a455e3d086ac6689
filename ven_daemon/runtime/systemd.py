"""What systemd is told: READY once, STATUS as things change, WATCHDOG while there is progress."""

import asyncio
import time
from collections.abc import Callable, Iterable

import structlog

from ven_daemon.runtime.health import Health
from ven_daemon.runtime.loop import LoopState
from ven_daemon.runtime.notify import notify, watchdog_seconds

LONGEST_STEP = 3600.0
"""Seconds that a step of a loop may take: one that takes longer is no progress."""

UNTIL_READY = 0.2
EVERY = 5.0
"""Seconds between two words to systemd, or half of what its watchdog asks for."""

_log = structlog.get_logger(__name__)


class Systemd:
    """Who started us, where it is systemd; elsewhere nobody listens."""

    def __init__(
        self,
        health: Health,
        loops: Callable[[], Iterable[LoopState]],
        words: Callable[[], str],
    ) -> None:
        self._health = health
        self._loops = loops
        self._words = words
        self._told_ready = False

    async def tell(self) -> None:
        """Tell it how we are, for ever."""
        every = min((watchdog_seconds() or 2 * EVERY) / 2, EVERY)
        while True:
            self._tell_once()
            await asyncio.sleep(every if self._told_ready else UNTIL_READY)

    def standby(self, why: str) -> None:
        """Say that we wait: that is what we were started for, too."""
        _log.info("daemon.standby", why=why)
        notify("READY=1", "STATUS=standby")

    def stopping(self) -> None:
        """Say that we end, and how long that may take."""
        notify("STOPPING=1", "STATUS=stopping")

    def reloading(self) -> None:
        """Say that settings are being read."""
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """Say that they have been."""
        notify("READY=1")

    def _tell_once(self) -> None:
        if self._health.ready and not self._told_ready:
            self._told_ready = True
            notify("READY=1")
            _log.info("daemon.ready", words=self._words())
        notify(f"STATUS={self._words()}")
        # A timer alone would go on while nothing else does.
        if self._health.alive and self.progresses():
            notify("WATCHDOG=1")

    def progresses(self) -> bool:
        """Whether no step has been running for longer than any may."""
        now = time.monotonic()
        began = [state.began for state in self._loops()]
        return all(each is None or now - each < LONGEST_STEP for each in began)
