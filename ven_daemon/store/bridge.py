"""SQLAlchemy's statements on the thread of aiosqlite, without a hand-over for each of them."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, StaticPool, create_engine
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


def aside(connection: Connection, compute: Callable[[], T]) -> T:
    """Compute what takes a while where it holds up nobody else.

    With SQLite that is the thread that we are on; else it is the event loop.
    """
    if connection.dialect.is_async:
        return await_only(asyncio.to_thread(compute))
    return compute()
