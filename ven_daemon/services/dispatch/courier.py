"""One sink's task: tell it what is due, when it is due, and note what it answers."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.devices.port import Sink
from ven_daemon.domain.dispatches import Answer, Command, Dispatch, Do, Verdict
from ven_daemon.domain.errors import StoreError
from ven_daemon.store.dispatches import DispatchStore, Told

UNDER_WAY = timedelta(minutes=5)
"""For how long what was handed over is left alone, should nobody ever answer for it."""

PORTION = 5000
"""Dispatches that are taken from the store together: it costs as much as a few hundred would."""

LATE = timedelta(seconds=1)
"""How long after its window began a dispatch may be handed over and still be in time."""

LOOK_AGAIN = 30.0
"""Seconds after which a courier looks though nobody woke it."""

PAUSE = 1.0
"""Seconds before the next attempt where the store does not work."""

_TROUBLE = {
    Verdict.UNREACHABLE: "courier.sink_unreachable",
    Verdict.FAILED: "courier.sink_refused",
}

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """What became of what was handed over."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    late: int = 0
    calls: int = 0
    seconds: float = 0.0
    """Spent waiting for the sink's answers, all in all."""
    slowest: float = 0.0
    in_flight: int = 0
    unreachable: bool = False
    """Whether the last call did not get through, for one of its commands at least."""


class Courier:
    """Serves one sink, and waits for nobody else."""

    def __init__(
        self,
        sink: Sink,
        store: DispatchStore,
        dice: Callable[[], float],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.sink = sink
        self.tally = Tally()
        self._store = store
        self._dice = dice
        self._clock = clock
        self._woken = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], tuple[str, ...]] = {}
        self._resting = False
        self._looked = clock()

    def wake(self) -> None:
        """Say that something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Hand over until cancelled; what is under way then may or may not have arrived."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                try:
                    while await self._hand_over(group):
                        pass
                    pause = await self._pause()
                except StoreError as error:
                    _log.warning("courier.store_failed", sink=self.sink.name, error=str(error))
                    pause = PAUSE
                # Not wait_for: before Python 3.12 it swallows a cancellation that meets a wake.
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()

    async def rest(self) -> None:
        """Hand over nothing more, and wait for the answers that are under way."""
        self._resting = True
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def drain(self) -> None:
        """Hand over everything that is due, and wait for the answers."""
        async with asyncio.TaskGroup() as group:
            while True:
                while len(self._under_way) >= self.sink.in_flight:
                    await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                if not await self._hand_over(group):
                    return

    async def _hand_over(self, group: asyncio.TaskGroup) -> bool:
        """Start one call of the sink, if there is room and something is due."""
        if self._resting or len(self._under_way) >= self.sink.in_flight:
            return False
        now = self._looked = self._clock()
        busy = [key for keys in self._under_way.values() for key in keys]
        due = await self._store.hand(self.sink.name, now, now + UNDER_WAY, PORTION, busy)
        if not due:
            return False
        self._count_late(due, now)
        task = group.create_task(self._deliver(due), name=f"courier {self.sink.name}")
        self._under_way[task] = tuple(each.key for each in due)
        task.add_done_callback(self._came_back)
        return True

    def _came_back(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._woken.set()

    async def _deliver(self, due: Sequence[Dispatch]) -> None:
        told = await self._batches(due)
        try:
            await self._store.settle(told, self._clock(), self._dice)
        except StoreError as error:
            # It is handed over again, as a repetition, once it is no longer left alone.
            _log.warning("courier.unsettled", sink=self.sink.name, error=str(error))

    async def _batches(self, due: Sequence[Dispatch]) -> list[Told]:
        """Call the sink batch by batch; one that reaches nobody is not asked for the rest.

        What is left when everything shall rest is due again once the process begins anew.
        """
        told: list[Told] = []
        unreachable: Answer | None = None
        for begin in range(0, len(due), self.sink.batch):
            some = due[begin : begin + self.sink.batch]
            if self._resting and begin:
                break
            if unreachable is None:
                answers = await self._ask([each.command() for each in some])
                self._tell(answers)
            else:
                answers = [unreachable] * len(some)
            if all(answer.verdict is Verdict.UNREACHABLE for answer in answers):
                unreachable = answers[0]
            told += [Told(d.key, d.do, answer) for d, answer in zip(some, answers, strict=True)]
        return told

    async def _ask(self, commands: Sequence[Command]) -> Sequence[Answer]:
        tally, began = self.tally, time.monotonic()
        tally.in_flight += 1
        try:
            answers = await self.sink.deliver(commands)
        except Exception as error:  # noqa: BLE001 - a broken sink must not end the others
            _log.exception("courier.sink_broke", sink=self.sink.name)
            answers = [Answer(Verdict.UNREACHABLE, f"{type(error).__name__}: {error}")] * len(
                commands
            )
        finally:
            spent = time.monotonic() - began
            tally.in_flight -= 1
            tally.calls += 1
            tally.seconds += spent
            tally.slowest = max(tally.slowest, spent)
        if len(answers) != len(commands):
            words = f"it answered {len(answers)} of {len(commands)} commands"
            _log.error("courier.sink_miscounted", sink=self.sink.name, words=words)
            return [Answer(Verdict.UNREACHABLE, words)] * len(commands)
        return answers

    def _tell(self, answers: Sequence[Answer]) -> None:
        """Count the answers, and say what is wrong in the words of the peer."""
        counts = Counter(answer.verdict for answer in answers)
        self.tally.verdicts.update(counts)
        for verdict, event in _TROUBLE.items():
            if counts[verdict]:
                words = next(each.reason for each in answers if each.verdict is verdict)
                error = f"{self.sink.name}: {words}"
                _log.warning(event, sink=self.sink.name, error=error, commands=counts[verdict])
        before = self.tally.unreachable
        self.tally.unreachable = counts[Verdict.UNREACHABLE] > 0
        if before and not self.tally.unreachable:
            _log.info("courier.sink_reached", sink=self.sink.name)

    def _count_late(self, due: Sequence[Dispatch], now: datetime) -> None:
        first = (d for d in due if d.do is Do.APPLY and d.attempts == 0)
        self.tally.late += sum(1 for each in first if each.due and now - each.due > LATE)

    async def _pause(self) -> float:
        """Say how long nothing will be due, by the monotonic clock that sleeps are timed by.

        Counted from the last look: what became due since then must not be slept over.
        """
        if self._resting or len(self._under_way) >= self.sink.in_flight:
            return LOOK_AGAIN
        due = await self._store.next_due(self.sink.name, self._looked)
        if due is None:
            return LOOK_AGAIN
        return min(max((due - self._clock()).total_seconds(), 0.0), LOOK_AGAIN)
