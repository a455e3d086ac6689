"""What resources followed, and when they declined to: read for reports, from dispatches."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, or_, select

from ven_daemon.domain.dispatches import State
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.optouts import Absence, OptOut, absences
from ven_daemon.domain.reporting.measures import Spell, Stance
from ven_daemon.domain.targets import Place
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.lines import read_line
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.schema import dispatches, entries, opt_outs

FOLLOWED = (State.APPLIED, State.CANCEL_PENDING, State.RELEASED, State.CANCELLED)
"""States of a dispatch that was, or is, followed."""

RELATIVE = frozenset({"DISPATCH_SETPOINT_RELATIVE"})

_D = dispatches.c


class Turn(NamedTuple):
    """Something changed for a VEN."""

    ven: VenName
    at: datetime


class SpellStore:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outs = OptOutStore(database)

    async def between(
        self,
        places: Mapping[Place, Mapping[str, float]],
        start: datetime,
        end: datetime,
        events: Collection[EventId] = (),
    ) -> dict[Place, list[Spell]]:
        """Say what each of *places*, with its capacities, followed; opt-outs come last.

        Of those that are about one event only, those about *events* count.
        """
        found: defaultdict[Place, list[Spell]] = defaultdict(list)
        for row in await self._rows(places, start, end):
            place = Place(VenName(row.ven), ResourceKey(row.resource))
            if place in places:
                found[place].append(_spell(row, read_line(row.content), places[place]))
        outs = await self._outs.since(start)
        for place in places if outs else ():
            found[place] += _absent(outs, place, Absence(start, end), events)
        return found

    async def changed(self, since: datetime) -> set[Turn]:
        """Say of which VENs something was followed, declined, or no longer, since then, and when.

        What is committed late has an earlier time than what was seen before it: compare
        with what is known, and do not ask from the last time on.
        """
        began = and_(_D.state.in_([each.value for each in FOLLOWED]), _D.updated_at > since)
        followed = select(_D.ven, _D.updated_at).where(began)
        columns = (opt_outs.c.ven, opt_outs.c.updated_at)
        declined = select(*columns).where(opt_outs.c.updated_at > since)
        async with self._database.read() as connection:
            rows = await connection.execute(followed.union(declined))
            return {Turn(VenName(ven), at) for ven, at in rows}

    async def _rows(
        self, places: Mapping[Place, object], start: datetime, end: datetime
    ) -> Sequence[Any]:
        meets = and_(_D.begins_at <= end, or_(_D.ends_at.is_(None), _D.ends_at > start))
        followed = _D.state.in_([each.value for each in FOLLOWED])
        columns = (_D.ven, _D.resource, _D.state, _D.updated_at, entries.c.content)
        query = select(*columns).join(entries, entries.c.id == _D.entry)
        async with self._database.read() as connection:
            whose = _D.ven.in_(bulk.texts(connection, {place.ven for place in places}))
            found = query.where(whose, followed, meets).order_by(_D.begins_at, _D.key)
            return (await connection.execute(found)).all()


def _spell(row: Any, entry: Entry, capacities: Mapping[str, float]) -> Spell:
    end = entry.end.timestamp() if entry.end else None
    if row.state == State.CANCELLED.value:
        end = min(end or row.updated_at.timestamp(), row.updated_at.timestamp())
    level = _level(entry)
    stance = _stance(entry, level, capacities)
    return Spell(entry.start.timestamp(), end, stance, level, entry.kw)


def _level(entry: Entry) -> int:
    value = entry.values[0] if entry.values else None
    return int(value) if entry.type == "SIMPLE" and isinstance(value, int | float) else 0


def _stance(entry: Entry, level: int, capacities: Mapping[str, float]) -> Stance:
    """Say which way a resource was told to move: below what it could draw, or beyond."""
    if level:
        return Stance.CURTAILED
    value = entry.values[0] if entry.values else None
    if entry.type in RELATIVE and isinstance(value, int | float) and value:
        return Stance.HEIGHTENED if value > 0 else Stance.CURTAILED
    most = capacities.get("P_max_kw")
    if entry.kw is None or most is None:
        return Stance.NORMAL
    return Stance.CURTAILED if entry.kw < most else Stance.NORMAL


def _absent(
    outs: Sequence[OptOut], place: Place, within: Absence, events: Collection[EventId]
) -> list[Spell]:
    start, end = within.start, within.end or within.start
    about = [o for o in outs if o.is_about(place) and (o.event is None or o.event in events)]
    # An instant is looked at too: what holds at it, holds.
    until = max(start + timedelta(microseconds=1), end)
    times = (time for out in about for time in absences(out, start, until))
    return [
        Spell(time.start.timestamp(), time.end.timestamp() if time.end else None, opted_out=True)
        for time in times
    ]
