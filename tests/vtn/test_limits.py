"""The gate and the circuit, on a clock of our own where they take one."""

import asyncio
import time

import pytest

from ven_daemon.domain.errors import VtnUnreachableError
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.limits import Circuit, Gate


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


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


def circuit(clock: Clock, patience: float = 30.0) -> Circuit:
    return Circuit("the VTN", patience, Backoff(base=1.0, cap=60.0), clock)


def test_four_failures_in_a_row_leave_it_closed_and_the_fifth_opens_it() -> None:
    closed = circuit(Clock())

    for _ in range(4):
        closed.failed("HTTP 503")
    before = closed.is_open
    closed.failed("HTTP 503")

    assert (before, closed.is_open) == (False, True)


def test_a_success_between_failures_starts_the_count_afresh() -> None:
    closed = circuit(Clock())

    for _ in range(20):
        closed.failed("HTTP 503")
        closed.failed("HTTP 503")
        closed.succeeded()

    assert not closed.is_open


def test_a_connection_that_cannot_be_made_opens_it_at_once() -> None:
    opened = circuit(Clock())

    opened.failed("refused", opens=True)

    assert opened.is_open


async def test_a_closed_circuit_lets_everybody_through() -> None:
    assert [await circuit(Clock()).permit() for _ in range(3)] == [False] * 3


async def test_one_probe_at_a_time_goes_through_an_open_circuit() -> None:
    clock = Clock()
    opened = circuit(clock)
    opened.failed("refused", opens=True)
    clock.now += 2

    assert await opened.permit() is True
    second = asyncio.create_task(opened.permit())
    await asyncio.sleep(0.1)
    assert not second.done()
    opened.succeeded()

    assert await asyncio.wait_for(second, 1) is False


async def test_a_probe_that_is_abandoned_makes_room_for_another() -> None:
    clock = Clock()
    opened = circuit(clock)
    opened.failed("refused", opens=True)
    clock.now += 2
    assert await opened.permit() is True

    opened.abandon(probe=True)

    assert await asyncio.wait_for(opened.permit(), 1) is True


async def test_probes_come_ever_more_seldom_up_to_the_cap() -> None:
    clock = Clock()
    opened = circuit(clock, patience=1e9)
    opened.failed("refused", opens=True)
    waits = []

    for _ in range(10):
        began = clock.now
        while not await _may_probe(opened):
            clock.now += 0.25
        waits.append(clock.now - began)
        opened.failed("refused", probe=True, opens=True)

    assert all(wait <= 60.25 for wait in waits)
    assert waits[0] <= 1.25
    assert min(waits[-2:]) >= 30.0


async def _may_probe(opened: Circuit) -> bool:
    task = asyncio.create_task(opened.permit())
    await asyncio.sleep(0)
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def test_who_waited_longer_than_the_patience_is_told_why() -> None:
    clock = Clock()
    opened = circuit(clock, patience=5.0)
    opened.failed("connection refused", opens=True)
    clock.now += 5.0
    opened.failed("connection refused", opens=True, probe=True)

    with pytest.raises(VtnUnreachableError, match=r"the VTN .*5 s: connection refused"):
        await opened.permit()

    assert opened.gave_up


async def test_a_success_ends_the_wait_of_everybody() -> None:
    opened = Circuit("the VTN", 30.0)
    opened.failed("refused", opens=True)
    waiting = [asyncio.create_task(opened.permit()) for _ in range(20)]
    await asyncio.sleep(0.02)

    opened.succeeded()

    assert await asyncio.wait_for(asyncio.gather(*waiting), 2) == [False] * 20
    assert not opened.gave_up


async def test_nobody_goes_before_the_vtn_said_so() -> None:
    opened = Circuit("the VTN", 30.0)
    opened.failed("HTTP 429", retry_after=1.0)
    began = time.monotonic()

    await opened.permit()

    assert 0.95 <= time.monotonic() - began < 2.0


@pytest.mark.parametrize(("asked", "held"), [(0.0, 1.0), (0.01, 1.0), (-60.0, 1.0), (1e8, 3600.0)])
def test_what_a_vtn_asks_for_is_held_within_a_second_and_an_hour(asked: float, held: float) -> None:
    clock = Clock()
    opened = circuit(clock)

    opened.failed("HTTP 429", retry_after=asked)

    clock.now += held - 0.01
    assert opened.is_open
    clock.now += 0.02
    assert not opened.is_open


def test_a_shorter_wait_does_not_cut_a_longer_one() -> None:
    clock = Clock()
    opened = circuit(clock)

    opened.failed("HTTP 429", retry_after=60.0)
    opened.failed("HTTP 429", retry_after=1.0)

    clock.now += 59
    assert opened.is_open


def test_a_vtn_that_rejects_everything_is_paused_and_not_believed() -> None:
    guarded = circuit(Clock())

    for _ in range(24):
        guarded.succeeded()
    for _ in range(26):
        guarded.succeeded(rejected=True)

    assert guarded.rejects_everything
    assert guarded.is_open


def test_half_of_them_rejected_is_not_everything() -> None:
    guarded = circuit(Clock())

    for _ in range(200):
        guarded.succeeded(rejected=True)
        guarded.succeeded()

    assert not guarded.rejects_everything
    assert not guarded.is_open


def test_half_a_window_of_rejections_proves_nothing() -> None:
    guarded = circuit(Clock())

    for _ in range(guarded.window // 2):
        guarded.succeeded(rejected=True)

    assert not guarded.rejects_everything


def test_one_that_is_taken_again_ends_the_guard() -> None:
    guarded = circuit(Clock())
    for _ in range(50):
        guarded.succeeded(rejected=True)

    guarded.succeeded()

    assert not guarded.rejects_everything
    assert not guarded.is_open


def test_that_it_works_again_is_told_once() -> None:
    told = 0

    def tell() -> None:
        nonlocal told
        told += 1

    opened = circuit(Clock())
    opened.recovered = tell
    opened.succeeded()
    assert told == 0
    opened.failed("connection refused", opens=True)
    opened.succeeded(probe=True)
    opened.succeeded()

    assert told == 1


async def test_a_vtn_that_is_back_is_found_within_half_a_minute() -> None:
    clock = Clock()
    opened = Circuit("the VTN", 30.0, clock=clock)
    opened.failed("connection refused", opens=True)
    for _ in range(20):
        clock.now += 30.0
        assert await opened.permit()
        opened.failed("connection refused", probe=True)

    clock.now += 30.0

    assert await opened.permit()
