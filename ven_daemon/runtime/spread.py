"""Many of one kind, each on its own phase of one period: a fleet never moves in step.

One heap and one timer for all: who is not due costs nothing. An APScheduler job for each
would stall the loop when thousands come due together.
"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zlib import crc32

import structlog

from ven_daemon.domain.cadence import next_due
from ven_daemon.domain.errors import VenDaemonError
from ven_daemon.runtime.loop import LoopState

AT_ONCE = 64
"""Steps that run at the same time."""

STARTS_PER_SECOND = 50.0
"""How fast those that never ran are begun with, where the period leaves time for more."""

Step = Callable[[str], Awaitable[float | None]]
"""Does one of them; gives seconds for which it need not be done again, where it knows."""

_log = structlog.get_logger(__name__)


class Spread:
    """Runs a step for each name, once per period, at a phase that follows from the name."""

    def __init__(
        self,
        name: str,
        period: float,
        step: Step,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = LoopState(name)
        self.latest = 0.0
        """Seconds by which the last one that ran was late."""
        self._period = period
        self._step = step
        self._clock = clock
        self._due: dict[str, float] = {}
        """When each is due; what the heap says beside it is out of date."""
        self._heap: list[tuple[float, str]] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self._began: dict[str, float] = {}
        self._hurried: set[str] = set()
        self._free = asyncio.Semaphore(at_once)
        self._woken = asyncio.Event()
        self._resting = False

    @property
    def names(self) -> frozenset[str]:
        """Give all that are kept to."""
        return frozenset(self._due)

    def keep_to(self, names: Iterable[str]) -> None:
        """Keep to *names* from now on; those that are new are begun with soon, one by one."""
        wanted = set(names)
        for gone in self._due.keys() - wanted:
            del self._due[gone]
        for each, due in self._one_by_one(wanted - self._due.keys()):
            self._plan(each, due)

    def retime(self, period: float) -> None:
        """Keep to another period from now on; whoever waits is due by its own phase of that."""
        if period == self._period:
            return
        self._period, now = period, self._clock()
        for name in self._due:
            self._plan(name, next_due(now, period, self._phase(name)))

    def hurry(self, name: str) -> None:
        """Do one of them as soon as possible, and once more where it is being done."""
        if name in self._running:
            self._hurried.add(name)
        elif name in self._due:
            self._plan(name, self._clock())

    def catch_up(self, names: Iterable[str]) -> None:
        """Begin with *names* soon, one by one, where their turn would come later."""
        for each, due in self._one_by_one(self._due.keys() & set(names)):
            self._plan(each, min(due, self._due[each]))

    def _one_by_one(self, names: Collection[str]) -> Iterator[tuple[str, float]]:
        """Say when each of some is due that are not to begin together."""
        now = self._clock()
        span = min(self._period, len(names) / STARTS_PER_SECOND)
        for each in sorted(names, key=self._phase):
            yield each, now + self._phase(each) / self._period * span

    async def rest(self) -> None:
        """Begin nothing more, and wait until what is under way has ended."""
        self._resting = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def run(self) -> None:
        """Run until cancelled; what runs then is cancelled too."""
        try:
            while True:
                name = await self._next()
                await self._free.acquire()
                if self._resting:
                    await asyncio.Event().wait()
                self._begin(name)
        finally:
            tasks = [*self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _next(self) -> str:
        """Wait until somebody is due who is not running."""
        while True:
            self._woken.clear()
            while self._heap and self._is_stale(*self._heap[0]):
                heapq.heappop(self._heap)
            wait = self._heap[0][0] - self._clock() if self._heap else None
            if wait is not None and wait <= 0:
                due, name = heapq.heappop(self._heap)
                self.latest = self._clock() - due
                return name
            await self._sleep(wait)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep until woken, or for so long; many times a second, so without a task for it."""
        if seconds is None:
            await self._woken.wait()
            return
        timer = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    def _begin(self, name: str) -> None:
        task = asyncio.create_task(self._do(name), name=f"{self.state.name} {name}")
        self._running[name] = task
        task.add_done_callback(lambda _: self._free.release())

    async def _do(self, name: str) -> None:
        state, began, pause = self.state, self._clock(), 0.0
        self._began[name] = began
        self._tell_oldest()
        try:
            pause = await self._step(name) or 0.0
        except VenDaemonError as error:
            self._failed(str(error))
            _log.warning("spread.step_failed", loop=state.name, of=name, error=str(error))
        except Exception as error:  # noqa: BLE001 - one of them must not end the others
            self._failed(f"{type(error).__name__}: {error}")
            _log.exception("spread.step_broke", loop=state.name, of=name)
        else:
            state.last_success = datetime.now(UTC)
            state.failures_in_a_row = 0
        finally:
            del self._running[name]
            state.runs += 1
            state.last_seconds = self._clock() - began
            del self._began[name]
            self._tell_oldest()
            self._plan_next(name, pause)

    def _tell_oldest(self) -> None:
        """Show the step that has been running for the longest."""
        oldest = next(iter(self._began.values()), None)
        self.state.began = oldest
        ago = timedelta(seconds=self._clock() - oldest) if oldest is not None else None
        self.state.running_since = datetime.now(UTC) - ago if ago is not None else None

    def _failed(self, words: str) -> None:
        self.state.failures += 1
        self.state.failures_in_a_row += 1
        self.state.last_error = words
        self.state.last_error_at = datetime.now(UTC)

    def _plan_next(self, name: str, pause: float) -> None:
        """Plan the next turn on the grid; what was missed meanwhile is not caught up on."""
        if name not in self._due:
            return
        now = self._clock()
        again = name in self._hurried
        self._hurried.discard(name)
        due = now if again else next_due(now + pause, self._period, self._phase(name))
        self._plan(name, due)

    def _plan(self, name: str, due: float) -> None:
        self._due[name] = due
        heapq.heappush(self._heap, (due, name))
        if self._heap[0][1] == name:
            self._woken.set()

    def _is_stale(self, due: float, name: str) -> bool:
        return self._due.get(name) != due or name in self._running

    def _phase(self, name: str) -> float:
        """Place a name in the period, evenly and always at the same place."""
        return crc32(name.encode("utf-8", "surrogatepass")) / 2**32 * self._period
