"""The circuit, on a clock of our own."""

import asyncio
import time

import pytest

from tests.vtn.clock import Clock
from ven_daemon.domain.errors import VtnUnreachableError
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.limits import Circuit


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
