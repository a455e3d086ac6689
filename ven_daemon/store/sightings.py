"""How each event stands with each reader, which programs it may see, what a VTN is like."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.events import Event
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.sightings import Sighting, Standing
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import (
    program_sightings,
    sighting_changes,
    sightings,
    versions,
    vtn_traits,
)
from ven_daemon.store.versions import VersionStore

PAGE = 500
"""Rows that are taken in or written at a time: more would hold others up."""


class Seen(NamedTuple):
    """A sighting, and whose it is."""

    reader: str
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Change:
    """A sighting that replaces another."""

    sighting: Sighting
    is_new: bool
    backwards: bool = False
    """Whether the VTN showed an older version than before (F27)."""


class PastChange(NamedTuple):
    """A line of the history of one event, for one reader."""

    at: datetime
    digest: str
    standing: Standing
    modified: datetime | None
    backwards: bool
    reason: str | None


class SightingStore:
    """The events at one VTN, by reader."""

    def __init__(self, database: Database, vtn: str, kept: VersionStore[Event]) -> None:
        self._database = database
        self._vtn = vtn
        self._versions = kept

    async def of(self, reader: str) -> dict[EventId, Sighting]:
        """Read everything that one reader holds."""
        found = {}
        async for row in self._pages(sightings.c.reader == reader):
            found[EventId(row.event)] = _sighting(row)
        return found

    async def every(self, events: Iterable[EventId] | None = None) -> AsyncIterator[Seen]:
        """Give the sightings of all readers, of all events or of some, event by event."""
        if events is None:
            async for row in self._pages():
                yield Seen(row.reader, _sighting(row))
            return
        async with self._database.read() as connection:
            wanted = sightings.c.event.in_(bulk.texts(connection, events))
            rows = (await connection.execute(self._of_vtn().where(wanted))).all()
        for row in rows:
            yield Seen(row.reader, _sighting(row))

    async def latest(
        self,
        limit: int,
        after: Seen | None = None,
        readers: Collection[str] | None = None,
        event: str | None = None,
    ) -> list[Seen]:
        """Give one sighting of each event, those that changed last first, behind *after*.

        Of several readers' the one that holds, else the one that changed last.
        """
        mine = sightings.c
        live = case((mine.standing.in_([Standing.SEEN, Standing.UNCONFIRMED]), 0), else_=1)
        order = (live, mine.changed.desc(), mine.reader)
        rank = func.row_number().over(partition_by=mine.event, order_by=order)
        async with self._database.read() as connection:
            which = self._which(connection, readers, event)
            ranked = select(sightings, rank.label("rank")).where(*which).subquery()
            wanted = select(ranked).where(ranked.c.rank == 1)
            if after is not None:
                last = after.sighting
                same = (ranked.c.changed == last.changed) & (ranked.c.event > last.event)
                wanted = wanted.where((ranked.c.changed < last.changed) | same)
            wanted = wanted.order_by(ranked.c.changed.desc(), ranked.c.event).limit(limit)
            rows = (await connection.execute(wanted)).all()
        return [Seen(row.reader, _sighting(row)) for row in rows]

    async def count(self, readers: Collection[str] | None = None, event: str | None = None) -> int:
        """Count the events that there are, once each."""
        wanted = select(func.count(sightings.c.event.distinct()))
        async with self._database.read() as connection:
            which = self._which(connection, readers, event)
            return await connection.scalar(wanted.where(*which)) or 0

    async def save(self, reader: str, changes: Sequence[Change]) -> None:
        """Write what changed, with the versions it refers to.

        It is one transaction, unless more changed at once than any VTN but a flooded one
        shows: then an event is seen a moment before another, as if it had come before it.
        """
        for begin in range(0, len(changes), PAGE):
            some = changes[begin : begin + PAGE]
            await self._write(
                [self._row(reader, each.sighting) for each in some],
                [self._line(reader, each) for each in some if not each.is_new],
            )
            await asyncio.sleep(0)

    @retried
    async def _write(self, rows: list[tuple[Any, ...]], history: list[tuple[Any, ...]]) -> None:
        async with self._versions.writing() as connection:
            await bulk.upsert(connection, sightings, rows)
            await bulk.upsert(connection, sighting_changes, history)

    async def history(self, reader: str, event: EventId) -> list[PastChange]:
        """Give what changed of one event for one reader, oldest first."""
        mine = sighting_changes.c
        wanted = (
            select(mine.at, mine.digest, mine.standing, mine.modified, mine.backwards, mine.reason)
            .where(mine.vtn == self._vtn, mine.reader == reader, mine.event == event)
            .order_by(mine.at)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return [PastChange(row[0], row[1], Standing(row[2]), *row[3:]) for row in rows]

    async def counts(self) -> dict[Standing, int]:
        """Count events by how they stand; one that many readers see counts once for each."""
        column = sightings.c.standing
        wanted = select(column, func.count()).where(sightings.c.vtn == self._vtn).group_by(column)
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return {Standing(standing): count for standing, count in rows}

    @retried
    async def prune(self, before: datetime) -> tuple[str, ...]:
        """Forget what has been gone since *before*, and what nobody refers to; say which."""
        gone = sightings.c.standing.in_([Standing.DELETED, Standing.TARGET_LOST])
        referred = (
            select(column)
            for column in (
                sightings.c.digest,
                sightings.c.read,
                program_sightings.c.digest,
                sighting_changes.c.digest,
            )
        )
        unused = [versions.c.digest.not_in(each) for each in referred]
        async with self._database.begin() as connection:
            await connection.execute(delete(sightings).where(gone, sightings.c.changed < before))
            await connection.execute(delete(sighting_changes).where(sighting_changes.c.at < before))
            old = versions.c.kept_at < before
            removed = delete(versions).where(old, *unused).returning(versions.c.digest)
            return tuple((await connection.execute(removed)).scalars())

    async def programs(
        self, readers: Collection[str] | None = None
    ) -> dict[str, dict[ProgramId, str]]:
        """Give the programs that each reader may see, or each of some, and their versions."""
        found: defaultdict[str, dict[ProgramId, str]] = defaultdict(dict)
        mine = program_sightings.c
        wanted = select(mine.reader, mine.program, mine.digest).where(mine.vtn == self._vtn)
        async with self._database.read() as connection:
            if readers is not None:
                wanted = wanted.where(mine.reader.in_(bulk.texts(connection, readers)))
            for reader, program, digest in await connection.execute(wanted):
                found[reader][ProgramId(program)] = digest
        return dict(found)

    @retried
    async def save_programs(
        self,
        reader: str,
        shown: Mapping[ProgramId, str],
        gone: Iterable[ProgramId],
        now: datetime,
        kept: VersionStore[Any],
    ) -> None:
        """Write which programs a reader was shown, and which it may no longer see."""
        at = bulk.instant(now)
        rows = [(self._vtn, reader, program, digest, at) for program, digest in shown.items()]
        async with kept.writing() as connection:
            lost = program_sightings.c.program.in_(bulk.texts(connection, gone))
            await connection.execute(
                delete(program_sightings).where(*self._programs_of(reader), lost)
            )
            await bulk.upsert(connection, program_sightings, rows)

    async def trait(self, name: str) -> str | None:
        """Give what was found out about the VTN."""
        mine = (vtn_traits.c.vtn == self._vtn, vtn_traits.c.name == name)
        async with self._database.read() as connection:
            return await connection.scalar(select(vtn_traits.c.value).where(*mine))

    @retried
    async def note(self, name: str, value: str, now: datetime) -> None:
        """Remember something about the VTN."""
        async with self._database.begin() as connection:
            row = (self._vtn, name, value, bulk.instant(now))
            await bulk.upsert(connection, vtn_traits, [row])

    def _of_vtn(self) -> Any:
        return select(sightings).where(sightings.c.vtn == self._vtn)

    def _which(
        self, connection: AsyncConnection, readers: Collection[str] | None, event: str | None
    ) -> list[ColumnElement[bool]]:
        mine = sightings.c
        which = [mine.vtn == self._vtn]
        if readers is not None:
            which.append(mine.reader.in_(bulk.texts(connection, readers)))
        if event is not None:
            which.append(mine.event == event)
        return which

    def _programs_of(self, reader: str) -> tuple[Any, ...]:
        return program_sightings.c.vtn == self._vtn, program_sightings.c.reader == reader

    async def _pages(self, *which: Any) -> AsyncIterator[Row[Any]]:
        """Give rows by event, a page at a time: nobody else waits for a long list."""
        event, reader = "", ""
        while True:
            beyond = (sightings.c.event > event) | (
                (sightings.c.event == event) & (sightings.c.reader > reader)
            )
            wanted = (
                self._of_vtn()
                .where(beyond, *which)
                .order_by(sightings.c.event, sightings.c.reader)
                .limit(PAGE)
            )
            async with self._database.read() as connection:
                rows = (await connection.execute(wanted)).all()
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            event, reader = rows[-1].event, rows[-1].reader
            await asyncio.sleep(0)

    def _row(self, reader: str, each: Sighting) -> tuple[Any, ...]:
        return (
            self._vtn,
            reader,
            each.event,
            each.digest,
            each.standing,
            bulk.instant(each.first_seen),
            bulk.instant(each.seen),
            bulk.instant(each.last_seen),
            bulk.instant(each.changed),
            each.read,
            bulk.instant(each.modified),
            each.cancelled,
            _plain(each.reason),
        )

    def _line(self, reader: str, change: Change) -> tuple[Any, ...]:
        each = change.sighting
        return (
            self._vtn,
            reader,
            each.event,
            bulk.instant(each.changed),
            each.digest,
            each.standing,
            bulk.instant(each.modified),
            change.backwards,
            _plain(each.reason),
        )


def _plain(words: str | None) -> str | None:
    """Take out what PostgreSQL cannot store."""
    return words and words.replace("\0", "")


def _sighting(row: Row[Any]) -> Sighting:
    return Sighting(
        EventId(row.event),
        row.digest,
        Standing(row.standing),
        row.first_seen,
        row.seen,
        row.last_seen,
        row.changed,
        row.read,
        row.modified,
        row.cancelled,
        row.reason,
    )
