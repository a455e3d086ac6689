"""Reading events, in a process of its own: `python -m bench.reader SHAPE …`.

`sweep` reads a whole list for the first time and once more, `polls` reads a short one
again and again for many VENs; each as the daemon does it, or bare: aiohttp and orjson,
with nothing to remember.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import orjson
import uvloop
from pydantic import SecretStr

from ven_daemon import logs
from ven_daemon.app.events import Reading, reading
from ven_daemon.cli.terminal import spare_the_collector
from ven_daemon.config import load_settings
from ven_daemon.runtime.spread import Spread
from ven_daemon.services.events import Reader
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.exchange import Exchange, Tls
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.token import BearerToken
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Form
from ven_daemon.wire.v310 import Profile310

PER_SECOND = 500
SECONDS = 8.0
AT_ONCE = 16
"""Pages that are asked for together, by either shape."""

TOKEN = "t" * 400


class Stalls:
    """Watches how long the event loop is held up."""

    def __init__(self) -> None:
        self.worst = 0.0
        """Seconds by which it was late, whoever had the processor meanwhile."""
        self.own = 0.0
        """Seconds of the processor that it used itself between two looks."""

    async def watch(self) -> None:
        """Look every five milliseconds."""
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.perf_counter() - began - 0.005)
            self.own = max(self.own, time.thread_time() - used)


@asynccontextmanager
async def watched() -> AsyncIterator[Stalls]:
    stalls = Stalls()
    task = asyncio.create_task(stalls.watch())
    try:
        yield stalls
    finally:
        task.cancel()


def rss() -> float:
    """Give the resident memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@asynccontextmanager
async def ours(url: str, vens: int) -> AsyncIterator[tuple[Reading, dict[str, Reader]]]:
    with TemporaryDirectory(prefix="ven-bench-") as folder:
        settings = load_settings({"vtn_url": url, "state_url": f"sqlite:///{folder}/state.db"})
        database = open_database(settings.state_url)
        await migrations.prepare(database)
        async with Exchange(Tls(), timedelta(seconds=30), 64) as exchange:
            transport = Transport(exchange, url, Gate(64), Circuit("the VTN"))
            opened = reading(settings, database)
            await opened.service.open()
            readers = {f"VEN {n}": Reader(f"VEN {n}", _client(transport, n)) for n in range(vens)}
            yield opened, readers
        await database.dispose()


def _client(transport: Transport, number: int) -> VtnClient:
    credential = BearerToken(SecretStr(f"{number:05}{TOKEN}"))
    return VtnClient(transport, Profile310(), credential, Form.VEN)


async def sweep(url: str) -> dict[str, float]:
    """Read everything for the first time, and once more when nothing changed."""
    async with ours(url, 1) as (opened, readers), watched() as stalls:
        (reader,) = readers.values()
        await asyncio.sleep(0.05)
        stalls.worst = stalls.own = 0.0
        before, began = rss(), time.perf_counter()
        changed = await opened.service.poll(reader)
        wall = time.perf_counter() - began
        found = {"first_stall": stalls.worst, "first_wall": wall, "events": len(changed.events)}
        stalls.worst, began = 0.0, time.perf_counter()
        await opened.service.poll(reader)
        again = time.perf_counter() - began
        return {
            **found,
            "again_stall": stalls.worst,
            "own_stall": stalls.own,
            "again_wall": again,
            "parsed": opened.service.pages.parsed,
            "rss_more": peak() - before,
        }


async def polls(url: str) -> dict[str, float]:
    """Poll for many VENs, each on its own phase, while nothing changes."""
    async with ours(url, PER_SECOND) as (opened, readers):
        for reader in readers.values():
            await opened.service.poll(reader)
        late: list[float] = []

        async def step(name: str) -> None:
            late.append(spread.latest)
            await opened.service.poll(readers[name])

        spread = Spread("polls", 1.0, step)
        spread.keep_to(readers)
        running = asyncio.create_task(spread.run())
        await asyncio.sleep(1.5)
        late.clear()
        parsed, ran = opened.service.pages.parsed, spread.state.runs
        cpu, began = time.process_time(), time.perf_counter()
        await asyncio.sleep(SECONDS)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - began
        ran = spread.state.runs - ran
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return {
            "cpu_each": cpu / ran,
            "per_second": ran / wall,
            "late_p99": sorted(late)[int(len(late) * 0.99)],
            "parsed": opened.service.pages.parsed - parsed,
            "failures": spread.state.failures,
        }


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=64)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(url, connector=connector, headers=headers) as session:
        yield session


async def bare_sweep(url: str) -> dict[str, float]:
    """Page to the end and read every page."""
    async with bare(url) as session:
        began, events, skip = time.perf_counter(), 0, 0
        while True:
            asked = [_page(session, skip + 50 * n) for n in range(AT_ONCE)]
            found = [len(orjson.loads(each)) for each in await asyncio.gather(*asked)]
            events += sum(found)
            skip += 50 * AT_ONCE
            if found[-1] < 50:
                break
        return {"first_wall": time.perf_counter() - began, "events": events}


async def bare_polls(url: str) -> dict[str, float]:
    """Ask for the list and read it, as many times a second: a task each that sleeps between."""
    async with bare(url) as session:
        asked = 0

        async def poll(number: int) -> None:
            nonlocal asked
            due = time.perf_counter() + number / PER_SECOND
            while True:
                await asyncio.sleep(due - time.perf_counter())
                orjson.loads(await _page(session, 0))
                asked += 1
                due += 1.0

        tasks = [asyncio.create_task(poll(number)) for number in range(PER_SECOND)]
        await asyncio.sleep(1.5)
        asked, cpu = 0, time.process_time()
        await asyncio.sleep(SECONDS)
        cpu = time.process_time() - cpu
        for task in tasks:
            task.cancel()
        return {"cpu_each": cpu / asked}


async def _page(session: aiohttp.ClientSession, skip: int) -> bytes:
    async with session.get(f"/events?skip={skip}&limit=50") as response:
        assert response.status == 200
        return await response.read()


SHAPES = {"sweep": sweep, "polls": polls, "bare-sweep": bare_sweep, "bare-polls": bare_polls}


def main() -> None:
    """Do it and say on one line what it took."""
    options = argparse.ArgumentParser()
    options.add_argument("shape", choices=SHAPES)
    options.add_argument("--core", type=int, required=True)
    options.add_argument("--url", required=True)
    chosen = options.parse_args()
    os.sched_setaffinity(0, {chosen.core})
    spare_the_collector(serves=True)
    logs.configure("WARNING", "json")
    sys.stdout.write(json.dumps(uvloop.run(SHAPES[chosen.shape](chosen.url))) + "\n")


if __name__ == "__main__":
    main()
