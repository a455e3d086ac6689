"""The one writer of readings: many bring some, one transaction keeps them all."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from ven_daemon.domain.errors import (
    StateLostError,
    StoreBehindError,
    StoreError,
    StoreSuspectError,
)
from ven_daemon.domain.readings import Reading
from ven_daemon.store.readings import ReadingStore

ROWS_PER_COMMIT = 1000
"""Readings after which a transaction takes no further offer."""

PATIENCE = 1.0
"""Seconds that an offer may have waited before others are sent away."""

DRAIN = 5.0
"""Seconds that what waits is given at the end."""

_STOPPING = StoreBehindError("the daemon is stopping")

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class IntakeFigures:
    """What a scrape reads."""

    offered: int = 0
    """Readings that passed the gate."""
    committed: int = 0
    commits: int = 0
    failures: int = 0
    turned_away: int = 0
    """Readings whose bringer was told to come back."""
    commit_seconds: float = 0.0
    slowest_commit: float = 0.0
    last_error: str | None = None


@dataclass(slots=True)
class _Offer:
    readings: Sequence[Reading]
    since: float
    done: asyncio.Future[None]


class Intake:
    """Commits what is offered, in the order in which it came.

    While one transaction is on its way to the disk the next one gathers: a lone reading
    waits for nobody, and a crowd shares one sync.
    """

    def __init__(
        self, store: ReadingStore, capacity: int, check: Callable[[], None] = lambda: None
    ) -> None:
        """*check* raises where what the store says of a commit cannot be trusted."""
        self.figures = IntakeFigures()
        self._store = store
        self._capacity = capacity
        self._check = check
        self._offers: deque[_Offer] = deque()
        self._rows = 0
        self._arrived = asyncio.Event()
        self._committing_since: float | None = None
        self._ended = False

    @property
    def queued(self) -> int:
        """Readings that wait for the next transaction."""
        return self._rows

    @property
    def age(self) -> float:
        """Seconds that the oldest offer has been waiting, the one being committed too."""
        oldest = self._committing_since
        if oldest is None and self._offers:
            oldest = self._offers[0].since
        return 0.0 if oldest is None else time.monotonic() - oldest

    def offer(self, readings: Sequence[Reading]) -> asyncio.Future[None]:
        """Keep readings: they are on disk once what this gives is done.

        Raises:
            StoreBehindError: too much waits already; nothing of this was kept.
            StoreError: it could not be kept, or it is not known whether it was.
                Offering it again is harmless.
        """
        done = asyncio.get_running_loop().create_future()
        if not readings:
            done.set_result(None)
            return done
        if self._ended or self._rows + len(readings) > self._capacity or self.age > PATIENCE:
            self.figures.turned_away += len(readings)
            raise StoreBehindError("the store does not keep up: come back later")
        self.figures.offered += len(readings)
        self._offers.append(_Offer(readings, time.monotonic(), done))
        self._rows += len(readings)
        self._arrived.set()
        return done

    async def run(self) -> None:
        """Commit until cancelled; then what waits is given a few seconds.

        Raises:
            StateLostError: the store is no longer the one that was opened.
            StoreSuspectError: what it says cannot be trusted.
        """
        try:
            while True:
                await self._arrived.wait()
                await self._commit_uninterrupted()
        finally:
            self._ended = True
            await self._drain()

    async def _commit_uninterrupted(self) -> None:
        """Commit once; being cancelled meanwhile waits for the commit's end."""
        commit = asyncio.ensure_future(self._commit())
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            await asyncio.wait([commit], timeout=DRAIN)
            commit.cancel()
            await asyncio.gather(commit, return_exceptions=True)
            raise

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN):
                while self._offers:
                    await self._commit()
        except (TimeoutError, StoreError):
            _log.error("readings.not_kept", readings=self._rows)
        finally:
            _refuse(self._take(self._rows), _STOPPING)

    async def _commit(self) -> None:
        """Keep what waits, as much as one transaction takes, and tell who brought it."""
        offers = self._take(ROWS_PER_COMMIT)
        began = time.monotonic()
        self._committing_since = offers[0].since
        try:
            await self._store.write([each for offer in offers for each in offer.readings])
            self._check()
        except (StateLostError, StoreSuspectError) as error:
            self._failed(offers, error)
            raise
        except StoreError as error:
            self._failed(offers, error)
        except Exception as error:  # noqa: BLE001 - one odd reading must not end the writer
            _log.exception("readings.commit_broke")
            self._failed(offers, StoreError(f"{type(error).__name__}: {error}"))
        else:
            self._committed(offers, time.monotonic() - began)
        finally:
            self._committing_since = None
            _refuse(offers, _STOPPING)  # who has not been told by now was cancelled

    def _take(self, most: int) -> list[_Offer]:
        taken: list[_Offer] = []
        rows = 0
        while self._offers and rows < most:
            taken.append(self._offers.popleft())
            rows += len(taken[-1].readings)
        self._rows -= rows
        if not self._offers:
            self._arrived.clear()
        return taken

    def _committed(self, offers: list[_Offer], seconds: float) -> None:
        figures = self.figures
        figures.commits += 1
        figures.committed += sum(len(offer.readings) for offer in offers)
        figures.commit_seconds += seconds
        figures.slowest_commit = max(figures.slowest_commit, seconds)
        if figures.last_error is not None:
            _log.info("readings.kept_again", after=figures.last_error)
            figures.last_error = None
        for offer in offers:
            if not offer.done.done():
                offer.done.set_result(None)

    def _failed(self, offers: list[_Offer], error: StoreError) -> None:
        self.figures.failures += 1
        self.figures.last_error = str(error)
        _log.error("readings.not_kept", error=str(error), offers=len(offers))
        _refuse(offers, error)


def _refuse(offers: list[_Offer], error: StoreError) -> None:
    for offer in offers:
        if not offer.done.done():
            offer.done.set_exception(error)
