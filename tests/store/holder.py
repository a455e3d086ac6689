"""A process that holds a state database until it is killed: `python -m tests.store.holder URL`."""

import asyncio
import sys

from ven_daemon.store.database import open_database
from ven_daemon.store.lease import lease


async def main(url: str) -> None:
    async with lease(open_database(url)):
        print("held", flush=True)  # noqa: T201 - whoever started it waits for this word
        await asyncio.sleep(300)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
