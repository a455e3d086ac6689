"""Looking at the outbox: pages for people, weights for retention, depth and age for figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select

from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.retention import Held
from ven_daemon.store.database import Database
from ven_daemon.store.outbox_rows import Filed, filed, selected
from ven_daemon.store.schema import outbox, report_bodies

PORTION = 2000
"""Reports that retention looks at together."""

_O = outbox.c
_RANK = case(
    {State.SENT.value: 0, State.QUARANTINED.value: 1, State.QUEUED.value: 2}, value=_O.state
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which reports: the newest first."""

    ven: str | None = None
    event: str | None = None
    states: tuple[State, ...] = ()
    limit: int = 100
    before: tuple[datetime, str] | None = None
    """Only what is due before this one, or at the same instant and named before it."""


class Weight(NamedTuple):
    """How much there is, what of it is too old, and what would go first."""

    total: int
    old: list[Held]
    first: list[Held]


class Depth(NamedTuple):
    """How many there are in a state, since when the oldest, and how large."""

    reports: int
    oldest: datetime | None
    size: int


class OutboxListing:
    """Reads only, whatever the VTN."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, asked: Asked) -> list[Filed]:
        """List reports; one more than the limit says that there are more."""
        query = selected().order_by(_O.due.desc(), _O.name.desc()).limit(asked.limit + 1)
        if asked.ven is not None:
            query = query.where(_O.ven == asked.ven)
        if asked.event is not None:
            query = query.where(_O.event == asked.event)
        if asked.states:
            query = query.where(_O.state.in_([state.value for state in asked.states]))
        if asked.before is not None:
            due, name = asked.before
            query = query.where((_O.due < due) | and_(_O.due == due, _O.name < name))
        async with self._database.read() as connection:
            return [filed(row) for row in await connection.execute(query)]

    async def one(self, name: str) -> tuple[Filed, bytes] | None:
        """Give one report with what is sent."""
        mine = report_bodies.c.name == _O.name
        query = select(outbox, report_bodies.c.body).join(report_bodies, mine)
        async with self._database.read() as connection:
            row = (await connection.execute(query.where(_O.name == name))).one_or_none()
        return (filed(row), bytes(row.body)) if row else None

    async def depths(self) -> dict[State, Depth]:
        """Say how much there is, by state."""
        columns = (func.count(), func.min(_O.due), func.sum(_O.size))
        counted = select(_O.state, *columns).group_by(_O.state)
        async with self._database.read() as connection:
            rows = (await connection.execute(counted)).all()
        found = {State(state): Depth(count, due, int(size)) for state, count, due, size in rows}
        return {state: found.get(state, Depth(0, None, 0)) for state in State}

    async def causes(self) -> dict[str, int]:
        """Count what is quarantined by why."""
        aside = _O.state == State.QUARANTINED.value
        counted = select(_O.cause, func.count()).where(aside).group_by(_O.cause)
        async with self._database.read() as connection:
            return {cause or "unknown": n for cause, n in await connection.execute(counted)}

    async def weight(self, before: datetime, room: int) -> Weight:
        """Weigh the outbox; what would go first is looked for where there is too much."""
        columns = select(_O.name, _O.state, _O.due, _O.size)
        held = columns.where(_O.state != State.SENDING.value)
        by_age = held.where(_O.due < before).order_by(_O.due).limit(PORTION)
        by_rank = held.order_by(_RANK, _O.due, _O.name).limit(PORTION)
        async with self._database.read() as connection:
            total = int(await connection.scalar(select(func.sum(_O.size))) or 0)
            old = [_held(*row) for row in await connection.execute(by_age)]
            crowded = total > room and not old
            first = [_held(*r) for r in await connection.execute(by_rank)] if crowded else []
        return Weight(total, old, first)


def _held(name: str, state: str, due: datetime, size: int) -> Held:
    return Held(name, State(state), due, size)
