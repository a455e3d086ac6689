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
_SIZES = (1000, 250, 50, 10, 1)
"""Rows per statement of SQLite: few texts, so that it finds them compiled."""

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
            statement = f"{_INSERT} VALUES {_marks(len(chunk), _COLUMNS)}{how}"
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
def _held_sqlite(keys: int) -> str:
    return (
        f"WITH given(slot, resource, quantity, at) AS (VALUES {_marks(keys, _KEYS)}) "  # noqa: S608
        f"SELECT {_ROW} FROM given CROSS JOIN readings AS r ON {_SAME}"
    )


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    begin = 0
    for size in _SIZES:
        while len(rows) - begin >= size:
            yield rows[begin : begin + size]
            begin += size


def _flat(rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))
