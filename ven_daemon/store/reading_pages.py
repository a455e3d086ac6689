"""Readings as they are read: by resource and window, or the last of each."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quality, Quantity, Reading
from ven_daemon.store import reading_rows
from ven_daemon.store.database import Database
from ven_daemon.store.reading_numbers import ResourceNumbers
from ven_daemon.store.reading_rows import SLOT, Row, Sample, instant, micros
from ven_daemon.store.schema import reading_resources, readings

READ_AT_ONCE = 5000
"""Rows that are read at a time."""

_ASKED_AT_ONCE = 500
"""Resources that one query names."""

_KEY = (readings.c.slot, readings.c.resource, readings.c.quantity, readings.c.at)

Condition = ColumnElement[bool]


class ReadingPages:
    """Reads in portions; each is a transaction of its own."""

    def __init__(self, database: Database, numbers: ResourceNumbers) -> None:
        self._database = database
        self._numbers = numbers

    async def between(
        self,
        start: datetime,
        end: datetime,
        resources: Sequence[ResourceKey] | None = None,
        quantities: Sequence[Quantity] | None = None,
    ) -> AsyncIterator[list[Reading]]:
        """Read what was measured from *start* on and before *end*, in portions.

        A resource's readings of one quantity come in the order of time.
        """
        async for rows in self._rows_between(start, end, resources, quantities):
            yield await self._readings(rows)

    async def samples(
        self,
        start: datetime,
        end: datetime,
        resources: Sequence[ResourceKey],
        quantities: Sequence[Quantity] | None = None,
    ) -> AsyncIterator[list[Sample]]:
        """Read the same for who folds millions: bare tuples, instants as seconds since 1970."""
        async for rows in self._rows_between(start, end, resources, quantities):
            numbers = [*{row[1] for row in rows}]
            keys = dict(zip(numbers, await self._numbers.keys(numbers), strict=True))
            yield [reading_rows.sample(row, keys) for row in rows]

    async def _rows_between(
        self,
        start: datetime,
        end: datetime,
        resources: Sequence[ResourceKey] | None,
        quantities: Sequence[Quantity] | None,
    ) -> AsyncIterator[Sequence[Any]]:
        first, last = micros(start), micros(end)
        asked: list[Condition] = [readings.c.at >= first, readings.c.at < last]
        if quantities is not None:
            asked.append(readings.c.quantity.in_([reading_rows.code(each) for each in quantities]))
        groups = await self._groups(resources)
        for slot in range(first // SLOT, -(-last // SLOT)):
            for group in groups:
                async for rows in self._portions(readings.c.slot == slot, *asked, *group):
                    yield rows

    async def latest(
        self, resources: Sequence[ResourceKey] | None, since: datetime
    ) -> dict[tuple[ResourceKey, Quantity], Reading]:
        """Give the last reading of each resource and quantity that is not older than *since*.

        It looks back slot by slot. Where resources are named it stops once it has heard of
        each: a quantity that is measured more rarely than the others may be missing then.
        """
        found: dict[tuple[ResourceKey, Quantity], Reading] = {}
        silent = None if resources is None else set(resources)
        oldest, slot = micros(since) // SLOT, await self._newest_slot(None)
        while slot is not None and slot >= oldest and silent != set():
            for group in await self._groups(silent):
                async for rows in self._portions(readings.c.slot == slot, *group):
                    for each in await self._readings(rows):
                        _take_later(found, each)
            if silent is not None:
                silent -= {key for key, _ in found}
            slot = await self._newest_slot(slot)
        return found

    async def last_heard(self, since: datetime) -> dict[ResourceKey, datetime | None]:
        """Say of all that ever brought a reading when the last was measured; None: not since then.

        What is said to be missing was not measured.
        """
        r, missing = readings.c, reading_rows.quality_code(Quality.MISSING)
        first = micros(since)
        lately = (
            select(r.resource, func.max(r.at).label("at"))
            .where(r.slot >= first // SLOT, r.at >= first, r.quality != missing)
            .group_by(r.resource)
            .subquery()
        )
        known, joined = reading_resources.c, reading_resources.c.number == lately.c.resource
        query = select(known.resource_id, lately.c.at).outerjoin_from(
            reading_resources, lately, joined
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {ResourceKey(key): None if at is None else instant(at) for key, at in rows}

    async def _groups(self, resources: Iterable[ResourceKey] | None) -> list[tuple[Condition, ...]]:
        """Name the resources, so many at a time as a query bears; or all by naming none."""
        if resources is None:
            return [()]
        numbers = await self._numbers.of(resources)
        return [
            (readings.c.resource.in_(numbers[begin : begin + _ASKED_AT_ONCE]),)
            for begin in range(0, len(numbers), _ASKED_AT_ONCE)
        ]

    async def _portions(self, *asked: Condition) -> AsyncIterator[Sequence[Any]]:
        """Page by key, so that a page costs the same wherever it is."""
        query = select(readings).where(*asked).order_by(*_KEY).limit(READ_AT_ONCE)
        after: tuple[Any, ...] = ()
        while True:
            async with self._database.read() as connection:
                rows = (await connection.execute(query.where(*after))).all()
            if rows:
                yield rows
            if len(rows) < READ_AT_ONCE:
                return
            after = (tuple_(*_KEY) > tuple_(*rows[-1][:4]),)

    async def _readings(self, rows: Sequence[Any]) -> list[Reading]:
        keys = await self._numbers.keys([row.resource for row in rows])
        return list(map(reading_rows.reading, map(Row._make, rows), keys))

    async def _newest_slot(self, before: int | None) -> int | None:
        query = select(readings.c.slot).order_by(readings.c.slot.desc()).limit(1)
        if before is not None:
            query = query.where(readings.c.slot < before)
        async with self._database.read() as connection:
            found: int | None = await connection.scalar(query)
        return found


def _take_later(found: dict[tuple[ResourceKey, Quantity], Reading], candidate: Reading) -> None:
    key = candidate.resource, candidate.quantity
    held = found.get(key)
    if held is None or held.at < candidate.at:
        found[key] = candidate
