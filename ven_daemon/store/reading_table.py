"""Somebody else's table or view of readings, read portion by portion."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, column, inspect, select, table
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.errors import SourceError, StoreError
from ven_daemon.store.database import Database

ROWS_AT_ONCE = 1000

_COLUMNS = ("resource_id", "meter_point_id", "quantity", "value", "at", "quality")


class ReadingTable:
    """Reads in the order of one column, which must only rise as rows are committed."""

    def __init__(self, database: Database, name: str, rising: str) -> None:
        self._database = database
        self._name = name
        self._rising = rising

    async def after(self, mark: Any) -> tuple[Sequence[Mapping[str, object]], Any]:
        """Read some rows behind *mark*, in order, and where they end.

        Rows that share the mark at which a portion ends are all part of it.

        Raises:
            SourceError: it cannot be read now.
        """
        try:
            async with self._database.read() as connection:
                columns = await connection.run_sync(self._columns)
                rows = await self._rows(connection, columns, mark, ROWS_AT_ONCE)
                if len(rows) == ROWS_AT_ONCE:
                    rows = await self._whole(connection, columns, rows)
        except StoreError as error:
            raise SourceError(f"table {self._name}: {error}") from error
        if not rows:
            return [], mark
        return [_item(row) for row in rows], _mark(rows[-1][self._rising])

    async def _rows(
        self, connection: AsyncConnection, columns: Sequence[str], mark: Any, most: int
    ) -> list[Mapping[str, Any]]:
        rising: Any = column(self._rising)
        query = self._select(columns).order_by(rising).limit(most)
        if mark is not None:
            query = query.where(rising > _value(mark))
        return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def _whole(
        self,
        connection: AsyncConnection,
        columns: Sequence[str],
        rows: list[Mapping[str, Any]],
    ) -> list[Mapping[str, Any]]:
        """Add the rows that the limit cut off from others of their mark."""
        last = rows[-1][self._rising]
        query = self._select(columns).where(column(self._rising) == last)
        same = [dict(row) for row in (await connection.execute(query)).mappings()]
        return [row for row in rows if row[self._rising] != last] + same

    def _select(self, columns: Sequence[str]) -> Select[Any]:
        schema, _, name = self._name.rpartition(".")
        names = dict.fromkeys((*columns, self._rising))
        source = table(name, schema=schema or None)
        chosen: list[Any] = [column(each) for each in names]
        return select(*chosen).select_from(source)

    def _columns(self, connection: Connection) -> list[str]:
        schema, _, name = self._name.rpartition(".")
        try:
            found = {each["name"] for each in inspect(connection).get_columns(name, schema or None)}
        except NoSuchTableError:
            raise SourceError(f"there is no table or view {self._name}") from None
        needed = {"value", "at", self._rising} - found
        if needed or not found & {"resource_id", "meter_point_id"}:
            lacks = ", ".join(sorted(needed)) or "resource_id"
            raise SourceError(f"table {self._name}: has no column {lacks}")
        return [name for name in _COLUMNS if name in found]


def _item(row: Mapping[str, Any]) -> Mapping[str, object]:
    return {name: row[name] for name in _COLUMNS if name in row}


def _mark(value: Any) -> Any:
    """Make of a value what JSON holds; an instant is kept as a text that is told by its key."""
    if isinstance(value, Decimal):
        return int(value)
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _value(mark: Any) -> Any:
    return datetime.fromisoformat(mark["at"]) if isinstance(mark, dict) else mark
