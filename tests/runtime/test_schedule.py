"""Cadences on a grid, whatever the wall clock does."""

import asyncio
import time
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import apscheduler.schedulers.base
import pytest

from ven_daemon.runtime import schedule
from ven_daemon.runtime.health import Health
from ven_daemon.runtime.schedule import Cadences

JUMPS = {
    "an hour back": -3600.0,
    "an hour ahead": 3600.0,
    "a day ahead": 86400.0,
    "out of 1970": 1.7e9,
    "ten years ahead": 3.2e8,
}


class Wall:
    """A wall clock that can be set, beside a monotonic one that cannot."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
async def test_a_clock_that_jumps_runs_everything_once_and_stalls_nothing(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "WATCH_EVERY", 0.05)
    wall, runs, stalls = Wall(), [], []
    cadences = Cadences(wall=wall)
    cadences.add("hourly", timedelta(hours=1), lambda: runs.append(time.monotonic()))

    async def watch_stalls() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            stalls.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(cadences.run()), group.create_task(watch_stalls())]
        await asyncio.sleep(0.2)
        wall.offset = jump
        await asyncio.sleep(0.8)
        for task in tasks:
            task.cancel()

    assert cadences.jumps == 1
    assert max(stalls) < 0.25
    # Back or ahead, what repeats runs once at the jump and is on its grid again.
    assert len(runs) <= 1


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
async def test_f68_no_run_is_missed_and_none_doubled_when_the_scheduler_sees_the_jump(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    period, wall, runs = 0.2, Wall(), list[float]()
    monkeypatch.setattr(schedule, "WATCH_EVERY", 0.05)
    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", seen_through(wall))
    cadences, health = Cadences(wall=wall), Health()
    cadences.add("often", timedelta(seconds=period), lambda: runs.append(time.monotonic()))

    tasks = [asyncio.create_task(cadences.run()), asyncio.create_task(health.beat())]
    await asyncio.sleep(1.0)
    wall.offset = jump
    jumped = time.monotonic()
    await asyncio.sleep(1.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    gaps = [after - before for before, after in pairwise(runs)]
    assert max(gaps) <= 2 * period + 0.1  # none is missed for longer than an interval
    assert runs[-1] - jumped > 1.5 - 2 * period - 0.1
    # At the jump everything runs once more; apart from that none comes before its time.
    assert sum(gap < period / 2 for gap in gaps) <= 2
    assert len(runs) <= 2.5 / period + 3
    assert health.worst_stall < 0.25
    assert cadences.jumps == 1


def seen_through(wall: Wall) -> type[datetime]:
    """Make the class that APScheduler reads the time from show our wall clock."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(wall(), tz)

    return Shifted


async def test_cadences_keep_their_periods_on_the_grid() -> None:
    cadences, runs = Cadences(), []
    cadences.add("quick", timedelta(seconds=0.1), lambda: runs.append(time.time()))

    task = asyncio.create_task(cadences.run())
    await asyncio.sleep(1.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert 8 <= len(runs) <= 12
    assert cadences.next_run("nobody") is None


async def test_another_period_of_a_cadence_holds_at_once() -> None:
    cadences, runs = Cadences(), []
    cadences.add("hourly", timedelta(hours=1), lambda: runs.append(time.time()))

    task = asyncio.create_task(cadences.run())
    await asyncio.sleep(0.05)
    cadences.retime("hourly", timedelta(seconds=0.1))
    cadences.retime("nobody", timedelta(seconds=0.1))
    await asyncio.sleep(0.55)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert 4 <= len(runs) <= 7
