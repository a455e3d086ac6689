"""What a process that was killed has kept of the readings that it was given."""

from datetime import UTC, datetime, timedelta

from ven_daemon.store.database import open_database
from ven_daemon.store.readings import ReadingStore, Totals


async def kept(state_url: str) -> tuple[set[int], Totals]:
    """Give what is in the store, and what it says that became of all it was given."""
    database = open_database(state_url)
    try:
        store = ReadingStore(database)
        now = datetime.now(UTC)
        found = {
            int(each.value)
            async for portion in store.pages.between(now - timedelta(days=9), now)
            for each in portion
            if isinstance(each.value, float)
        }
        return found, await store.totals()
    finally:
        await database.dispose()
