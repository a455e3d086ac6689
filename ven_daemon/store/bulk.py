"""Writing many rows by one statement and one parameter: a JSON document that SQL unpacks.

An executemany crosses between Python and the database once per row. With SQLite that
hands the interpreter lock back and forth between two threads for each row, which a
busy event loop makes slow; with PostgreSQL it is a round trip's worth of protocol.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Table,
    bindparam,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import TypeEngine

from ven_daemon.store.schema import Instant

ROWS = 5000
"""Rows per statement: a statement holds the writer, and a document the memory."""


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or replace *rows*, dicts of all columns, by the table's primary key."""
    for begin in range(0, len(rows), ROWS):
        document = orjson.dumps(rows[begin : begin + ROWS]).decode()
        statement = _upsert(table, connection.dialect.name)
        await connection.execute(statement, {"rows": document})


def instant(value: datetime | None) -> str | None:
    """Write an instant as both databases read it from JSON; a naive one means nothing."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


@lru_cache
def _upsert(table: Table, dialect: str) -> Insert:
    names = [each.name for each in table.columns]
    key = [each.name for each in table.primary_key]
    if dialect == "sqlite":
        each = func.json_each(bindparam("rows")).table_valued("value")
        source = select(*(func.json_extract(each.c.value, f"$.{name}") for name in names))
        insert: Any = sqlite.insert(table)
    else:
        typed = [column(each.name, _json_type(each)) for each in table.columns]
        record = func.json_to_recordset(bindparam("rows")).table_valued(*typed)
        record = record.render_derived(with_types=True)
        source = select(*(_from_json(each, record.c[each.name]) for each in table.columns))
        insert = postgresql.insert(table)
    # Without a WHERE, SQLite takes ON CONFLICT for a join's.
    insert = insert.from_select(names, source.where(true()))
    changed = {name: insert.excluded[name] for name in names if name not in key}
    upsert: Insert = insert.on_conflict_do_update(index_elements=key, set_=changed)
    return upsert


def _json_type(each: Column[Any]) -> TypeEngine[Any]:
    return DateTime() if isinstance(each.type, Instant) else each.type


def _from_json(each: Column[Any], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Say of an instant that it is UTC: a server may live elsewhere."""
    return func.timezone("UTC", value) if isinstance(each.type, Instant) else value
