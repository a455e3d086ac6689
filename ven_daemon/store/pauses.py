"""VENs that an operator has paused: asked of memory, kept in the state database."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, insert, select

from ven_daemon.domain.ids import VenName
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import paused_vens


class Pauses:
    """The paused VENs. Each part asks `ven in pauses` before it does anything for a VEN."""

    def __init__(self) -> None:
        self._since: dict[VenName, datetime] = {}
        self._database: Database

    def __contains__(self, ven: object) -> bool:
        return ven in self._since

    def __iter__(self) -> Iterator[VenName]:
        return iter(self._since)

    def __len__(self) -> int:
        return len(self._since)

    def since(self, ven: VenName) -> datetime | None:
        """Say from when on a VEN has been paused."""
        return self._since.get(ven)

    async def open(self, database: Database) -> None:
        """Read who was paused before."""
        self._database = database
        async with database.read() as connection:
            rows = await connection.execute(select(paused_vens).order_by(paused_vens.c.since))
            self._since = {VenName(row.ven): row.since for row in rows}

    async def pause(self, ven: VenName, now: datetime) -> None:
        """Pause a VEN; one that is paused stays so from when it was."""
        if ven not in self._since:
            await self._write(ven, now)
            self._since[ven] = now

    async def resume(self, ven: VenName) -> None:
        """Let a VEN go on."""
        await self._write(ven, None)
        self._since.pop(ven, None)

    @retried
    async def _write(self, ven: VenName, since: datetime | None) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(paused_vens).where(paused_vens.c.ven == ven))
            if since is not None:
                await connection.execute(insert(paused_vens), {"ven": ven, "since": since})
