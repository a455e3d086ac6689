"""Keeping every source at work: started when it is wanted, tried again when it fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from ven_daemon.devices.sources import Source
from ven_daemon.domain.errors import VenDaemonError
from ven_daemon.domain.readings import Sifted
from ven_daemon.domain.retry import Backoff

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class SourceState:
    """How a source is doing, for whoever asks."""

    kind: str
    accepted: int = 0
    failures: int = 0
    last_error: str | None = None


Taken = Callable[[str, Sequence[object]], Awaitable[Sifted]]
"""What takes items of a source, by its kind."""


class Bringing:
    """Runs the sources that are wanted, each in a task of its own."""

    backoff = Backoff(base=1.0, cap=60.0)

    def __init__(self, take: Taken) -> None:
        self.states: dict[Source, SourceState] = {}
        self._take = take
        self._tasks: dict[Source, asyncio.Task[None]] = {}
        self._wanted: tuple[Source, ...] = ()
        self._changed = asyncio.Event()

    def want(self, sources: Iterable[Source]) -> None:
        """Say which sources there shall be; those that run already are left alone."""
        self._wanted = tuple(sources)
        self._changed.set()

    async def run(self) -> None:
        """Keep them at work until cancelled."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._stop([each for each in self._tasks if each not in self._wanted])
                for source in self._wanted:
                    if source not in self._tasks:
                        self._start(source)
        finally:
            await self._stop(list(self._tasks))

    def _start(self, source: Source) -> None:
        self.states[source] = SourceState(source.kind)
        self._tasks[source] = asyncio.create_task(
            self._keep(source, self.states[source]), name=f"source {source.kind}"
        )

    async def _stop(self, sources: Sequence[Source]) -> None:
        tasks = [self._tasks.pop(source) for source in sources]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for source in sources:
            del self.states[source]

    async def _keep(self, source: Source, state: SourceState) -> None:
        """Run a source again and again; a failure costs a pause that doubles."""
        in_a_row = 0

        async def take(items: Sequence[object]) -> Sifted:
            nonlocal in_a_row
            sifted = await self._take(source.kind, items)
            in_a_row = 0
            state.accepted += len(sifted.accepted)
            state.last_error = None
            return sifted

        while True:
            try:
                await source.run(take)
            except VenDaemonError as error:
                state.last_error = str(error)
                _log.warning("source.failed", source=source.kind, error=str(error))
            except Exception as error:  # noqa: BLE001 - one source must not end the others
                state.last_error = f"{type(error).__name__}: {error}"
                _log.exception("source.broke", source=source.kind)
            state.failures += 1
            in_a_row += 1
            dice = 0.5 + random.random() / 2  # noqa: S311 - spread, not secrecy
            await asyncio.sleep(self.backoff.delay(in_a_row - 1, dice))
