"""Statements over many readings, in the words of each database.

They go to the driver as they are: one statement with all values bound is handed over
once, while an executemany hands the interpreter lock back and forth once per row.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.store.reading_rows import Key, Row

_COLUMNS = 7
_KEYS = 4
_SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512, 1000)
"""Rows per statement of SQLite: few texts, so that it finds them compiled."""

_UNIQUE_VIOLATION = "23505"
_INSERT = "INSERT INTO readings"
_INSERT_ARRAYS = (
    "INSERT INTO readings SELECT * FROM unnest(CAST(%s AS int[]), CAST(%s AS int[]),"
    " CAST(%s AS smallint[]), CAST(%s AS bigint[]), CAST(%s AS float8[]), CAST(%s AS text[]),"
    " CAST(%s AS smallint[]))"
)
_REPLACE = (
    " ON CONFLICT (slot, resource, quantity, at) DO UPDATE"
    " SET value = excluded.value, word = excluded.word, quality = excluded.quality"
)
_IGNORE = " ON CONFLICT DO NOTHING"
_ROW = "r.slot, r.resource, r.quantity, r.at, r.value, r.word, r.quality"
_SAME = (
    "r.slot = given.slot AND r.resource = given.resource"
    " AND r.quantity = given.quantity AND r.at = given.at"
)


class HeldError(Exception):
    """Some of what was to be written as new is held already."""


class Statements(Protocol):
    """What the store of readings asks of a database."""

    async def insert(self, connection: AsyncConnection, rows: Sequence[Row]) -> int:
        """Insert what is new, leave what is held as it is; say how many were new."""
        ...

    async def replace(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """Write over what is held."""
        ...

    async def held(self, connection: AsyncConnection, keys: Sequence[Key]) -> list[Row]:
        """Read what is held under these keys."""
        ...


def insertions(rows: Sequence[Row]) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the statements that insert what is new into SQLite, with what they bind."""
    return [(_insert_sqlite(len(chunk), _IGNORE), _flat(chunk)) for chunk in _chunks(rows)]


class Sqlite:
    """Multi-row VALUES, in chunks of a few sizes."""

    async def insert(self, connection: AsyncConnection, rows: Sequence[Row]) -> int:
        """Insert what is new; say how many."""
        return await self._write(connection, rows, _IGNORE)

    async def replace(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """Write over what is held."""
        await self._write(connection, rows, _REPLACE)

    async def held(self, connection: AsyncConnection, keys: Sequence[Key]) -> list[Row]:
        """Read what is held; a CROSS JOIN keeps SQLite from scanning the table."""
        found: list[Row] = []
        for chunk in _chunks(keys):
            result = await connection.exec_driver_sql(_held_sqlite(len(chunk)), _flat(chunk))
            found.extend(Row._make(each) for each in result)
        return found

    async def _write(self, connection: AsyncConnection, rows: Sequence[Row], how: str) -> int:
        written = 0
        for chunk in _chunks(rows):
            statement = _insert_sqlite(len(chunk), how)
            written += (await connection.exec_driver_sql(statement, _flat(chunk))).rowcount
        return written


class Postgres:
    """An array per column, unpacked by the server."""

    async def insert(self, connection: AsyncConnection, rows: Sequence[Row]) -> int:
        """Insert what is new; say how many."""
        return await self._write(connection, rows, _IGNORE)

    async def replace(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """Write over what is held."""
        await self._write(connection, rows, _REPLACE)

    async def held(self, connection: AsyncConnection, keys: Sequence[Key]) -> list[Row]:
        """Read what is held."""
        arrays = tuple(_array(column) for column in zip(*keys, strict=True))
        result = await connection.exec_driver_sql(
            f"SELECT {_ROW} FROM readings AS r JOIN unnest("  # noqa: S608 - constants
            "CAST(%s AS int[]), CAST(%s AS int[]), CAST(%s AS smallint[]), CAST(%s AS bigint[])"
            f") AS given(slot, resource, quantity, at) ON {_SAME}",
            arrays,
        )
        return [Row._make(each) for each in result]

    async def _write(self, connection: AsyncConnection, rows: Sequence[Row], how: str) -> int:
        slots, resources, quantities, ats, values, words, qualities = zip(*rows, strict=True)
        result = await connection.exec_driver_sql(
            _INSERT_ARRAYS + how,
            (
                *(_array(column) for column in (slots, resources, quantities, ats)),
                _array("NULL" if value is None else repr(value) for value in values),
                _array(map(_quoted, words)),
                _array(qualities),
            ),
        )
        return result.rowcount


async def copy(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Copy rows that are all new into PostgreSQL, which is twice as fast as to insert them.

    Raises:
        HeldError: one of them is held already, or is there twice; the transaction is void.
    """
    raw: Any = (await connection.get_raw_connection()).driver_connection
    try:
        async with raw.cursor() as cursor, cursor.copy("COPY readings FROM STDIN") as stream:
            await stream.write("".join(map(_line, rows)))
    except Exception as error:
        if getattr(error, "sqlstate", None) == _UNIQUE_VIOLATION:
            raise HeldError from error
        raise


def _line(row: Row) -> str:
    """Write a row as COPY reads it."""
    slot, resource, quantity, at, value, word, quality = row
    number = "\\N" if value is None else repr(value)
    said = "\\N" if word is None else word.replace("\\", "\\\\")
    return f"{slot}\t{resource}\t{quantity}\t{at}\t{number}\t{said}\t{quality}\n"


def _array(values: Any) -> str:
    """Write an array as PostgreSQL reads it; a driver would adapt value by value."""
    return "{" + ",".join(map(str, values)) + "}"


def _quoted(word: str | None) -> str:
    if word is None:
        return "NULL"
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache
def _marks(rows: int, columns: int) -> str:
    each = f"({','.join('?' * columns)})"
    return ",".join([each] * rows)


@lru_cache
def _insert_sqlite(rows: int, how: str) -> str:
    return f"{_INSERT} VALUES {_marks(rows, _COLUMNS)}{how}"


@lru_cache
def _held_sqlite(keys: int) -> str:
    return (
        f"WITH given(slot, resource, quantity, at) AS (VALUES {_marks(keys, _KEYS)}) "  # noqa: S608 - marks
        f"SELECT {_ROW} FROM given CROSS JOIN readings AS r ON {_SAME}"
    )


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut *rows* to sizes; the last chunk is filled up with its last row, which is harmless."""
    begin = 0
    while begin < len(rows):
        left = len(rows) - begin
        size = next((size for size in _SIZES if size >= left), _SIZES[-1])
        chunk = rows[begin : begin + size]
        yield [*chunk, *[chunk[-1]] * (size - len(chunk))]
        begin += size


def _flat(rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))
