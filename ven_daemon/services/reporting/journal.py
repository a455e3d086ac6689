"""Changes of many reports on their way to the store, gathered into few transactions."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from ven_daemon.domain.reporting.outbox import Entry
from ven_daemon.store.outbox import Change, Changed, OutboxStore

TOGETHER = 64
"""Changes of one transaction: some of them bring a body of a megabyte along."""


class _Wish(NamedTuple):
    change: Change
    done: asyncio.Future[Changed | None]


class Journal:
    """Whoever asks waits for the transaction that holds its change; many share one."""

    def __init__(self, outbox: OutboxStore, clock: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._wishes: list[_Wish] = []
        self._writing: asyncio.Task[None] | None = None

    async def change(
        self, name: str, do: Callable[[Entry], Entry], *, with_body: bool = False
    ) -> Changed | None:
        """Change how a report stands; once this returns it is on disk."""
        done: asyncio.Future[Changed | None] = asyncio.get_running_loop().create_future()
        self._wishes.append(_Wish(Change(name, do, with_body), done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="outbox journal")
        return await done

    async def _write(self) -> None:
        while self._wishes:
            some, self._wishes = self._wishes[:TOGETHER], self._wishes[TOGETHER:]
            try:
                changed = await self._outbox.change([wish.change for wish in some], self._clock())
            except BaseException as error:
                for wish in some:
                    if not wish.done.done():
                        wish.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for wish, result in zip(some, changed, strict=True):
                    if not wish.done.done():
                        wish.done.set_result(result)
