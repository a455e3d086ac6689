"""Reports as operators see them, from the store alone: a daemon need not be running."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.reporting.outbox import Entry, State, hurried, released
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox import Change, OutboxStore
from ven_daemon.store.outbox_listing import Asked, OutboxListing
from ven_daemon.store.outbox_rows import Filed


class ReportFront:
    """Lists reports, and does with them what somebody decided."""

    def __init__(self, database: Database, hurry: Callable[[VenName], None] | None = None) -> None:
        """Take whom to tell that a VEN has something to send; a daemon elsewhere sees it soon."""
        self._listing = OutboxListing(database)
        self._outbox = OutboxStore(database, "")
        self._hurry = hurry

    async def reports(self, asked: Asked) -> Sequence[Filed]:
        """List reports, the newest first; one more than the limit says that there are more."""
        return await self._listing.find(asked)

    async def report(self, name: str) -> tuple[Filed, bytes] | None:
        """Give one report, and what is sent."""
        return await self._listing.one(name)

    async def retry(self, name: str) -> Entry | None:
        """Try again now; None where there is no such report, or it does not wait."""
        entry = await self._change(name, hurried)
        return entry if entry is not None and entry.state is State.QUEUED else None

    async def release(self, name: str) -> Entry | None:
        """Let a report out of quarantine; None where it is not in there."""
        found = await self._listing.one(name)
        if found is None or found[0].entry.state is not State.QUARANTINED:
            return None
        return await self._change(name, released)

    async def discard(self, name: str) -> bool:
        """Let go of a quarantined report for good; False where it is not in there."""
        return await self._outbox.discard(name)

    async def _change(self, name: str, do: Callable[[Entry, datetime], Entry]) -> Entry | None:
        now = datetime.now(UTC)
        [changed] = await self._outbox.change([Change(name, lambda entry: do(entry, now))], now)
        if changed is None:
            return None
        if self._hurry is not None:
            self._hurry(changed.entry.ven)
        return changed.entry


@asynccontextmanager
async def open_reports(settings: Settings) -> AsyncIterator[ReportFront]:
    """Open the store for a command; a daemon that runs sees what changes within seconds.

    Raises:
        StoreError: the database cannot be used.
    """
    database = open_database(settings.state_url)
    try:
        await migrations.prepare(database)
        yield ReportFront(database)
    finally:
        await database.dispose()
