"""Handing jobs to workers, each chunk announced before anybody can take from it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Generic, TypeVar

Job = TypeVar("Job")

CHUNK = 2048
LOW = 256
"""How many jobs may be left before the next chunk is announced, while the workers go on."""


class Feed(Generic[Job]):
    """Jobs in order. *announce* is awaited for a chunk before its jobs are given out."""

    def __init__(
        self, jobs: Iterable[Job], announce: Callable[[Sequence[Job]], Awaitable[None]]
    ) -> None:
        self._jobs = iter(jobs)
        self._announce = announce
        self._are_over = False
        self._ready: deque[Job] = deque()
        self._refill: asyncio.Task[None] | None = None

    async def work(self, do: Callable[[Job], Awaitable[None]], workers: int) -> None:
        """Do every job with so many workers; the first error ends them all."""
        await self._fill()
        count = min(workers, len(self._ready))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(self._worker(do))
        except* Exception as errors:
            raise errors.exceptions[0] from errors
        finally:
            if self._refill is not None:
                self._refill.cancel()
                await asyncio.gather(self._refill, return_exceptions=True)

    async def _worker(self, do: Callable[[Job], Awaitable[None]]) -> None:
        while len(self._ready) > LOW or await self._has_more():
            await do(self._ready.popleft())

    async def _has_more(self) -> bool:
        while not self._ready:
            if self._refill is None and self._are_over:
                return False
            await asyncio.shield(self._refilling())
        if len(self._ready) <= LOW and not self._are_over:
            self._refilling()
        return True

    def _refilling(self) -> asyncio.Task[None]:
        if self._refill is None:
            self._refill = asyncio.create_task(self._fill(), name="registration feed")
        return self._refill

    async def _fill(self) -> None:
        chunk = list(islice(self._jobs, CHUNK))
        self._are_over = len(chunk) < CHUNK
        if chunk:
            await self._announce(chunk)
        self._ready.extend(chunk)
        self._refill = None
