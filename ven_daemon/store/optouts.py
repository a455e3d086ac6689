"""Who follows nothing, when: decisions of operators, kept for ever."""

import json
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.optouts import OptOut, Weekly
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import opt_outs

_FIGURES = select(func.count(), func.max(opt_outs.c.updated_at))

Mark = tuple[Any, ...]


class OptOutStore:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, out: OptOut, now: datetime) -> None:
        """Keep a decision."""
        async with self._database.begin() as connection:
            await connection.execute(insert(opt_outs).values(**_columns(out), updated_at=now))

    @retried
    async def end(self, id_: str, now: datetime) -> bool:
        """Take a decision back, from *now* on; False where there is none that still holds."""
        ended = (
            update(opt_outs)
            .where(opt_outs.c.id == id_, _lasts(now))
            .values(ends_at=now, updated_at=now)
        )
        async with self._database.begin() as connection:
            return (await connection.execute(ended)).rowcount > 0

    async def since(self, instant: datetime) -> list[OptOut]:
        """Give every decision that still held at *instant* or later, in order of their making."""
        wanted = select(opt_outs).where(_lasts(instant)).order_by("begins_at", "id")
        async with self._database.read() as connection:
            return [_out(row) for row in await connection.execute(wanted)]

    async def mark(self) -> Mark:
        """Give something that changes whenever a decision is made or taken back."""
        return await self._database.look(mark_in)


def mark_in(connection: Connection) -> Mark:
    """Give the mark as a transaction sees it."""
    return tuple(connection.execute(_FIGURES).one())


def _lasts(instant: datetime) -> Any:
    return or_(opt_outs.c.ends_at.is_(None), opt_outs.c.ends_at > instant)


def _columns(out: OptOut) -> dict[str, Any]:
    return {
        "id": out.id,
        "ven": out.ven,
        "resource": out.resource,
        "event": out.event,
        "begins_at": out.start,
        "ends_at": out.end,
        "weekly": _write_weekly(out.weekly) if out.weekly else None,
        "reason": out.reason,
    }


def _out(row: Row[Any]) -> OptOut:
    return OptOut(
        row.id,
        VenName(row.ven),
        row.begins_at,
        row.ends_at,
        ResourceKey(row.resource) if row.resource is not None else None,
        EventId(row.event) if row.event is not None else None,
        _read_weekly(row.weekly) if row.weekly else None,
        row.reason,
    )


def _write_weekly(weekly: Weekly) -> str:
    hours = (weekly.begin.isoformat(), weekly.end.isoformat())
    return json.dumps([sorted(weekly.days), *hours, weekly.zone])


def _read_weekly(text: str) -> Weekly:
    days, begin, end, zone = json.loads(text)
    return Weekly(frozenset(days), time.fromisoformat(begin), time.fromisoformat(end), zone)
