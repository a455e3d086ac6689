"""The gate, on a clock of our own where it takes one."""

import asyncio

from tests.vtn.clock import Clock
from ven_daemon.vtn.limits import Gate


async def work(gate: Gate, clock: Clock, times: int, seconds: float = 0.01) -> None:
    """Work as a VTN that answers *limit* requests at once, in *seconds*."""
    while times > 0:
        at_once = min(gate.limit, times)
        for _ in range(at_once):
            await gate.acquire()
        clock.now += seconds
        for _ in range(at_once):
            gate.release(seconds)
        times -= at_once


async def stumble(gate: Gate, clock: Clock) -> None:
    await gate.acquire()
    clock.now += 0.01
    gate.release(0.01, trouble=True)


async def test_a_slow_start_doubles_up_to_the_most() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)
    limits = []

    for _ in range(6):
        await work(gate, clock, gate.limit)
        limits.append(gate.limit)

    assert limits == [16, 32, 64, 64, 64, 64]


async def test_the_first_limit_never_exceeds_the_most() -> None:
    assert Gate(most=3, first=8).limit == 3


async def test_a_doubling_that_gets_nothing_more_done_ends_the_slow_start() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)
    await work(gate, clock, 8, 0.010)
    assert gate.limit == 16

    await work(gate, clock, 16, 0.020)  # twice as many in twice the time
    await work(gate, clock, 16, 0.020)

    assert gate.limit == 17


async def test_trouble_halves_the_limit_once_for_what_was_in_flight_together() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)
    await work(gate, clock, 8 + 16 + 32)
    assert gate.limit == 64
    for _ in range(20):
        await gate.acquire()
    clock.now += 0.1

    for _ in range(20):
        gate.release(0.1, trouble=True)

    assert gate.limit == 32


async def test_the_limit_never_falls_below_one() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)

    for _ in range(10):
        await stumble(gate, clock)
        await work(gate, clock, gate.limit)

    assert gate.limit == 1


async def test_after_trouble_it_recovers_one_by_one() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)
    await work(gate, clock, 8 + 16 + 32)
    await stumble(gate, clock)
    halved = gate.limit

    await work(gate, clock, 640)
    at_once = gate.limit
    clock.now += gate.recovery + 1
    await work(gate, clock, gate.limit)
    later = gate.limit
    clock.now += gate.recovery + 1
    await work(gate, clock, gate.limit)

    assert (halved, at_once, later, gate.limit) == (32, 32, 33, 34)


async def test_answers_that_become_slow_halve_it_too() -> None:
    clock = Clock()
    gate = Gate(most=64, first=8, clock=clock)
    await work(gate, clock, 8 + 16 + 32)

    await work(gate, clock, 64, seconds=1.0)

    assert gate.limit == 32


async def test_slower_answers_under_a_quarter_of_a_second_are_no_trouble() -> None:
    clock = Clock()
    gate = Gate(most=16, first=8, clock=clock)
    await work(gate, clock, 8 + 16, seconds=0.001)

    await work(gate, clock, 160, seconds=0.2)

    assert gate.limit == 16


async def test_never_more_than_the_limit_are_in_flight() -> None:
    gate = Gate(most=16, first=4)
    most_seen = 0

    async def one(n: int) -> None:
        nonlocal most_seen
        await gate.acquire()
        assert gate.in_flight <= gate.limit
        most_seen = max(most_seen, gate.in_flight)
        await asyncio.sleep(0.001)
        gate.release(0.001, trouble=False)

    await asyncio.gather(*(one(n) for n in range(500)))

    assert most_seen <= 16
    assert gate.in_flight == 0


async def test_waiters_are_served_in_their_order() -> None:
    gate = Gate(most=1, first=1)
    order: list[int] = []

    async def one(n: int) -> None:
        await gate.acquire()
        order.append(n)
        await asyncio.sleep(0)
        gate.release(0.0)

    await asyncio.gather(*(one(n) for n in range(20)))

    assert order == list(range(20))


async def test_a_cancelled_waiter_takes_no_place_with_it() -> None:
    gate = Gate(most=1, first=1)
    await gate.acquire()
    waiters = [asyncio.create_task(gate.acquire()) for _ in range(10)]
    await asyncio.sleep(0)

    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    gate.release(0.0)

    assert gate.in_flight == 0
    await asyncio.wait_for(gate.acquire(), 1)
    assert gate.in_flight == 1


async def test_a_waiter_cancelled_in_the_moment_it_is_served_gives_its_place_on() -> None:
    gate = Gate(most=1, first=1)
    await gate.acquire()
    first = asyncio.create_task(gate.acquire())
    second = asyncio.create_task(gate.acquire())
    await asyncio.sleep(0)

    gate.release(0.0)  # the place is the first one's now, though it has not run yet
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    await asyncio.wait_for(second, 1)
    assert gate.in_flight == 1
