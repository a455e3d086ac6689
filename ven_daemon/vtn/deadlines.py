"""One time limit for many exchanges, kept by one timer."""

import asyncio
from types import TracebackType
from typing import Any


class Deadlines:
    """A `with` block of the task that enters it ends in `TimeoutError` after so many seconds.

    All have the same limit, so they are over in the order in which they began, and only
    the first needs a timer. One for each, as aiohttp and `asyncio.timeout` set it, takes
    a tenth of an exchange.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began: dict[asyncio.Task[Any], float] = {}
        self._over: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._began[_current_task()] = now = loop.time()
        if self._timer is None:
            self._timer = loop.call_at(now + self._seconds, self._end_late)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = _current_task()
        if self._began.pop(task, None) is None:
            self._over.discard(task)
            # Where somebody else cancelled it too, that is what counts.
            if task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _end_late(self) -> None:
        """Cancel whose time is over, and look again when the next one's is."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._began:
            task, began = next(iter(self._began.items()))
            if loop.time() < began + self._seconds:
                self._timer = loop.call_at(began + self._seconds, self._end_late)
                return
            del self._began[task]
            self._over.add(task)
            task.cancel()


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a deadline is a task's")
    return task
