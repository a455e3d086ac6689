"""What is on record of every object that we registered, or are registering."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.ids import VenId, VenName
from ven_daemon.domain.registration import Origin, Record, Records, Status, Target
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import resource_registrations, ven_registrations

_CHUNK = 2000
"""Rows that are read at a time: all at once are as large as the records made of them."""


class Bearers(NamedTuple):
    """A ven at the VTN, and the targets that it and its resources bear."""

    ven: VenId
    targets: set[Target]


class RegistrationStore:
    """The registrations at one VTN. Each method is one transaction."""

    def __init__(self, database: Database, vtn: str) -> None:
        self._database = database
        self._vtn = vtn

    async def records(self, ven: VenName | None = None) -> dict[VenName, Records]:
        """Read everything on record, by VEN; of all VENs, or of one."""
        vens: dict[VenName, Record] = {}
        resources: dict[VenName, dict[str, Record]] = {}
        async with self._database.read() as connection:
            async for row in self._all(connection, ven_registrations, ven):
                vens[VenName(row.ven)] = _record(row, row.ven, "")._replace(
                    settled_at=row.settled_at
                )
            async for row in self._all(connection, resource_registrations, ven):
                under = resources.setdefault(VenName(row.ven), {})
                under[row.name] = _record(row, row.name, row.resource_id)
        return {
            name: Records(vens.get(name), resources.get(name, {}))
            for name in vens.keys() | resources.keys()
        }

    async def mark(self) -> tuple[Any, ...]:
        """Give something that changes when what is on record does, cheaply."""
        figures = (*self._newest(ven_registrations), *self._newest(resource_registrations))
        return await self._database.look(lambda c: tuple(c.execute(select(*figures)).one()))

    async def last_change(self) -> datetime | None:
        """Say when a record was last written."""
        _, vens, _, resources = await self.mark()
        return max((each for each in (vens, resources) if each is not None), default=None)

    async def bearers(self) -> dict[VenName, Bearers]:
        """Say which VENs stand at the VTN, and which targets they and their resources bear."""
        vens, resources = ven_registrations.c, resource_registrations.c
        found: dict[VenName, Bearers] = {}
        async with self._database.read() as connection:
            stands = (vens.vtn == self._vtn, vens.vtn_id.is_not(None))
            for ven, id_, targets in await connection.execute(
                select(vens.ven, vens.vtn_id, vens.targets).where(*stands)
            ):
                found[VenName(ven)] = Bearers(VenId(id_), set(_read_targets(targets)))
            several = select(resources.ven, resources.targets).distinct()
            for ven, targets in await connection.execute(
                several.where(resources.vtn == self._vtn, resources.vtn_id.is_not(None))
            ):
                if ven in found:
                    found[ven].targets.update(_read_targets(targets))
        return found

    @retried
    async def save(
        self,
        now: datetime,
        vens: Mapping[VenName, Record] | None = None,
        resources: Sequence[tuple[VenName, Record]] = (),
        forgotten: Sequence[tuple[VenName, str]] = (),
    ) -> None:
        """Write records, and forget resources, in one transaction."""

        def work(connection: Connection) -> None:
            at = bulk.instant(now)
            ven_rows = [
                (self._vtn, ven, bulk.instant(r.settled_at), *_held(r, at))
                for ven, r in (vens or {}).items()
            ]
            rows = [(self._vtn, ven, r.name, r.key, *_held(r, at)) for ven, r in resources]
            for ven, name in forgotten:
                connection.execute(self._forget(ven, name))
            bulk.write(connection, ven_registrations, ven_rows)
            bulk.write(connection, resource_registrations, rows)

        if vens or resources or forgotten:
            await self._database.transact(work)

    @retried
    async def forget_ven(self, ven: VenName) -> None:
        """Forget a VEN and everything under it."""
        async with self._database.begin() as connection:
            for table in (resource_registrations, ven_registrations):
                await connection.execute(
                    delete(table).where(table.c.vtn == self._vtn, table.c.ven == ven)
                )

    async def _all(
        self, connection: AsyncConnection, table: Table, ven: VenName | None
    ) -> AsyncIterator[Row[Any]]:
        asked = select(table).where(table.c.vtn == self._vtn)
        if ven is not None:
            asked = asked.where(table.c.ven == ven)
        result = await connection.stream(asked)
        async for chunk in result.partitions(_CHUNK):
            for row in chunk:
                yield row

    def _newest(self, table: Table) -> tuple[Any, Any]:
        mine = table.c.vtn == self._vtn
        counted = select(func.count()).select_from(table).where(mine).scalar_subquery()
        return counted, select(func.max(table.c.updated_at)).where(mine).scalar_subquery()

    def _forget(self, ven: VenName, name: str) -> Any:
        table = resource_registrations
        return delete(table).where(
            table.c.vtn == self._vtn, table.c.ven == ven, table.c.name == name
        )


def _held(record: Record, at: str | None) -> tuple[Any, ...]:
    """Give the columns that both tables share, in their order (`schema._what_the_vtn_holds`)."""
    _, status, _, id_, origin, applied, echoed, targets, _, attempts, error = record
    # The VTN's words; PostgreSQL cannot store U+0000.
    words = error and error.replace("\0", "")
    return id_, status, origin, applied, echoed, _write_targets(targets), attempts, words, at


def _record(row: Row[Any], name: str, key: str) -> Record:
    return Record(
        name=name,
        key=key,
        status=Status(row.status),
        vtn_id=row.vtn_id,
        origin=Origin(row.origin) if row.origin else None,
        applied=row.applied,
        echoed=row.echoed,
        targets=_read_targets(row.targets),
        attempts=row.attempts,
        last_error=row.last_error,
    )


@lru_cache(maxsize=4096)
def _write_targets(targets: tuple[Target, ...]) -> str:
    """Write targets as JSON; a fleet has few different sets of them."""
    return json.dumps(targets, ensure_ascii=False)


@lru_cache(maxsize=4096)
def _read_targets(text: str | None) -> tuple[Target, ...]:
    return tuple(Target(value, kind) for value, kind in json.loads(text or "[]"))
