"""A database of SQLite or PostgreSQL, and the one place that renames their failures.

SQLite gets two engines: one writer connection, whose transactions begin with
BEGIN IMMEDIATE (a deferred one that upgrades later fails at once when somebody
else wrote meanwhile), and readers apart. PostgreSQL gets one pool for both.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, event, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ven_daemon.domain.errors import (
    LeaseLostError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreInterruptedError,
    StoreSuspectError,
)
from ven_daemon.store.bridge import Thread
from ven_daemon.store.engines import (
    begin_immediate,
    parse,
    postgres_engine,
    sqlite_engine,
    sqlite_file,
)
from ven_daemon.store.failures import renamed
from ven_daemon.store.schema import leases

T = TypeVar("T")

TURN_SECONDS = 30.0
"""How long a writer waits for the others of this process."""


@dataclass(slots=True)
class Standing:
    """How this process stands to a database, for whoever watches over it."""

    epoch: int | None = None
    """Ours, among those that may write (`store.lease`); None where nobody asks."""
    trouble: str | None = None
    """Why the last transaction could not be carried out; None where it could."""
    full: int = 0
    """How often there was no room."""
    commits: int = 0
    commit_seconds: float = 0.0
    """How often we committed, and how long that took in all."""
    suspect: str | None = None
    """Why nothing that was written since can be trusted."""

    def note(self, error: StoreError) -> None:
        """Keep what says something of the database, rather than of what was written."""
        if isinstance(error, StoreSuspectError):
            self.suspect = str(error)
        self.full += isinstance(error, StoreFullError)
        if isinstance(error, StoreBusyError | StoreInterruptedError | StoreSuspectError):
            self.trouble = str(error)


@dataclass(frozen=True, slots=True)
class Database:
    """One database: a writer and a reader, the same engine on PostgreSQL."""

    url: URL
    writer: AsyncEngine
    reader: AsyncEngine
    standing: Standing = field(default_factory=Standing)
    thread: Thread | None = None
    """That of the connection that writes to SQLite."""
    looks: Thread | None = None
    """That of the connection that reads in one go."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever uses that connection."""

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file of ours rather than a server."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, where there is one."""
        return sqlite_file(self.url)

    def __str__(self) -> str:
        """Name the database as an operator would, without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes; it commits when the block ends well.

        Raises:
            LeaseLostError: another process took the state over; nothing is written.
            StoreError: of the kind that says what can be done about it.
        """
        async with self._writing(), self.writer.connect() as connection:
            async with connection.begin():
                await self._insist_on_our_epoch(connection)
                yield connection
                began = time.monotonic()
            self.standing.commits += 1
            self.standing.commit_seconds += time.monotonic() - began

    async def at_once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Carry out a whole transaction of SQLite on the writer's own thread, in one go.

        Through `begin` every statement is handed over to that thread and back a few
        times, which is most of what a small transaction costs. Where *work* raises,
        nothing is written.

        Raises:
            LeaseLostError, StoreError: as `begin`.
        """
        if self.thread is None:
            raise TypeError(f"{self} is not a SQLite file to write to")
        async with self._writing():
            return await self.thread.run(lambda raw: self._transaction(raw, work))

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Carry out a whole transaction; on SQLite in one go, as `at_once` does.

        On PostgreSQL *work* runs on the event loop, and what takes long in it goes
        through `aside`.

        Raises:
            LeaseLostError, StoreError: as `begin`.
        """
        thread = self.thread
        if thread is None:
            async with self.begin() as connection:
                return await connection.run_sync(work)

        def bound(raw: sqlite3.Connection) -> T:
            connection = thread.bridge.over(raw)  # before the transaction begins
            return self._transaction(raw, lambda _: work(connection))

        async with self._writing():
            return await thread.run(bound)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Have one's turn to write, unless a write has failed: a later one may seem to succeed.

        What went wrong is noted before whoever waits for a turn is given it.
        """
        with _noted(self):
            async with self._turn():
                if self.standing.suspect is not None:
                    raise StoreSuspectError(self.standing.suspect)
                with _noted(self):
                    yield
        self.standing.trouble = None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Be the one who uses the connection that writes; PostgreSQL has many of them."""
        if self.thread is None:
            yield
            return
        try:
            async with asyncio.timeout(TURN_SECONDS if self.turn.locked() else None):
                await self.turn.acquire()
        except TimeoutError:
            words = f"{self}: a transaction of our own has taken {TURN_SECONDS:g} s"
            raise StoreBusyError(words) from None
        try:
            yield
        finally:
            self.turn.release()

    def _transaction(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self.standing.epoch is not None:
                found = connection.execute("SELECT epoch FROM leases WHERE id = 1").fetchone()
                self._insist_that_ours_is(found and found[0])
            done = work(connection)
            began = time.monotonic()
            connection.execute("COMMIT")
            self.standing.commits += 1
            self.standing.commit_seconds += time.monotonic() - began
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return done

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that only reads."""
        with _noted(self):
            async with self.reader.connect() as connection:
                yield connection

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Read in one go what takes no time: whoever else does so waits for it."""
        thread = self.looks
        if thread is None:
            async with self.read() as connection:
                return await connection.run_sync(work)
        with _noted(self):
            return await thread.run(lambda raw: work(thread.bridge.over(raw)))

    async def _insist_on_our_epoch(self, connection: AsyncConnection) -> None:
        """Fence the transaction off: whoever takes over waits for it, or it sees their epoch."""
        if self.standing.epoch is None:
            return
        asked = select(leases.c.epoch).where(leases.c.id == 1)
        # Shared by all of our transactions and by renewals; only a successor waits for it.
        shared = asked.with_for_update(read=True, key_share=True)
        self._insist_that_ours_is(await connection.scalar(asked if self.is_sqlite else shared))

    def _insist_that_ours_is(self, found: int | None) -> None:
        if found != self.standing.epoch:
            raise LeaseLostError(f"another ven-daemon has taken {self} over")

    async def dispose(self) -> None:
        """Close every connection, the writer last: it takes the WAL with it."""
        if self.looks is not None:
            await self.looks.dispose()
        if self.reader is not self.writer:
            await self.reader.dispose()
        await self.writer.dispose()


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Make the engines for *url*; nothing is connected yet.

    Raises:
        ConfigurationError: the URL is not one of SQLite or PostgreSQL.
    """
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        engine = postgres_engine(parsed)
        return Database(parsed, engine, engine)
    writer = sqlite_engine(parsed, read_only=read_only, pool_size=1)
    if not read_only:
        event.listen(writer.sync_engine, "begin", begin_immediate)
    reader = writer if read_only else sqlite_engine(parsed, read_only=True, pool_size=4)
    looks = Thread(sqlite_engine(parsed, read_only=True, pool_size=1))
    return Database(parsed, writer, reader, thread=Thread(writer), looks=looks)


class _noted:  # noqa: N801 - reads as a clause: with _noted(database)
    """Rename what SQLAlchemy raises, a `StoreError` that names the database, and note it there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error) or (error and hasattr(error, "sqlstate")):
            raise self._renamed(DBAPIError(None, None, error)) from error
        if isinstance(error, SQLAlchemyError):
            raise self._renamed(error) from error

    def _renamed(self, error: SQLAlchemyError) -> StoreError:
        ours = renamed(str(self._database), error)
        self._database.standing.note(ours)
        return ours
