"""What resources follow, on record: assigned, begun, handed over, acknowledged, ended.

Writers take turns (`_turn`), so that what one reads is what it changes. One process
writes: it holds the lease.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from ven_daemon.domain.dispatches import Answer, Dispatch, Do, State
from ven_daemon.domain.dispatching.convergence import (
    Assignment,
    Changes,
    again,
    ended,
    may_repeat,
    settle,
    withdrawn,
)
from ven_daemon.domain.dispatching.schedules import Schedule
from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import ResourceKey, ResourceName, VenName
from ven_daemon.domain.targets import Place
from ven_daemon.store import bulk
from ven_daemon.store.bridge import aside
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.lines import read_line, write_line, write_lines
from ven_daemon.store.optouts import Mark, mark_in
from ven_daemon.store.schema import assignments, dispatches, entries, schedules

OPEN = tuple(state.value for state in State if not state.is_final)
"""The states in which something may still have to be done."""

_FOLLOWED = (State.APPLIED.value, State.CANCEL_PENDING.value)

TURNS = 100
"""How often one window may be taken back and given again."""

_D = dispatches.c

Plan = Mapping[Place, tuple[Assignment, Schedule]]
Record = Mapping[Place, Sequence[Dispatch]]
Assigned = dict[Place, tuple[Assignment, str]]
"""Who follows which schedule."""


class Told(NamedTuple):
    """What a sink was told, and what it answered."""

    key: str
    do: Do
    answer: Answer


class DispatchStore:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._assigned: Assigned | None = None

    @retried
    async def step(
        self,
        plan: Plan | None,
        decide: Callable[[Record], Changes],
        now: datetime,
        outs: Mark | None = None,
    ) -> Changes:
        """Keep a new *plan*, where there is one, and what *decide* makes of the record.

        Raises:
            OutdatedError: the opt-outs are not those any more that bear the mark *outs*.
        """

        def work(connection: Connection) -> tuple[Assigned | None, Changes]:
            if outs is not None and outs != mark_in(connection):
                raise OutdatedError(f"{self._database}: somebody opted out, or in again, meanwhile")
            assigned = _assign(connection, plan, self._assigned) if plan is not None else None
            record = _open(connection)
            # It is pure, and with a large fleet it takes a while.
            changes = aside(connection, lambda: decide(record))
            created = _fresh(connection, changes.created)
            _write(connection, (*created, *changes.changed), now)
            return assigned, Changes(tuple(created), changes.changed)

        async with self._turn:
            try:
                assigned, changes = await self._database.transact(work)
            except BaseException:
                self._assigned = None  # it may have been committed all the same
                raise
            if assigned is not None:
                self._assigned = assigned
        return changes

    async def hand(
        self, sink: str, now: datetime, until: datetime, limit: int, busy: Iterable[str] = ()
    ) -> list[Dispatch]:
        """Give what *sink* is to be told now, oldest first, and note that it was told.

        It is not given again before *until*. Of the resources and types of the keys
        in *busy*, nothing is: the sink is being told about them.
        """
        due = selected().where(_due(sink, now)).order_by(_D.due, _D.key).limit(limit)
        keys = [*busy]

        def work(connection: Connection) -> list[Dispatch]:
            free = due.where(_not_beside(connection, keys)) if keys else due
            found = [dispatch_of(row) for row in connection.execute(free)]
            if found:
                told = update(dispatches).where(_D.key.in_(bulk.texts(connection, _keys(found))))
                change = told.values(attempts=_D.attempts + 1, due=until, updated_at=now)
                connection.execute(change)
            return found

        async with self._turn:
            return await self._database.transact(work)

    @retried
    async def settle(
        self, told: Sequence[Told], now: datetime, dice: Callable[[], float]
    ) -> list[Dispatch]:
        """Note what a sink answered; what a resource now follows ends what it followed before."""
        answers = {each.key: each for each in told}

        def work(connection: Connection) -> list[Dispatch]:
            mine = _D.key.in_(bulk.texts(connection, answers))
            settled = []
            for each in map(dispatch_of, connection.execute(selected().where(mine))):
                _, do, answer = answers[each.key]
                settled.append(settle(each, do, answer, now, dice()))
            followed = [each for each in settled if each.state is State.APPLIED]
            before = [ended(each) for each in _before(connection, followed)]
            _write(connection, (*settled, *before), now)
            return [*settled, *before]

        async with self._turn:
            return await self._database.transact(work)

    async def next_due(self, sink: str, after: datetime) -> datetime | None:
        """Say when *sink* is to be told something after *after*."""
        due = select(func.min(_D.due)).where(_D.sink == sink, _D.due > after)
        found: datetime | None = await self._database.look(lambda c: c.scalar(due))
        return found

    @retried
    async def recover(self, now: datetime) -> None:
        """Make everything due that was being handed over when the last process ended."""
        async with self._turn, self._database.begin() as connection:
            for state, due in (
                (State.SCHEDULED, _D.begins_at),
                (State.APPLIED, _D.ends_at),
                (State.CANCEL_PENDING, now),
            ):
                # Only its own sink's tasks hand over, and they begin anew with the process.
                asked = and_(_D.state == state.value, _D.attempts > 0)
                await connection.execute(update(dispatches).where(asked).values(due=due))

    async def release(self, now: datetime) -> None:
        """End everything that is followed, as if its events had been taken back."""

        def decide(record: Record) -> Changes:
            rows = (row for some in record.values() for row in some)
            return Changes((), tuple(new for row in rows if (new := withdrawn(row, now))))

        await self.step(None, decide, now)

    @retried
    async def forget(self, before: datetime, most: int = 5000) -> int:
        """Remove dispatches that ended before *before*, at most so many; say how many.

        What nothing refers to any more goes with them.
        """
        final = and_(_D.state.not_in(OPEN), _D.updated_at < before)
        some = select(_D.key).where(final).limit(most)
        async with self._turn, self._database.begin() as connection:
            gone = await connection.execute(delete(dispatches).where(_D.key.in_(some)))
            used = select(_D.entry)
            await connection.execute(delete(entries).where(entries.c.id.not_in(used)))
            followed = select(assignments.c.schedule)
            await connection.execute(delete(schedules).where(schedules.c.id.not_in(followed)))
        return gone.rowcount


def _assign(connection: Connection, plan: Plan, known: Assigned | None) -> Assigned:
    """Write what differs from what is assigned; many refer to one schedule."""
    if known is None:
        known = _assigned(connection)
    wanted = {place: (who, schedule.id) for place, (who, schedule) in plan.items()}
    changed = [each for place, each in wanted.items() if known.get(place) != each]
    kept = {id_ for _, id_ in known.values()}
    new = {s.id: s for _, s in plan.values() if s.id not in kept}
    lines = [(id_, write_lines(schedule.entries)) for id_, schedule in new.items()]
    bulk.write(connection, schedules, lines)
    rows = [(*who.place, who.name, who.sink, id_) for who, id_ in changed]
    bulk.write(connection, assignments, rows)
    gone = known.keys() - wanted.keys()
    if gone:
        place = tuple_(assignments.c.ven, assignments.c.resource)
        leaving = place.in_(bulk.pairs(connection, gone))
        connection.execute(delete(assignments).where(leaving))
    return wanted


def _open(connection: Connection) -> dict[Place, list[Dispatch]]:
    record: defaultdict[Place, list[Dispatch]] = defaultdict(list)
    for row in connection.execute(_OPEN):
        each = dispatch_of(row)
        record[each.place].append(each)
    return record


def _fresh(connection: Connection, created: Sequence[Dispatch]) -> list[Dispatch]:
    """Name anew what is given for a second time, and leave out what must not be."""
    fresh: list[Dispatch] = []
    for turn in range(1, TURNS):
        if not created:
            break
        rows = connection.execute(
            _taken(connection.dialect.name), {"keys": bulk.document(_keys(created))}
        )
        taken = {row.key: State(row.state) for row in rows}
        fresh += [each for each in created if each.key not in taken]
        repeated = [e for e in created if e.key in taken and may_repeat(taken[e.key], e)]
        created = [again(each, turn) for each in repeated]
    return fresh


def _write(connection: Connection, changed: Sequence[Dispatch], now: datetime) -> None:
    if not changed:
        return
    at = bulk.instant(now)
    # Many share one entry, and to compare it costs more than to know it again.
    shared = {id(each.entry): each.entry for each in changed}
    lines = {id_: write_line(entry) for id_, entry in shared.items()}
    bulk.write(connection, entries, list(dict(lines.values()).items()))
    rows = [_row(each, lines[id(each.entry)][0], at) for each in changed]
    bulk.write(connection, dispatches, rows)


def _assigned(connection: Connection) -> Assigned:
    found: Assigned = {}
    for row in connection.execute(select(assignments)):
        place = Place(VenName(row.ven), ResourceKey(row.resource))
        found[place] = Assignment(place, ResourceName(row.name), row.sink), row.schedule
    return found


def _before(connection: Connection, followed: Sequence[Dispatch]) -> list[Dispatch]:
    """Find what the same resources followed before, of the same types and by the same sink."""
    lasting = [each.key for each in followed if not each.is_instant]
    if not lasting:
        return []
    new = dispatches.alias("new")
    same = (new.c[name] == _D[name] for name in ("ven", "resource", "type", "sink"))
    mine = new.c.key.in_(bulk.texts(connection, lasting))
    beside = exists().where(mine, *same)
    old = _D.state.in_(_FOLLOWED)
    rows = connection.execute(
        selected().where(old, _D.key.not_in(bulk.texts(connection, lasting)), beside)
    )
    return [dispatch_of(row) for row in rows]


def _due(sink: str, now: datetime) -> Any:
    """Choose what a sink is to be told: what begins, and what ends with nothing in its place."""
    due = and_(_D.sink == sink, _D.due <= now)
    alive = or_(_D.ends_at.is_(None), _D.ends_at > now, _D.ends_at == _D.begins_at)
    next_ = dispatches.alias("next")
    same = (next_.c[name] == _D[name] for name in ("ven", "resource", "type", "sink"))
    begun = and_(next_.c.state == State.SCHEDULED.value, next_.c.begins_at <= now)
    lasting = or_(next_.c.ends_at.is_(None), next_.c.ends_at > now)
    followed = exists().where(*same, begun, lasting)
    begins = and_(_D.state == State.SCHEDULED.value, alive)
    ends = and_(_D.state.in_(_FOLLOWED), ~followed)
    return and_(due, or_(begins, ends))


def _not_beside(connection: Connection, busy: Iterable[str]) -> Any:
    other = dispatches.alias("busy")
    same = (other.c[name] == _D[name] for name in ("ven", "resource", "type"))
    return ~exists().where(other.c.key.in_(bulk.texts(connection, busy)), *same)


def selected() -> Select[Any]:
    """Select what `dispatch_of` reads."""
    columns = (_D.key, _D.ven, _D.resource, _D.name, _D.sink, _D.state)
    more = (_D.due, _D.attempts, _D.words, entries.c.content)
    return select(*columns, *more).join(entries, entries.c.id == _D.entry)


# What every step asks is made once: to put a statement together takes longer than to carry it out.
_OPEN = selected().where(or_(*(_D.state == state for state in OPEN))).order_by(_D.key)


@cache
def _taken(dialect: str) -> Select[Any]:
    """Select the states of those of the parameter `keys` that are on record."""
    return select(_D.key, _D.state).where(_D.key.in_(bulk.listed(dialect, "keys")))


def dispatch_of(row: Row[Any]) -> Dispatch:
    """Read one row."""
    return Dispatch(
        row.key,
        Place(VenName(row.ven), ResourceKey(row.resource)),
        ResourceName(row.name),
        row.sink,
        read_line(row.content),
        State(row.state),
        row.due,
        row.attempts,
        row.words,
    )


def _row(each: Dispatch, line: str, at: str | None) -> tuple[Any, ...]:
    entry = each.entry
    return (
        each.key,
        *each.place,
        each.name,
        each.sink,
        entry.type,
        line,
        each.state,
        bulk.instant(each.due),
        each.attempts,
        # A sink's words; PostgreSQL cannot store U+0000.
        each.words.replace("\0", ""),
        bulk.instant(entry.start),
        bulk.instant(entry.end),
        at,
    )


def _keys(some: Iterable[Dispatch]) -> list[str]:
    return [each.key for each in some]
