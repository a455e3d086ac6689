"""Looking at dispatches: what began, from the record, and what will, from the schedules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from ven_daemon.domain.dispatches import Dispatch, State
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import ResourceKey, ResourceName, VenName
from ven_daemon.domain.targets import Place
from ven_daemon.store.database import Database
from ven_daemon.store.dispatches import dispatch_of, selected
from ven_daemon.store.lines import read_lines
from ven_daemon.store.schema import assignments, dispatches, schedules

MOST = 10_000
"""Dispatches that one listing may hold."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which dispatches: those whose time meets [since, until), in order of start."""

    since: datetime
    until: datetime
    ven: str | None = None
    resource: str | None = None
    """A resource's name at the VTN, or its key in the inventory."""
    limit: int = 1000


class Found(NamedTuple):
    """What was found, and whether there is more."""

    dispatches: tuple[Dispatch, ...]
    truncated: bool
    unknown: str = ""
    """That nobody we know is asked about, where it is so and nothing is on record."""


class DispatchListing:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, asked: Asked, now: datetime) -> Found:
        """List what meets the time asked for; what lies ahead has no key yet."""
        d = dispatches.c
        meets = and_(d.begins_at < asked.until, or_(d.ends_at.is_(None), d.ends_at > asked.since))
        once = and_(d.ends_at == d.begins_at, d.begins_at >= asked.since)
        wanted = _narrowed(selected(), dispatches, asked).where(or_(meets, once))
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.order_by(d.begins_at).limit(asked.limit + 1))
            begun = [dispatch_of(row) for row in rows]
            planned = await connection.execute(_narrowed(_schedules(), assignments, asked))
            ahead = _ahead(planned.all(), asked, now, {_mark(e.place, e.entry) for e in begun})
        found = nsmallest(asked.limit + 1, chain(begun, ahead), key=_order)
        return Found(tuple(found[: asked.limit]), len(found) > asked.limit)

    async def counts(self) -> dict[str, int]:
        """Count what is on record by state."""
        counted = select(dispatches.c.state, func.count()).group_by(dispatches.c.state)
        async with self._database.read() as connection:
            found = {row[0]: row[1] for row in await connection.execute(counted)}
        return {state.value: found.get(state.value, 0) for state in State}

    async def due(self, now: datetime) -> dict[str, int]:
        """Count by sink what it is to be told by *now* and has not acknowledged."""
        d = dispatches.c
        counted = select(d.sink, func.count()).where(d.due <= now).group_by(d.sink)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(counted)}


def _schedules() -> Select[Any]:
    joined = schedules.c.id == assignments.c.schedule
    return select(assignments, schedules.c.entries).join(schedules, joined)


def _narrowed(query: Select[Any], table: Any, asked: Asked) -> Select[Any]:
    if asked.ven is not None:
        query = query.where(table.c.ven == asked.ven)
    if asked.resource is not None:
        query = query.where(or_(table.c.name == asked.resource, table.c.resource == asked.resource))
    return query


def _ahead(rows: Any, asked: Asked, now: datetime, begun: set[Any]) -> Iterator[Dispatch]:
    """Give what has not begun, and what never will because nothing could be made of it."""
    for row in rows:
        place = Place(VenName(row.ven), ResourceKey(row.resource))
        for entry in read_lines(row.entries):
            if entry.start >= asked.until:
                break
            is_over = entry.end is not None and max(entry.end, entry.start) < asked.since
            if is_over or (entry.start <= now and not entry.refused):
                continue
            if _mark(place, entry) not in begun:
                state = State.FAILED if entry.refused else State.SCHEDULED
                yield Dispatch("", place, ResourceName(row.name), row.sink, entry, state)


def _mark(place: Place, entry: Entry) -> tuple[Any, ...]:
    return *place, entry.event, entry.window, entry.type, entry.start


def _order(each: Dispatch) -> tuple[Any, ...]:
    return each.entry.start, each.place.ven, each.name, each.entry.type, each.key
