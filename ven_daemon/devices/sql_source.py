"""Readings from somebody else's table or view, followed by a column that only rises."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias

import structlog

from ven_daemon.devices.sources import MeterPoints, Take, named

Mark: TypeAlias = object
"""How far a table has been read; None: not at all."""

_log = structlog.get_logger(__name__)


class ReadingTable(Protocol):
    """A table or view with the columns of an item, and one that only rises."""

    async def after(self, mark: Mark) -> tuple[Sequence[Mapping[str, object]], Mark]:
        """Read some rows behind *mark*, in order, and where they end.

        Raises:
            SourceError: it cannot be read now.
        """
        ...


class Marks(Protocol):
    """Where sources keep how far they have read."""

    async def mark(self, source: str) -> Mark:
        """Read a mark."""
        ...

    async def put(self, source: str, mark: Mark) -> None:
        """Keep a mark."""
        ...


@dataclass(frozen=True)
class SqlTable:
    """Asks again and again; the mark moves on once what was read is on disk."""

    name: str
    """By which its mark is kept."""
    table: ReadingTable
    marks: Marks
    every: timedelta
    meter_points: MeterPoints = field(default_factory=dict, hash=False)
    kind: str = "sql"

    async def run(self, take: Take) -> None:
        """Read what is new, for ever."""
        mark = await self.marks.mark(self.name)
        while True:
            rows, reached = await self.table.after(mark)
            if not rows:
                await asyncio.sleep(self.every.total_seconds())
                continue
            sifted = await take([named(_item(row), self.meter_points) for row in rows])
            if sifted.refused:
                first = sifted.refused[0]
                _log.warning(
                    "readings.rows_refused",
                    table=self.name,
                    refused=len(sifted.refused),
                    first=str(rows[first.index]),
                    reason=first.reason,
                )
            await self.marks.put(self.name, reached)
            mark = reached


def _item(row: Mapping[str, object]) -> Mapping[str, object]:
    """Leave out what is NULL, and read what a database gives for numbers and instants."""
    item = {name: _plain(value) for name, value in row.items() if value is not None}
    return {"quantity": "power", **item}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else value
