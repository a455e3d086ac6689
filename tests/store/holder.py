"""A process that holds a state database: `python -m tests.store.holder URL`.

It writes all the time, and says so when it may no longer. Its log goes to standard
error, as the daemon's does: on standard output there is only what a test waits for.
"""

import asyncio
import itertools
import sys
from datetime import UTC, datetime

from ven_daemon import logs
from ven_daemon.domain.errors import LeaseLostError
from ven_daemon.domain.ids import VenName
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database
from ven_daemon.store.lease import lease
from ven_daemon.store.pauses import Pauses


async def main(url: str) -> None:
    logs.configure("INFO", "json")
    database = open_database(url)
    async with lease(database) as held:
        await migrations.prepare(database)
        await held.arm()
        pauses = Pauses()
        await pauses.open(database)
        print("held", flush=True)  # noqa: T201 - whoever started it waits for this word
        try:
            for number in itertools.count():
                await pauses.pause(VenName(f"ven {number}"), datetime.now(UTC))
                await asyncio.sleep(0.01)
        except LeaseLostError as error:
            print(f"lost: {error}", flush=True)  # noqa: T201
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
