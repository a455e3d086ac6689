"""Keeping house once, among readings and reports; as a process it dies at a point.

python -m tests.crash.housekeeper STATE_URL POINT
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from tests.crash.points import arm
from ven_daemon.services.reporting.keeping import Keeping as ReportKeeping
from ven_daemon.services.telemetry.keeping import ROW_BYTES, Keeping
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.outbox_listing import OutboxListing
from ven_daemon.store.readings import ReadingStore

READINGS, REPORTS = 1000, 10
"""How many of each are left."""

REPORT_BYTES = 400
LONG = timedelta(days=36500)


async def keep_house(database: Database) -> None:
    """Trim what is too much."""
    size = READINGS * ROW_BYTES[database.is_sqlite]
    await Keeping(ReadingStore(database), LONG, size, database.is_sqlite).keep(datetime.now(UTC))
    outbox = OutboxStore(database, "http://vtn/")
    room = REPORTS * REPORT_BYTES
    await ReportKeeping(outbox, OutboxListing(database), LONG, room).step()


async def _main(state: str, point: str) -> None:
    arm(point)
    database = open_database(state)
    try:
        await keep_house(database)
    finally:
        await database.dispose()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
