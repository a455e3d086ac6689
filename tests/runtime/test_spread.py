"""Many of one kind, each on its own phase."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

from ven_daemon.domain.errors import VenDaemonError
from ven_daemon.runtime.spread import Spread, Step


@asynccontextmanager
async def running(spread: Spread) -> AsyncIterator[None]:
    task = asyncio.create_task(spread.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


def counting(counted: Counter[str], pause: float | None = None) -> Step:
    async def step(name: str) -> float | None:
        counted[name] += 1
        return pause

    return step


async def test_each_runs_once_per_period() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 0.1, counting(counted))
    spread.keep_to(f"ven {n}" for n in range(50))

    async with running(spread):
        await until(lambda: len(counted) == 50)
        counted.clear()
        await asyncio.sleep(0.55)

    assert set(counted) == {f"ven {n}" for n in range(50)}
    assert all(4 <= count <= 7 for count in counted.values())


async def test_who_missed_a_turn_catches_up_long_before_the_next_and_nobody_else_does() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 3600.0, counting(counted))
    spread.keep_to(f"ven {n}" for n in range(20))

    async with running(spread):
        await until(lambda: len(counted) == 20)
        spread.catch_up([*(f"ven {n}" for n in range(10)), "one that has left"])
        await until(lambda: counted.total() == 30)
        await asyncio.sleep(0.1)

    assert counted == {f"ven {n}": 2 if n < 10 else 1 for n in range(20)}


async def test_who_is_due_sooner_than_it_could_catch_up_is_not_put_off() -> None:
    spread = Spread("polls", 3600.0, counting(Counter()), clock=lambda: 1000.0)
    names = [f"ven {n}" for n in range(100)]
    spread.keep_to(names)
    due = dict(spread._due)

    spread.catch_up(names)

    assert spread._due == due


async def test_t_36_a_fleet_is_spread_over_the_period_at_phases_that_stay() -> None:
    one, two = (Spread("polls", 30.0, counting(Counter())) for _ in range(2))
    names = [f"VEN {n}" for n in range(10_000)]

    phases = sorted(map(one._phase, names))

    assert list(map(one._phase, names)) == list(map(two._phase, names))
    assert all(0 <= phase < 30 for phase in phases)
    in_a_second = Counter(int(phase) for phase in phases)
    assert max(in_a_second.values()) < 1.3 * 10_000 / 30
    assert max(after - before for before, after in pairwise(phases)) < 0.1


async def test_a_failure_ends_nobody_and_is_shown() -> None:
    counted: Counter[str] = Counter()

    async def step(name: str) -> None:
        counted[name] += 1
        if name == "bad":
            raise VenDaemonError("no")
        if name == "worse":
            raise ValueError("broken")

    spread = Spread("polls", 0.02, step)
    spread.keep_to(["good", "bad", "worse"])

    async with running(spread):
        await until(lambda: min(counted[name] for name in ("good", "bad", "worse")) >= 3)

    assert spread.state.failures >= 6
    assert spread.state.last_error in ("no", "ValueError: broken")
    assert spread.state.last_success is not None


async def test_no_more_run_at_once_than_may() -> None:
    running_now, most = 0, 0

    async def step(_: str) -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.01)
        running_now -= 1

    spread = Spread("polls", 0.02, step, at_once=3)
    spread.keep_to(f"{n}" for n in range(20))

    async with running(spread):
        await until(lambda: spread.state.runs > 40)

    assert most == 3


async def test_nobody_runs_twice_at_once_and_hurry_during_a_run_means_once_more() -> None:
    begun, go = Counter[str](), asyncio.Event()

    async def step(name: str) -> None:
        begun[name] += 1
        await go.wait()

    spread = Spread("polls", 3600.0, step)
    spread.keep_to(["a"])

    async with running(spread):
        spread.hurry("a")
        await until(lambda: begun["a"] == 1)
        spread.hurry("a")
        spread.hurry("a")
        await asyncio.sleep(0.02)
        first = begun["a"]
        go.set()
        await until(lambda: begun["a"] == 2)
        await asyncio.sleep(0.05)

    assert first == 1
    assert begun["a"] == 2


async def test_a_step_may_ask_for_a_pause() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 0.01, counting(counted, pause=3600.0))
    spread.keep_to(["a"])

    async with running(spread):
        await until(lambda: counted["a"] == 1)
        await asyncio.sleep(0.1)

    assert counted["a"] == 1


async def test_who_is_no_longer_kept_to_is_left_alone_and_newcomers_are_begun_with_soon() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 0.02, counting(counted))
    spread.keep_to(["old"])

    async with running(spread):
        await until(lambda: counted["old"] > 1)
        spread.keep_to(["new"])
        await until(lambda: counted["new"] > 1)
        counted.clear()
        await asyncio.sleep(0.1)

    assert spread.names == {"new"}
    assert not counted["old"]


async def test_a_small_fleet_is_begun_with_within_moments() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 3600.0, counting(counted))
    spread.keep_to(f"ven {n}" for n in range(20))

    async with running(spread):
        await until(lambda: len(counted) == 20, seconds=2.0)


async def test_resting_begins_nothing_and_waits_for_what_runs() -> None:
    ended: list[str] = []

    async def step(name: str) -> None:
        await asyncio.sleep(0.05)
        ended.append(name)

    spread = Spread("polls", 0.01, step)
    spread.keep_to(["a"])

    async with running(spread):
        await until(lambda: spread.state.began is not None)
        await spread.rest()
        at_rest = len(ended)
        await asyncio.sleep(0.1)

    assert at_rest == len(ended) >= 1
    assert spread.state.began is None


async def test_another_period_holds_at_once() -> None:
    counted: Counter[str] = Counter()
    spread = Spread("polls", 3600.0, counting(counted))
    names = {f"ven {n}" for n in range(10)}
    spread.keep_to(names)

    async with running(spread):
        await until(lambda: len(counted) == 10)
        counted.clear()
        spread.retime(0.05)
        await until(lambda: counted.keys() == names and min(counted.values()) >= 3)
        spread.retime(3600.0)
        await until(lambda: not spread._running)
        counted.clear()
        await asyncio.sleep(0.2)

    assert not counted
