"""Engines as we want them: SQLite with its pragmas, PostgreSQL with its limits."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ven_daemon.domain.errors import ConfigurationError

BUSY_TIMEOUT_MS = 5000
"""How long a writer waits for another process to finish its transaction."""

READER_CACHE_KIB = 512
"""What a connection that only reads keeps of a SQLite file: two megabytes each, as SQLite
would, buys nothing, for the system caches the file for all of them."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def sqlite_file(url: URL) -> Path | None:
    """Where a SQLite URL points, or None for anything else."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database)


def parse(url: str) -> URL:
    """Read the URL of a database.

    Raises:
        ConfigurationError: it is not one of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.drivername]
        parsed.get_backend_name()
    except (ArgumentError, KeyError, NoSuchModuleError, ValueError):
        message = "a database URL must begin with sqlite:/// or postgresql://"
        raise ConfigurationError(message) from None  # the URL itself may hold a password
    if driver.startswith("sqlite") and not parsed.database:
        raise ConfigurationError("a SQLite URL must name a file: sqlite:///./var/state.db")
    return parsed.set(drivername=driver)


def sqlite_engine(url: URL, *, read_only: bool, pool_size: int) -> AsyncEngine:
    """Make an engine for a SQLite file; transactions are begun by hand."""
    mode = "ro" if read_only else "rwc"
    uri = URL.create(
        url.drivername,
        database=f"file:{quote(str(url.database))}",
        query={"mode": mode, "uri": "true"},
    )
    engine = create_async_engine(
        uri,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"isolation_level": None},
    )
    event.listen(engine.sync_engine, "connect", _read_pragmas if read_only else _write_pragmas)
    event.listen(engine.sync_engine, "close", _roll_back)
    return engine


def postgres_engine(url: URL) -> AsyncEngine:
    """Make an engine for a PostgreSQL server, with a pool for readers and writers.

    Raises:
        ConfigurationError: its driver is not installed.
    """
    try:
        return create_async_engine(
            url,
            pool_size=5,
            max_overflow=5,
            pool_pre_ping=True,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 5,
                "tcp_user_timeout": 5000,
                # What was acknowledged is on disk, whatever the server's own default.
                "options": "-c synchronous_commit=on -c statement_timeout=60000"
                " -c idle_in_transaction_session_timeout=10000",
            },
        )
    except ModuleNotFoundError as error:
        message = "PostgreSQL needs the extra: pip install 'ven-daemon[postgres]'"
        raise ConfigurationError(message) from error


def begin_immediate(connection: Any) -> None:
    """Begin as a writer, at once."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _roll_back(connection: Any, _record: Any) -> None:
    """Let go of what a cancelled transaction holds: closing waits for all of its statements."""
    driver = connection.driver_connection
    if (raw := driver._connection) is not None:  # noqa: SLF001 - there is no public way to its thread
        driver._tx.put_nowait((None, raw.rollback))  # noqa: SLF001 - as SQLAlchemy does it


def _write_pragmas(connection: Any, _record: Any) -> None:
    _execute(
        connection,
        f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
    )


def _read_pragmas(connection: Any, _record: Any) -> None:
    _execute(
        connection,
        f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
        f"PRAGMA cache_size=-{READER_CACHE_KIB}",
        "PRAGMA query_only=ON",
    )


def _execute(connection: Any, *statements: str) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()
