"""Writing many rows by one statement: what differs is one JSON document that SQL unpacks.

An executemany crosses between Python and the database once per row. With SQLite that
hands the interpreter lock back and forth between two threads for each row, which a
busy event loop makes slow; with PostgreSQL it is a round trip's worth of protocol.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    String,
    Table,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert

from ven_daemon.store import dialects
from ven_daemon.store.schema import Instant

ROWS = 5000
"""Rows per statement: a statement holds the writer, and a document the memory."""

_SHARED = "every_"
"""Prefix of the parameters that are the same for every row."""


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert or replace *rows*, values in the order of *table*'s columns, by its primary key."""
    if rows:
        await connection.run_sync(write, table, rows)


def write(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Do as `upsert` does, in a transaction that is carried out in one go."""
    names = table.columns.keys()
    for begin in range(0, len(rows), ROWS):
        columns = dict(zip(names, zip(*rows[begin : begin + ROWS], strict=True), strict=True))
        # Most columns hold one value in all rows; unpacking it from each would cost the most.
        varying = tuple(name for name, values in columns.items() if _differ(values)) or (*names,)
        document = orjson.dumps([*zip(*(columns[name] for name in varying), strict=True)]).decode()
        shared = {_SHARED + name: columns[name][0] for name in names if name not in varying}
        statement = _upsert(table, connection.dialect.name, varying)
        connection.execute(statement, {"rows": document, **shared})


def texts(connection: AsyncConnection | Connection, values: Iterable[str]) -> Select[Any]:
    """Give *values* as a query, for `in_`: one parameter, however many they are."""
    return _listed(connection.dialect.name, literal(document(values), String))


def document(values: Iterable[str]) -> str:
    """Write *values* as the parameter that `listed` reads."""
    return orjson.dumps([*values]).decode()


def listed(dialect: str, name: str) -> Select[Any]:
    """Give what the parameter *name* lists as a query, for a statement that is made once."""
    return _listed(dialect, bindparam(name, type_=String))


def _listed(dialect: str, document: ColumnElement[Any]) -> Select[Any]:
    if dialect == "sqlite":
        return select(func.json_each(document).table_valued("value").c.value)
    array = func.jsonb_array_elements_text(cast(document, dialects.jsonb()))
    return select(array.table_valued("value").c.value)


def pairs(
    connection: AsyncConnection | Connection, values: Iterable[tuple[str, str]]
) -> Select[Any]:
    """Give pairs as a query of two columns, for `in_`."""
    document = literal(orjson.dumps([[*pair] for pair in values]).decode(), String)
    if connection.dialect.name == "sqlite":
        each = func.json_each(document).table_valued("value").c.value
        return select(func.json_extract(each, "$[0]"), func.json_extract(each, "$[1]"))
    array = func.jsonb_array_elements(cast(document, dialects.jsonb()))
    value = array.table_valued("value").c.value
    return select(value.op("->>")(0), value.op("->>")(1))


# Thousands of rows hold few instants.
@lru_cache(maxsize=4096)
def instant(value: datetime | None) -> str | None:
    """Write an instant as both databases read it from JSON; a naive one means nothing."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _differ(values: tuple[Any, ...]) -> bool:
    # Most that do show it at their ends.
    return values[0] != values[-1] or values.count(values[0]) < len(values)


@lru_cache
def _upsert(table: Table, dialect: str, varying: tuple[str, ...]) -> Insert:
    names = table.columns.keys()
    key = [each.name for each in table.primary_key]
    values: dict[str, ColumnElement[Any]]
    if dialect == "sqlite":
        each = func.json_each(bindparam("rows")).table_valued("value")
        values = {n: func.json_extract(each.c.value, f"$[{i}]") for i, n in enumerate(varying)}
        source = select(*(values.get(name, _shared(name)) for name in names))
    else:
        document = cast(bindparam("rows", type_=String), dialects.jsonb())
        each = func.jsonb_array_elements(document).table_valued("value")
        values = {n: each.c.value.op("->>")(i) for i, n in enumerate(varying)}
        typed = (_typed(c, values.get(c.name, _shared(c.name))) for c in table.columns)
        source = select(*typed)
    insert = dialects.insert(dialect, table)
    # Without a WHERE, SQLite takes ON CONFLICT for a join's.
    insert = insert.from_select(names, source.select_from(each).where(true()))
    changed = {name: insert.excluded[name] for name in names if name not in key}
    upsert: Insert = insert.on_conflict_do_update(index_elements=key, set_=changed)
    return upsert


def _shared(name: str) -> ColumnElement[Any]:
    return bindparam(_SHARED + name, type_=String)


def _typed(each: Column[Any], text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Make of a text what the column holds; an instant is UTC, and a server may live elsewhere."""
    if isinstance(each.type, Instant):
        return func.timezone("UTC", cast(text, DateTime))
    return cast(text, each.type)
