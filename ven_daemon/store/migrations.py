"""The state database's schema and identity: made, checked, refused."""

import asyncio
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import structlog
from sqlalchemy import Connection, column, func, insert, inspect, select, table

from ven_daemon.domain.errors import SchemaError, StateLostError, StoreError
from ven_daemon.store import care
from ven_daemon.store.database import Database
from ven_daemon.store.schema import instance

if TYPE_CHECKING:
    from alembic.config import Config

_UPGRADING = 0x56454E45
"""The PostgreSQL advisory lock under which one process at a time migrates."""

_VERSION = table("alembic_version")
_SAID = re.compile(r'^(revision|down_revision)(?:: [^=]+)? = "(\w+)"', re.MULTILINE)

_log = structlog.get_logger(__name__)


async def prepare(database: Database) -> None:
    """Make a state database that does not exist yet; insist on our schema in one that does.

    Raises:
        StateLostError: its marker says that it existed, but it is missing or empty.
        SchemaError: its schema is older or newer than this program's.
        StoreError: it is corrupt, or cannot be read or made.
    """
    file = database.file
    if file is not None:
        _refuse_lost(file)
        await asyncio.to_thread(_make_folder, file)
        await care.insist_on_whole(file)
    async with database.begin() as connection:
        revision = await connection.run_sync(_revision)
    if revision is None:
        await upgrade(database)
    elif revision != head():
        raise SchemaError(_other_schema(database, revision))
    elif file is not None and not marker_of(file).exists():
        async with database.read() as connection:
            _mark(file, await connection.scalar(select(instance.c.uuid)))


async def look(database: Database) -> str | None:
    """Give the schema of a state database, None where there is none yet; write nothing.

    Nobody who works with it is disturbed.

    Raises:
        StateLostError, SchemaError, StoreError: as `prepare`.
    """
    file = database.file
    if file is not None:
        _refuse_lost(file)
        if not file.exists():
            return None
    async with database.read() as connection:
        revision = await connection.run_sync(_revision)
    if revision not in (None, head()):
        raise SchemaError(_other_schema(database, str(revision)))
    return revision


async def upgrade(database: Database) -> Path | None:
    """Bring the schema to this program's, in one transaction, and mark the database as ours.

    A file with an older schema is looked through and copied before; the copy is given.

    Raises:
        StateLostError, SchemaError, StoreError: as `prepare`; nothing has changed then.
    """
    copy = None
    if database.file is not None:
        _refuse_lost(database.file)
        await asyncio.to_thread(_make_folder, database.file)
        await care.insist_on_whole(database.file)
        if await asyncio.to_thread(_has_content, database.file):
            copy = await _copied(database, database.file)
    async with database.begin() as connection:
        if not database.is_sqlite:  # a file has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
        revision = await connection.run_sync(_revision)
        if revision is not None and revision not in _known():
            raise SchemaError(_other_schema(database, revision))
        await connection.run_sync(_upgrade)
        identity = await connection.scalar(select(instance.c.uuid))
        if identity is None:
            identity = str(uuid4())
            row = {"id": 1, "uuid": identity, "created_at": datetime.now(UTC)}
            await connection.execute(insert(instance), row)
    if database.file is not None:
        _mark(database.file, identity)
    return copy


async def _copied(database: Database, file: Path) -> Path | None:
    """Copy a file that is about to be migrated, beside it."""
    async with database.begin() as connection:
        revision = await connection.run_sync(_revision)
    if revision in (None, head()) or revision not in _known():
        return None
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    target = file.with_name(f"{file.name}.{revision}-before-{head()}-{at}")
    await care.backup(database, target)
    _log.info("state.copied", before="an upgrade", file=str(target))
    return target


def forget(database: Database) -> bool:
    """Remove the marker of a state database that is gone; True where there was one."""
    if database.file is None or not _is_lost(database.file):
        return False
    marker_of(database.file).unlink()
    return True


def marker_of(file: Path) -> Path:
    """Name the file that says that a state database exists."""
    return file.with_name(file.name + ".id")


def head() -> str:
    """Name the newest revision that this program knows."""
    known = _known()
    newest = known.keys() - set(known.values())
    if len(newest) != 1:
        raise StoreError("the migrations are missing from this installation")
    return newest.pop()


@lru_cache(maxsize=1)
def _known() -> Mapping[str, str | None]:
    """Read each revision, and the one it follows, off its file.

    alembic would say it too, but costs ten megabytes, and is needed for nothing else at
    a start that has nothing to migrate.
    """
    found = {}
    for file in (_folder() / "versions").glob("*.py"):
        said = dict(_SAID.findall(file.read_text()))
        if "revision" in said:
            found[said["revision"]] = said.get("down_revision") or None
    return found


def _other_schema(database: Database, revision: str) -> str:
    if revision in _known():
        return f"{database} has an older schema ({revision}): run ven-daemon db upgrade"
    return f"{database} has a newer schema ({revision}): run the newer ven-daemon that made it"


def _mark(file: Path, identity: str | None) -> None:
    try:
        marker_of(file).write_text(f"{identity}\n")
    except OSError as error:
        raise StoreError(f"{marker_of(file)} cannot be written: {error.strerror}") from error


def _is_lost(file: Path) -> bool:
    gone = not file.exists() or file.stat().st_size == 0 or _is_bare(file)
    return gone and marker_of(file).exists()


def _is_bare(file: Path) -> bool:
    """Whether it holds no table: that is what a copy without its -wal may look like."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()
    except sqlite3.Error:
        return False
    return not found[0]


def _refuse_lost(file: Path) -> None:
    if _is_lost(file):
        raise StateLostError(
            f"{file} is missing or empty, but {marker_of(file).name} says that it existed: "
            "restore it, or go on without it by ven-daemon db forget"
        )


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{file.parent} cannot be made: {error.strerror}") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(select(column("version_num")).select_from(_VERSION))
    return found


def _upgrade(connection: Connection) -> None:
    import alembic.command

    config = _config()
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return config


def _folder() -> Path:
    """Find the migrations: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "alembic"
