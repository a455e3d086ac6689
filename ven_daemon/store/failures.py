"""What databases raise, renamed by what can be done about it, and methods that try again."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ven_daemon.domain.errors import (
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreInterruptedError,
    StoreSuspectError,
)
from ven_daemon.domain.retry import Backoff

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 60.0
"""How long a transaction is tried again while its server does not serve (F61)."""

_PAUSE = Backoff(base=0.05, cap=1.0)

_INTERRUPTED = ("08", "40", "53", "57P", "25P03", "55P03")
"""SQLSTATEs, or their beginnings, after which the whole transaction may be tried again."""

_SQLITE = {
    sqlite3.SQLITE_BUSY: StoreBusyError,
    sqlite3.SQLITE_LOCKED: StoreBusyError,
    sqlite3.SQLITE_FULL: StoreFullError,
    # After a failed write or sync nobody knows what is on disk, and a later sync may lie (F57).
    sqlite3.SQLITE_IOERR: StoreSuspectError,
    sqlite3.SQLITE_CORRUPT: StoreSuspectError,
    sqlite3.SQLITE_NOTADB: StoreSuspectError,
}

_log = structlog.get_logger(__name__)


def renamed(database: str, error: SQLAlchemyError) -> StoreError:
    """Give the error of ours for one of SQLAlchemy's, naming the database."""
    if not isinstance(error, DBAPIError):
        return StoreError(f"{database}: {error}")
    return _kind(error)(f"{database}: {_words(error)}")


def retried(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Try a method that is one transaction again, as a whole, while its server does not serve.

    A commit whose answer was lost may be repeated by this: what the method writes must
    be the same the second time.
    """

    @wraps(method)
    async def trying(*args: P.args, **kwargs: P.kwargs) -> T:
        deadline, attempt = time.monotonic() + RETRY_SECONDS, 0
        while True:
            try:
                return await method(*args, **kwargs)
            except StoreInterruptedError as error:
                if time.monotonic() > deadline:
                    raise
                _log.warning("store.interrupted", error=str(error))
            dice = 0.5 + random.random() / 2  # noqa: S311 - spread, not secrecy
            await asyncio.sleep(_PAUSE.delay(attempt, dice))
            attempt += 1

    return trying


def _kind(error: DBAPIError) -> type[StoreError]:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return _SQLITE.get(code, StoreError)
    state = getattr(error.orig, "sqlstate", None)
    gone = error.connection_invalidated or (state is None and _is_operational(error))
    if gone or (state or "").startswith(_INTERRUPTED):
        return StoreInterruptedError
    return StoreError


def _is_operational(error: DBAPIError) -> bool:
    """Whether it is the server or the way to it: psycopg says so by the name of its error."""
    return type(error.orig).__name__ == "OperationalError"


def _words(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())
