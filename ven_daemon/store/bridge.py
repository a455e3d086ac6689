"""The thread of aiosqlite, reached for a whole transaction and not for each statement of it."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, StaticPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

T = TypeVar("T")


class Bridge:
    """Keeps a SQLAlchemy connection over a connection of sqlite3 that somebody else has.

    It commits, rolls back and closes nothing: whose connection it is does.
    """

    def __init__(self) -> None:
        self._raw: sqlite3.Connection | None = None
        self._connection: Connection | None = None

    def over(self, raw: sqlite3.Connection) -> Connection:
        """Give it, on the thread of *raw*, and while no transaction is open."""
        if self._connection is None or self._raw is not raw:
            engine = create_engine(
                "sqlite://",
                creator=lambda: raw,
                poolclass=StaticPool,
                pool_reset_on_return=None,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
            )
            self._raw, self._connection = raw, engine.connect()
        return self._connection


class Thread:
    """The thread of the one connection of an engine, reached past its pool.

    Checking a connection out and in again takes longer than a small transaction does.
    Whoever comes here sees to it that nobody uses the connection by the pool meanwhile.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.bridge = Bridge()
        self._engine = engine
        self._connection: Any = None
        event.listen(engine.sync_engine, "close", self._forget)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* there; cancelled, this leaves it to come to its end."""
        if self._connection is None:
            async with self._engine.connect() as pooled:
                self._connection = (await pooled.get_raw_connection()).driver_connection
        connection = self._connection
        # There is no public way to that thread for more than one statement.
        done: T = await connection._execute(work, connection._conn)  # noqa: SLF001 - as said above
        return done

    async def dispose(self) -> None:
        """Close the connection."""
        await self._engine.dispose()

    def _forget(self, _connection: object, _record: object) -> None:
        self._connection = None


def aside(connection: Connection, compute: Callable[[], T]) -> T:
    """Compute what takes a while where it holds up nobody else.

    With SQLite that is the thread that we are on; else it is the event loop.
    """
    if connection.dialect.is_async:
        return await_only(asyncio.to_thread(compute))
    return compute()
