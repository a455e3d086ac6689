"""One process at a time works with a state database, and an earlier one is fenced off.

In a file, a lock says who: it ends with its process, however that ends. On a server, a
row with a term by the server's clock says it, renewed while its holder lives, so that
one that was frozen or cut off is succeeded too. In both, each holder has an epoch, and
every transaction of an earlier one is refused (`Database.begin`).
"""

import asyncio
import fcntl
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import structlog
from sqlalchemy import ColumnElement, func, insert, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.errors import LeaseLostError, StateInUseError, StoreError
from ven_daemon.store.database import Database
from ven_daemon.store.schema import leases

TERM = 6.0
"""Seconds that a holder is taken to live after it was last heard of."""
RENEW_EVERY = TERM / 3
SURE_FOR = 0.8 * TERM
"""Seconds after which a holder that could not renew stops sending, on its own clock."""

_MADE_BY = 0x56454E44
"""The PostgreSQL advisory lock under which the table is made."""

_log = structlog.get_logger(__name__)


class Lease:
    """A state database, held."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self.owner = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid4().hex[:8]}"
        self.lost: LeaseLostError | None = None
        self._database = database
        self._clock = clock
        self._sure_until = float("inf")
        self._ended = asyncio.Event()

    @property
    def epoch(self) -> int | None:
        """Ours."""
        return self._database.standing.epoch

    @property
    def is_sure(self) -> bool:
        """Whether nobody else can be at work: not where it could not be renewed for long."""
        return self.lost is None and self._clock() < self._sure_until

    def insist(self) -> None:
        """Let nothing leave this process that another one may be sending too.

        Raises:
            LeaseLostError: another may hold the state by now.
        """
        if self.lost is not None:
            raise self.lost
        if not self.is_sure:
            words = f"the lease of {self._database} could not be renewed: nothing is sent"
            raise LeaseLostError(words)

    async def arm(self) -> None:
        """Take an epoch in a file, whose tables are there by now; a server's has been taken."""
        if self._database.is_sqlite:
            async with self._database.begin() as connection:
                epoch = await _succeed(connection, self.owner)
            self._database.standing.epoch = epoch

    async def take(self) -> bool:
        """Take a server's state if nobody holds it, or its holder's term is over."""
        began = self._clock()
        async with self._database.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_MADE_BY)))
            await connection.run_sync(lambda sync: leases.create(sync, checkfirst=True))
            held = leases.c.held_until > func.clock_timestamp()
            if await connection.scalar(select(held).where(leases.c.id == 1).with_for_update()):
                return False
            epoch = await _succeed(connection, self.owner)
        self._database.standing.epoch = epoch
        self._sure_until = began + SURE_FOR
        return True

    async def watch(self) -> None:
        """Wait until it is lost, for ever as a rule.

        Raises:
            LeaseLostError: another took it over.
        """
        await self._ended.wait()
        if self.lost is not None:
            raise self.lost

    async def keep(self) -> None:
        """Renew it, and look whether it is still ours, until it is not."""
        while self.lost is None:
            await asyncio.sleep(RENEW_EVERY)
            await self._renew()

    async def _renew(self) -> None:
        began = self._clock()
        try:
            async with asyncio.timeout(TERM):
                await self._say_that_we_live()
        except LeaseLostError as error:
            self.lost = error
            self._ended.set()
        except (StoreError, TimeoutError) as error:
            _log.warning("lease.not_renewed", error=str(error) or "no answer in time")
        else:
            self._sure_until = began + SURE_FOR

    async def _say_that_we_live(self) -> None:
        if self._database.is_sqlite:
            await self._look_at_the_file()
            return
        async with self._database.begin() as connection:
            await connection.execute(update(leases).values(held_until=_a_term_from_now()))

    async def _look_at_the_file(self) -> None:
        """Its lock is ours for as long as we live, unless somebody removed the lock's file."""
        if self.epoch is None:
            return
        async with self._database.read() as connection:
            found = await connection.scalar(select(leases.c.epoch))
        if found != self.epoch:
            raise LeaseLostError(f"another ven-daemon has taken {self._database} over")

    async def term(self) -> datetime | None:
        """Say until when a server's is held, by whomever."""
        async with self._database.read() as connection:
            until: datetime | None = await connection.scalar(select(leases.c.held_until))
            return until

    async def give_back(self) -> None:
        """Let the next one in at once; whoever cannot say so is succeeded after its term."""
        if self.lost is None and not self._database.is_sqlite:
            with suppress(StoreError):
                async with self._database.begin() as connection:
                    await connection.execute(update(leases).values(held_until=None))
        self._database.standing.epoch = None


@asynccontextmanager
async def lease(database: Database, *, patient: bool = False) -> AsyncIterator[Lease]:
    """Hold the state database for as long as the block lasts.

    With *patient*, one on a server whose holder shows no sign of life is waited for.

    Raises:
        StateInUseError: another process holds it.
    """
    held = Lease(database)
    if database.file is not None:
        with _locked_file(database.file.with_name(database.file.name + ".lock"), str(database)):
            async with _kept(held):
                yield held
        return
    if not await (_taken_in_the_end(held) if patient else held.take()):
        raise StateInUseError(f"another ven-daemon is working with {database}")
    async with _kept(held):
        yield held


@asynccontextmanager
async def _kept(held: Lease) -> AsyncIterator[None]:
    keeping = asyncio.create_task(held.keep(), name="lease")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await held.give_back()


async def _taken_in_the_end(held: Lease) -> bool:
    """Wait for one term: a holder that was killed cannot say so, one that lives renews."""
    deadline = time.monotonic() + TERM + 0.5
    before = None
    while not await held.take():
        term = await held.term()
        if time.monotonic() > deadline or before not in (None, term):
            return False
        before = term
        await asyncio.sleep(0.2)
    return True


async def _succeed(connection: AsyncConnection, owner: str) -> int:
    """Begin the next epoch."""
    epoch = (await connection.scalar(select(leases.c.epoch)) or 0) + 1
    sqlite = connection.dialect.name == "sqlite"
    until = null() if sqlite else _a_term_from_now()
    row = {"epoch": epoch, "owner": owner, "held_until": until}
    if epoch == 1:
        await connection.execute(insert(leases).values(id=1, **row))
    else:
        await connection.execute(update(leases).values(row))
    return epoch


def _a_term_from_now() -> ColumnElement[Any]:
    return func.clock_timestamp() + text(f"interval '{TERM} seconds'")


class _locked_file:  # noqa: N801 - reads as a clause: with _locked_file(path)
    def __init__(self, path: Path, database: str) -> None:
        self._path = path
        self._database = database
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.__exit__()
            raise StateInUseError(f"another ven-daemon is working with {self._database}") from None
        except OSError as error:
            raise StoreError(f"{self._path} cannot be locked: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
