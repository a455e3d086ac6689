"""Readings, durable: each once, the late ones marked, the old ones trimmed, all counted."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import and_, case, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Reading
from ven_daemon.store import dialects, reading_rows
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.reading_numbers import ResourceNumbers
from ven_daemon.store.reading_pages import ReadingPages
from ven_daemon.store.reading_rows import SLOT, Row, instant, micros
from ven_daemon.store.reading_statements import (
    HeldError,
    Postgres,
    Sqlite,
    Statements,
    copy,
    insertions,
)
from ven_daemon.store.schema import late_readings, reading_resources, reading_totals, readings

TRIMMED_AT_ONCE = 5000
"""Rows that one transaction deletes at the most: it holds the writer."""

_NUMBER = "INSERT INTO reading_resources (resource_id, number) VALUES (?, ?)"
_ACCEPTED = "UPDATE reading_totals SET accepted = accepted + ?"

LATE_AT_ONCE = 5000
"""Late spans that are read at a time."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of every reading that was ever written; kept with the readings."""

    accepted: int = 0
    """New ones."""
    repeated: int = 0
    """Held already, with the same value."""
    replaced: int = 0
    """Held with another value, which gave way: the last writer wins."""
    contradicted: int = 0
    """Held with another value, which may be in a report by now: the first writer wins."""
    late: int = 0
    """Of the new ones, those for a time whose reports had been built."""
    trimmed: int = 0
    """Deleted by the limits of age and size."""

    @property
    def held(self) -> int:
        """How many there are."""
        return self.accepted - self.trimmed

    def plus(self, more: "Totals") -> "Totals":
        """Add them up."""
        return Totals(*(a + b for a, b in zip(astuple(self), astuple(more), strict=True)))


@dataclass(frozen=True, slots=True)
class LateSpan:
    """Where a resource's readings came in after reports of that time had been built."""

    resource: ResourceKey
    earliest: datetime
    latest: datetime
    revision: int
    """A span that grew since this was read has another one."""


class Given(NamedTuple):
    """What is to be written: numbers of resources that were never heard of, and rows."""

    fresh: Mapping[str, int]
    rows: list[Row]


class ReadingStore:
    """Each method is one transaction. One process writes, others may look."""

    def __init__(self, database: Database) -> None:
        self.counted = Totals()
        """The totals as this process knows them, once it has read or written."""
        self._database = database
        self._statements: Statements = Sqlite() if database.is_sqlite else Postgres()
        self._numbers = ResourceNumbers(database)
        self._closed = 0
        self._knows = False
        self._writing = asyncio.Lock()
        self.pages = ReadingPages(database, self._numbers)

    @retried
    async def write(self, given: Sequence[Reading]) -> Totals:
        """Keep readings: once this returns they are on disk. Give what became of them.

        A reading that is held already (same resource, quantity and instant) changes
        nothing; with another value the last one is taken, unless reports of that
        instant have been built, when the first one stays (docs/telemetry.md).
        """
        async with self._writing:
            if not self._knows:
                await self._know()
            told = self._given(given)
            try:
                done = await self._write_new(told)
                if done is None:
                    done = await self._write_any(told)
            except BaseException:
                self._knows = False  # it may have been written all the same: read again
                raise
            self._numbers.learn(told.fresh)
            self.counted = self.counted.plus(done)
        return done

    async def _know(self) -> None:
        """Read what a writer has to know beforehand."""
        await self._numbers.load()
        await self.totals()
        self._closed = await self._closed_until()
        self._knows = True

    async def _write_new(self, given: Given) -> Totals | None:
        """Write what is all new and on time, the short way; None where not all of it is."""
        if any(row.at < self._closed for row in given.rows):
            return None
        try:
            if self._database.is_sqlite:
                await self._database.at_once(partial(_insert_new, given))
            else:
                await self._copy_new(given)
        except HeldError:
            return None
        return Totals(accepted=len(given.rows))

    async def _copy_new(self, given: Given) -> None:
        async with self._database.begin() as connection:
            await _number(connection, given)
            await copy(connection, given.rows)
            await _count(connection, Totals(accepted=len(given.rows)))

    async def _write_any(self, given: Given) -> Totals:
        async with self._database.begin() as connection:
            await _number(connection, given)
            done = await self._keep(connection, given.rows, self._closed)
            await _count(connection, done)
        return done

    def _given(self, given: Sequence[Reading]) -> Given:
        fresh = self._numbers.fresh(each.resource for each in given)
        numbers = self._numbers.with_(fresh)
        return Given(fresh, [reading_rows.row(each, numbers[each.resource]) for each in given])

    async def close(self, until: datetime) -> None:
        """Say that reports up to *until* are built from what is read after this returns.

        What is written from now on for a time before it is late.
        """
        until_ = micros(until)
        async with self._writing:  # what is being written is not late, and will be read
            async with self._database.begin() as connection:
                later = reading_totals.c.closed < until_
                await connection.execute(update(reading_totals).where(later).values(closed=until_))
            self._closed = await self._closed_until()

    async def late(self) -> list[LateSpan]:
        """Say where late readings came in, oldest first, a portion at a time."""
        query = select(late_readings).order_by(late_readings.c.slot, late_readings.c.resource)
        async with self._database.read() as connection:
            found = (await connection.execute(query.limit(LATE_AT_ONCE))).all()
        keys = await self._numbers.keys([row.resource for row in found])
        return [
            LateSpan(key, instant(row.earliest), instant(row.latest), row.revision)
            for row, key in zip(found, keys, strict=True)
        ]

    async def settle(self, spans: Iterable[LateSpan]) -> None:
        """Forget late spans that have been dealt with, unless they grew meanwhile."""
        async with self._database.begin() as connection:
            for span in spans:
                [number] = await self._numbers.of([span.resource])
                same = and_(
                    late_readings.c.slot == micros(span.earliest) // SLOT,
                    late_readings.c.resource == number,
                    late_readings.c.revision == span.revision,
                )
                await connection.execute(delete(late_readings).where(same))

    async def totals(self) -> Totals:
        """Read the counts."""
        columns = [reading_totals.c[each.name] for each in fields(Totals)]
        async with self._database.read() as connection:
            self.counted = Totals(*(await connection.execute(select(*columns))).one())
        return self.counted

    async def trim(self, before: datetime | None = None) -> int:
        """Delete the oldest readings, a portion at the most; none is left where it gives 0.

        With *before*, only those of slots that had ended by then.
        """
        oldest = select(*readings.primary_key.columns).order_by(*readings.primary_key.columns)
        if before is not None:
            oldest = oldest.where(readings.c.slot < micros(before) // SLOT)
        async with self._database.begin() as connection:
            keys = (await connection.execute(oldest.limit(TRIMMED_AT_ONCE))).all()
            if keys:
                up_to = tuple_(*readings.primary_key.columns) <= tuple_(*keys[-1])
                await connection.execute(delete(readings).where(up_to))
                await _count(connection, Totals(trimmed=len(keys)))
        self.counted = self.counted.plus(Totals(trimmed=len(keys)))
        return len(keys)

    async def _keep(self, connection: AsyncConnection, rows: list[Row], closed: int) -> Totals:
        late = [row for row in rows if row.at < closed]
        on_time = [row for row in rows if row.at >= closed] if late else rows
        told = await self._keep_late(connection, late) if late else Totals()
        accepted = await self._statements.insert(connection, on_time) if on_time else 0
        replaced = 0
        if accepted < len(on_time):
            replaced = await self._replace(connection, on_time)
        return Totals(
            accepted=told.accepted + accepted,
            repeated=told.repeated + len(on_time) - accepted - replaced,
            replaced=replaced,
            contradicted=told.contradicted,
            late=told.late,
        )

    async def _replace(self, connection: AsyncConnection, rows: list[Row]) -> int:
        """Let the last writer win; a row that was inserted just now has its own value."""
        last = {row.key: row for row in rows}
        held = await self._statements.held(connection, list(last))
        changed = {row.key: last[row.key] for row in held if row != last[row.key]}
        if changed:
            await self._statements.replace(connection, list(changed.values()))
        return len(changed)

    async def _keep_late(self, connection: AsyncConnection, rows: list[Row]) -> Totals:
        """Keep what is new among readings of a time whose reports were built, and mark it."""
        last = {row.key: row for row in rows}
        held = {row.key: row for row in await self._statements.held(connection, list(last))}
        new = [row for key, row in last.items() if key not in held]
        if new:
            await self._statements.insert(connection, new)
            await _mark_late(connection, new)
        contradicted = sum(row != last[key] for key, row in held.items())
        repeated = len(rows) - len(new) - contradicted
        return Totals(len(new), repeated, contradicted=contradicted, late=len(new))

    async def _closed_until(self) -> int:
        async with self._database.read() as connection:
            return await connection.scalar(select(reading_totals.c.closed)) or 0


def _insert_new(given: Given, connection: sqlite3.Connection) -> None:
    """Insert rows that are all new, in a transaction that this is all of."""
    if given.fresh:
        connection.executemany(_NUMBER, [*given.fresh.items()])
    inserted = sum(connection.execute(*each).rowcount for each in insertions(given.rows))
    if inserted < len(given.rows):
        raise HeldError
    connection.execute(_ACCEPTED, (inserted,))


async def _number(connection: AsyncConnection, given: Given) -> None:
    if given.fresh:
        numbers = [{"resource_id": key, "number": n} for key, n in given.fresh.items()]
        await connection.execute(insert(reading_resources), numbers)


async def _count(connection: AsyncConnection, done: Totals) -> None:
    """Add to the totals what rose."""
    rises = {each.name: getattr(done, each.name) for each in fields(done)}
    values = {name: reading_totals.c[name] + rise for name, rise in rises.items() if rise}
    if values:
        await connection.execute(update(reading_totals).values(values))


async def _mark_late(connection: AsyncConnection, rows: list[Row]) -> None:
    """Remember where something came late, a row per resource and slot however much it is."""
    spans: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in rows:
        spans[row.slot, row.resource].append(row.at)
    new = dialects.insert(connection.dialect.name, late_readings)
    old, added = late_readings.c, new.excluded
    upsert = new.on_conflict_do_update(
        index_elements=["slot", "resource"],
        set_={
            "earliest": case((added.earliest < old.earliest, added.earliest), else_=old.earliest),
            "latest": case((added.latest > old.latest, added.latest), else_=old.latest),
            "revision": old.revision + 1,
        },
    )
    marks = [
        {"slot": slot, "resource": number, "earliest": min(ats), "latest": max(ats), "revision": 1}
        for (slot, number), ats in spans.items()
    ]
    await connection.execute(upsert, marks)
