"""A VTN with more events than anybody reads at once (F33)."""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.events.rig import reading
from tests.rig.sandbox import SandboxVtn
from ven_daemon.store.database import Database

STALL = 0.05
"""Seconds of the processor that one turn of the event loop may take."""

MEMORY = 3000
"""Bytes that an event may cost while it is read, and after."""

AT_ONCE = 5000


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What the tests before left is none of the sweep's."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def stock(vtn: SandboxVtn, count: int) -> None:
    period = {"start": "2026-06-01T12:00:00Z", "duration": "PT1H"}
    interval = {"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}
    common = {"programID": "p", "intervalPeriod": period, "intervals": [interval]}
    for begin in range(0, count, AT_ONCE):
        some = range(begin, begin + AT_ONCE)
        vtn.stock(("event", {"id": f"e{n}", "eventName": f"event {n}", **common}) for n in some)


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def watched(until: asyncio.Task[object]) -> tuple[float, int]:
    """Give the most of the processor that one turn of the loop took, and the most memory."""
    longest, most, used = 0.0, 0, time.thread_time()
    while not until.done():
        await asyncio.sleep(0.002)
        longest, most = max(longest, time.thread_time() - used), max(most, resident())
        used = time.thread_time()
    return longest, most


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_f33_a_list_of_very_many_events_holds_up_nothing_and_costs_little(
    vtn: SandboxVtn, database: Database, count: int
) -> None:
    stock(vtn, count)
    before = resident()

    async with reading(vtn.url, database) as rig:
        for news in (count, 0):
            polling = asyncio.create_task(rig.service.poll(rig.reader()))
            longest, most = await watched(polling)

            assert len((await polling).events) == news
            assert longest < STALL
            assert most - before < MEMORY * count
        assert len(await rig.held()) == count
