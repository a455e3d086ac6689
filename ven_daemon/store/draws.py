"""What VENs drew for randomizeStart: kept before it is used, and never drawn again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select

from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import draws


class Lot(NamedTuple):
    """Who drew, for which event."""

    ven: VenName
    event: EventId


class DrawStore:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, events: Iterable[EventId]) -> dict[Lot, dict[int, float]]:
        """Give what was drawn for *events*: fractions from -1 to 1, by interval."""
        found: defaultdict[Lot, dict[int, float]] = defaultdict(dict)
        async with self._database.read() as connection:
            wanted = draws.c.event.in_(bulk.texts(connection, events))
            for row in await connection.execute(select(draws).where(wanted)):
                found[Lot(VenName(row.ven), EventId(row.event))][row.interval] = row.fraction
        return dict(found)

    @retried
    async def save(self, drawn: Mapping[Lot, Mapping[int, float]]) -> None:
        """Keep new draws."""
        rows = [
            (lot.ven, lot.event, interval, fraction)
            for lot, fractions in drawn.items()
            for interval, fraction in fractions.items()
        ]
        if rows:
            async with self._database.begin() as connection:
                await bulk.upsert(connection, draws, rows)
