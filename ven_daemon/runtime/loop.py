"""The loop and the step are different things: one loop for all, a step is a method."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ven_daemon.domain.errors import VenDaemonError
from ven_daemon.domain.retry import Backoff

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class LoopState:
    """How a loop is doing, for whoever asks."""

    name: str
    runs: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    running_since: datetime | None = None
    began: float | None = None
    """When the step that is running was begun, on the monotonic clock."""
    last_success: datetime | None = None
    last_seconds: float | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


class Loop:
    """Runs a step whenever it is woken. A failed step never ends it.

    Wakes while the step runs are remembered as one. A step that failed is run again
    after a pause that doubles, whatever its cadence.
    """

    backoff = Backoff(base=1.0, cap=60.0)

    def __init__(self, name: str, step: Callable[[], Awaitable[object]]) -> None:
        self.state = LoopState(name)
        self._step = step
        self._woken = asyncio.Event()
        self._resting = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def rest(self) -> None:
        """Begin no further step, and wait until the one that runs has ended."""
        self._resting = True
        await self._idle.wait()

    def wake(self) -> None:
        """Ask for a run as soon as possible."""
        self._woken.set()

    async def run(self) -> None:
        """Run until cancelled, which is safe at any await: every step can be repeated."""
        while True:
            await self._wait()
            self._woken.clear()
            if self._resting:
                await asyncio.Event().wait()
            await self.once()

    async def _wait(self) -> None:
        failures = self.state.failures_in_a_row
        dice = 0.5 + random.random() / 2  # noqa: S311 - spread, not secrecy
        pause = self.backoff.delay(failures - 1, dice) if failures else None
        # Not wait_for: before Python 3.12 it swallows a cancellation that meets a wake.
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._woken.wait()

    async def once(self) -> None:
        """Run the step once; note and log how it went."""
        state, began = self.state, time.monotonic()
        state.running_since, state.began = datetime.now(UTC), began
        self._idle.clear()
        try:
            await self._step()
        except VenDaemonError as error:
            self._failed(str(error))
            _log.warning("loop.step_failed", loop=state.name, error=str(error))
        except Exception as error:  # noqa: BLE001 - the loop must outlive whatever a step raises
            self._failed(f"{type(error).__name__}: {error}")
            _log.exception("loop.step_broke", loop=state.name)
        else:
            state.last_success = datetime.now(UTC)
            state.failures_in_a_row = 0
        finally:
            state.runs += 1
            state.last_seconds = time.monotonic() - began
            state.running_since = state.began = None
            self._idle.set()

    def _failed(self, words: str) -> None:
        self.state.failures += 1
        self.state.failures_in_a_row += 1
        self.state.last_error = words
        self.state.last_error_at = datetime.now(UTC)
