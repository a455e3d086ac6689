"""One timer for many exchanges: each ends at its own time, and nobody else's."""

import asyncio

import pytest

from ven_daemon.vtn.deadlines import Deadlines


async def test_what_takes_too_long_ends_in_a_timeout() -> None:
    deadlines = Deadlines(0.02, 0.02)

    with pytest.raises(TimeoutError), deadlines:
        await asyncio.sleep(10)


async def test_each_ends_at_its_own_time() -> None:
    deadlines = Deadlines(0.1, 0.1)
    loop = asyncio.get_running_loop()

    async def wait(before: float) -> float:
        await asyncio.sleep(before)
        began = loop.time()
        with pytest.raises(TimeoutError), deadlines:
            await asyncio.sleep(10)
        return loop.time() - began

    took = await asyncio.gather(wait(0), wait(0.03), wait(0.15))

    assert all(0.09 < seconds < 0.2 for seconds in took)


async def test_what_is_done_in_time_is_left_alone() -> None:
    deadlines = Deadlines(0.3, 0.3)

    for _ in range(3):
        with deadlines:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.35)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    deadlines = Deadlines(10, 10)

    async def wait() -> None:
        with deadlines:
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_in_the_same_instant_as_the_timeout_wins() -> None:
    deadlines = Deadlines(0.01, 0.01)

    async def wait() -> None:
        with deadlines:
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    asyncio.get_running_loop().call_later(0.01, task.cancel)

    with pytest.raises((asyncio.CancelledError, TimeoutError)):
        await task
    assert not deadlines._began
    assert not deadlines._over


async def test_an_error_inside_goes_through_as_it_is() -> None:
    with pytest.raises(ValueError, match="broken"), Deadlines(1, 1):
        raise ValueError("broken")


async def test_silence_ends_it_before_the_whole_time_is_over() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()

    with pytest.raises(TimeoutError), Deadlines(10, 0.02):
        await asyncio.sleep(10)

    assert loop.time() - began < 5


async def test_what_is_heard_of_may_take_longer_than_a_silence_but_not_than_the_whole() -> None:
    deadlines = Deadlines(0.3, 0.1)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def listen() -> None:
        while True:
            deadlines.heard()
            await asyncio.sleep(0.02)

    with pytest.raises(TimeoutError), deadlines:
        await listen()

    assert 0.29 < loop.time() - began < 5
    assert not deadlines._heard
