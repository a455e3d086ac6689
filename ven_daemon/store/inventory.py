"""The inventory: which VENs and resources exist. Somebody else's database, or one we made.

It is read as it lies there, with untyped columns, so that one odd value costs that
value and not the fleet.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import ref

from sqlalchemy import ColumnElement, Select, column, func, null, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.errors import InventoryError, StoreError
from ven_daemon.domain.fleet import Fleet, Resource
from ven_daemon.domain.ids import VenName
from ven_daemon.store import dialects, schema
from ven_daemon.store.connections import Connection, read_connections
from ven_daemon.store.database import Database
from ven_daemon.store.inventory_checks import (
    check_file,
    make_writable,
    missing_columns,
    prepare_file,
)
from ven_daemon.store.inventory_reading import accept_any_bytes, no_collector, read_rows
from ven_daemon.store.inventory_rows import COLUMNS, read_enabled, read_ven, write_row

_CHUNK = 5000
"""Rows that are written at a time."""

_resources = schema.resources
_DESCRIBED = (
    *("resource_name", "resource_type", "resource_sub_type", "capacities", "location"),
    *("address", "ven"),
)
"""What an import says about a resource; the rest belongs to whoever edits the inventory."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of an `upsert`."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """How many rows were given."""
        return self.added + self.changed + self.unchanged


class InventoryStore:
    """Each method is one transaction. Domain values in, domain values out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sharing = asyncio.Lock()
        self._shared: ref[Fleet] | None = None
        self._mark = ""

    def __str__(self) -> str:
        """Name the inventory as an operator would."""
        return str(self._database)

    async def fleet(self) -> Fleet:
        """Read everything; whoever asks while another still has it gets the same, if it holds.

        Raises:
            InventoryError: there is no usable inventory.
        """
        async with self._sharing:
            mark = await self.mark()
            fleet = self._shared() if self._shared is not None and mark == self._mark else None
            if fleet is None:
                fleet = await self._read_fleet()
                self._mark, self._shared = mark, ref(fleet)
            return fleet

    async def _read_fleet(self) -> Fleet:
        with no_collector():
            async with self._reading() as (connection, missing):
                rows, notes = await read_rows(connection, _everything(missing))
            return Fleet.of(rows, (*(f"column {name}: missing" for name in missing), *notes))

    async def size(self) -> int:
        """Count the rows, whatever is in them.

        Raises:
            InventoryError: there is no usable inventory.
        """
        async with self._reading() as (connection, _):
            return await _size(connection)

    async def mark(self) -> str:
        """Give something that changes when the inventory does, cheaply.

        What it misses (a row of PostgreSQL written without its `updated_at`) the next
        pass finds.

        Raises:
            InventoryError: there is no usable inventory.
        """
        if self._database.file:
            check_file(self._database.file)
            return _file_mark(self._database.file)
        async with self._reading() as (connection, missing):
            newest = _column("updated_at", missing)
            query = select(func.count(), func.max(newest)).select_from(table("resources"))
            return str((await connection.execute(query)).one())

    async def vens(self) -> list[VenName]:
        """Name the VENs: most enabled resources first, then by name.

        Raises:
            InventoryError: there is no usable inventory.
        """
        async with self._reading() as (connection, missing):
            enabled = _column("enabled", missing)
            groups = select(column("ven"), enabled, func.count()).select_from(table("resources"))
            if "enabled" not in missing:
                groups = groups.group_by(column("ven"), column("enabled"))
            else:
                groups = groups.group_by(column("ven"))
            found = (await connection.execute(groups)).all()
        sizes: dict[VenName, int] = {}
        for name, value, size in found:
            ven = read_ven(name, [])
            if ven is not None:
                sizes[ven] = sizes.get(ven, 0) + (size if read_enabled(value, []) else 0)
        return sorted(sizes, key=lambda ven: (-sizes[ven], ven))

    async def resources_of(self, ven: str) -> list[Resource]:
        """Read the resources of one VEN, disabled ones too, in the order of their ids.

        Raises:
            InventoryError: there is no usable inventory.
        """
        async with self._reading() as (connection, missing):
            its_own = _everything(missing).where(column("ven") == ven)
            rows, _ = await read_rows(connection, its_own)
        return [row for group in Fleet.of(rows).vens for row in group.resources]

    async def connections(self) -> dict[int, Connection]:
        """Read how resources are reached, by id; none where there is no such table.

        Raises:
            InventoryError: there is no usable inventory.
        """
        async with self._reading() as (connection, _):
            return await read_connections(connection)

    async def create(self) -> None:
        """Make the tables, and the folder of a SQLite file, unless they are there.

        Raises:
            InventoryError: it cannot be made, or what is there cannot be written to.
        """
        if self._database.file:
            prepare_file(self._database.file)
        async with self._writing() as connection:
            await connection.run_sync(schema.INVENTORY.create_all)
            await connection.run_sync(make_writable, str(self))

    async def upsert(self, rows: Iterable[Resource]) -> Counts:
        """Insert or update by `resource_id`, all or nothing; *rows* may be endless-ish.

        Rows that exist keep when they were created, whether they are enabled, how
        they report, their connection, and a meter point that they have already.

        Raises:
            InventoryError: the rows cannot be written.
        """
        now = datetime.now(UTC).replace(tzinfo=None)  # the sample client's columns have no zone
        statement = _upsert(self._database.url.get_backend_name())
        given = touched = 0
        async with self._writing() as connection:
            before = await _size(connection)
            for chunk in _chunks(rows):
                values = [write_row(row, now) for row in chunk]
                result = await connection.execute(statement, values)
                given, touched = given + len(chunk), touched + result.rowcount
            added = await _size(connection) - before
        await self._leave_one_file()
        return Counts(added, touched - added, given - touched)

    async def _leave_one_file(self) -> None:
        """Take a SQLite file out of WAL mode, so that it can be read in a read-only folder."""
        if self._database.is_sqlite:
            async with self._database.writer.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                # Somebody who is reading just now keeps it in that mode: until the next time.
                with suppress(sqlite3.OperationalError):
                    await raw.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr] # aiosqlite's

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[tuple[AsyncConnection, tuple[str, ...]]]:
        """Open a connection to a usable inventory, and say which columns it lacks."""
        if self._database.file:
            check_file(self._database.file)
        with _renamed():
            async with self._database.read() as connection:
                await accept_any_bytes(connection)
                yield connection, await connection.run_sync(missing_columns, str(self))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with _renamed():
            async with self._database.begin() as connection:
                yield connection


class _renamed:  # noqa: N801 - reads as a clause: with _renamed()
    """Make an `InventoryError` of what went wrong with this database."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StoreError) and not isinstance(error, InventoryError):
            raise InventoryError(str(error)) from error


def _column(name: str, missing: Sequence[str]) -> ColumnElement[Any]:
    return null().label(name) if name in missing else column(name)


def _everything(missing: Sequence[str]) -> Select[Any]:
    """Select the columns untyped, in their order, those that are missing as NULL."""
    every = select(*(_column(name, missing) for name in COLUMNS)).select_from(table("resources"))
    return every if "id" in missing else every.order_by(column("id"))


async def _size(connection: AsyncConnection) -> int:
    size = await connection.scalar(select(func.count()).select_from(_resources))
    return size or 0


def _upsert(dialect: str) -> Any:
    """Build the statement; a row that would stay as it is is not touched, nor counted."""
    insert = dialects.insert(dialect, _resources)
    old, new = _resources.c, insert.excluded
    values: dict[str, ColumnElement[Any]] = {name: new[name] for name in _DESCRIBED}
    values["meter_point_id"] = func.coalesce(old.meter_point_id, new.meter_point_id)
    differs = or_(*(old[name].is_distinct_from(value) for name, value in values.items()))
    statement = insert.on_conflict_do_update(
        index_elements=["resource_id"],
        set_={**values, "updated_at": new.updated_at},
        where=differs,
    )
    return statement.execution_options(preserve_rowcount=True)


def _chunks(rows: Iterable[Resource]) -> Iterator[list[Resource]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def _file_mark(file: Path) -> str:
    marks = []
    for each in (file, file.with_name(file.name + "-wal")):
        with suppress(FileNotFoundError):
            found = each.stat()
            marks.append(f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}")
    return " ".join(marks)
