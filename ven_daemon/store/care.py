"""Keeping a SQLite state whole: looked through at every start, copied while it is in use.

What is corrupt is never repaired, moved or deleted here: the file is evidence, and most
of it can still be read by somebody who knows how.
"""

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import structlog

from ven_daemon.domain.errors import ConfigurationError, StoreError
from ven_daemon.store.database import Database
from ven_daemon.store.engines import BUSY_TIMEOUT_MS

CHECKED_UP_TO = 512 * 1024 * 1024
"""Bytes of a file that is looked through at a start: a few seconds of a slow disk."""

_CORRUPT = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))

_log = structlog.get_logger(__name__)


async def insist_on_whole(file: Path) -> None:
    """Look through a SQLite file, if it is there and not too large to do so at a start.

    Raises:
        StoreError: it is corrupt; it is left as it is.
    """
    size = _size(file)
    if size > CHECKED_UP_TO:
        _log.info("state.not_checked", file=str(file), bytes=size, by_hand="ven-daemon db check")
    elif size:
        await check(file)


async def check(file: Path) -> None:
    """Look through a SQLite file, however large: its structure, not whether rows make sense.

    Raises:
        StoreError: it is corrupt; it is left as it is.
    """
    wrong = await asyncio.to_thread(_quick_check, file)
    if wrong is not None:
        raise StoreError(
            f"{file}: {wrong}. It is kept as it is: restore a backup in its place (see "
            "ven-daemon db backup --help), or move it away and run ven-daemon db forget"
        )


async def backup(database: Database, target: Path) -> int:
    """Copy a SQLite database to *target* as of one instant, in use or not; give its bytes.

    The copy is one file, whole and on disk when this returns, and nobody else's to read.

    Raises:
        ConfigurationError: it is on a server, or *target* is there already.
        StoreError: there is nothing to copy, it is corrupt, or the copy cannot be written.
    """
    if database.file is None:
        message = "is on a PostgreSQL server: back it up with pg_dump"
        raise ConfigurationError(f"{database} {message}")
    if not _size(database.file):
        raise StoreError(f"{database.file} is not there or empty: there is nothing to back up")
    return await asyncio.to_thread(_copy, database.file, target)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _quick_check(file: Path) -> str | None:
    """Say what is wrong, or None. What cannot be opened at all is for others to say."""
    try:
        with closing(_open(file)) as connection:
            rows = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return str(error) if code in _CORRUPT else None
    return None if rows == [("ok",)] else str(rows[0][0]).replace("\n", " ")


def _copy(file: Path, target: Path) -> int:
    """Write beside *target*, and take its place when whole: half a copy never bears its name."""
    _reserve(target)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        _reserve(partial)
        _pour(file, partial)
        _to_disk(partial)
        partial.replace(target)
        _to_disk(target.parent)
    except (sqlite3.Error, OSError) as error:
        for left in (target, partial):
            with suppress(OSError):
                left.unlink()
        raise StoreError(f"{file} cannot be copied to {target}: {error}") from error
    return target.stat().st_size


def _reserve(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise ConfigurationError(f"{path} is there already: it is not overwritten") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error


def _pour(file: Path, partial: Path) -> None:
    with closing(_open(file)) as source, closing(sqlite3.connect(partial)) as copy:
        # All pages in one step: in WAL mode nobody waits, and nothing has to begin again.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with no -wal to forget
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy is corrupt, as the original must be: {found}")


def _open(file: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(file))}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
