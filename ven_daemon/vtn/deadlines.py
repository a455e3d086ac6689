"""Time limits for many exchanges, kept by one timer."""

import asyncio
from types import TracebackType
from typing import Any


class Deadlines:
    """A `with` block ends in `TimeoutError` after *whole* seconds, or *silent* ones unheard.

    One timer does for all of them. One for each, set anew at every piece of an answer, as
    aiohttp and `asyncio.timeout` do it, takes a tenth of an exchange.
    """

    def __init__(self, whole: float, silent: float) -> None:
        self._whole = whole
        self._silent = silent
        self._began: dict[asyncio.Task[Any], float] = {}
        self._heard: dict[asyncio.Task[Any], float] = {}
        self._over: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        self._began[_current_task(loop)] = now = loop.time()
        if self._timer is None:
            self._timer = loop.call_at(now + min(self._whole, self._silent), self._end_late)

    def heard(self) -> None:
        """Note, inside a block, that its silence was broken."""
        loop = asyncio.get_running_loop()
        self._heard[_current_task(loop)] = loop.time()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = _current_task(asyncio.get_running_loop())
        self._heard.pop(task, None)
        if self._began.pop(task, None) is None:
            self._over.discard(task)
            # Where somebody else cancelled it too, that is what counts.
            if task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _end_late(self) -> None:
        """Cancel whose time is over, and look again when the next one's is."""
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        due = {task: self._due(task, began) for task, began in self._began.items()}
        for task in [task for task, at in due.items() if at <= now]:
            del self._began[task], due[task]
            self._over.add(task)
            task.cancel()
        if due:
            self._timer = loop.call_at(min(due.values()), self._end_late)

    def _due(self, task: asyncio.Task[Any], began: float) -> float:
        return min(began + self._whole, self._heard.get(task, began) + self._silent)


def _current_task(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Any]:
    task = asyncio.current_task(loop)
    if task is None:
        raise RuntimeError("a deadline is a task's")
    return task
