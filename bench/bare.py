"""The bare loop: what aiohttp, uvloop and orjson can do where nothing has to be remembered.

It reads the inventory, sends the bodies that we send, and reads the answers. It looks for
nothing first, keeps no state, limits nothing, survives nothing.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, closing
from typing import Any, TypeAlias

import aiohttp
import orjson

from bench.bodies import COLUMNS, Row, distinct, resource_body, ven_body
from bench.shapes import Done, Job, Opened

Post: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[Any]]
_JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def opened(job: Job) -> Opened:
    """Open the session, with a token."""
    connector = aiohttp.TCPConnector(limit=job.workers)
    async with aiohttp.ClientSession(f"{job.url}/", connector=connector) as session:
        await sign(session, job)
        yield lambda: _register(session, job)


async def sign(session: aiohttp.ClientSession, job: Job) -> None:
    """Have every request of *session* signed with a token."""
    form = {"grant_type": "client_credentials", "client_id": job.client_id}
    form["client_secret"] = job.client_secret
    async with session.post("auth/token", data=form) as response:
        token = orjson.loads(await response.read())["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"


async def _register(session: aiohttp.ClientSession, job: Job) -> Done:
    async def post(path: str, body: dict[str, Any]) -> Any:
        async with session.post(path, data=orjson.dumps(body), headers=_JSON) as response:
            assert response.status == 201, await response.text()
            return orjson.loads(await response.read())

    async def add_ven(name: str) -> None:
        vens[name] = await post("vens", ven_body(name))

    async def add_resource(row: Row) -> None:
        await post("resources", resource_body(row, vens[row[0]]))

    rows = _rows(job)
    vens: dict[str, Any] = dict.fromkeys(row[0] for row in rows)
    await _work(list(vens), add_ven, job.workers)
    await _work(rows, add_resource, job.workers)
    return Done(len(rows), len(vens) + len(rows))


async def _work(items: Iterable[Any], do: Callable[[Any], Awaitable[None]], workers: int) -> None:
    remaining = iter(items)

    async def work() -> None:
        for item in remaining:
            await do(item)

    await asyncio.gather(*(work() for _ in range(workers)))


def _rows(job: Job) -> list[Row]:
    with closing(sqlite3.connect(job.inventory)) as connection:
        query = (
            f"SELECT {', '.join(COLUMNS)} FROM resources WHERE enabled AND coalesce(?, ven) = ven"
        )
        return distinct(connection.execute(query, (job.ven,)))
