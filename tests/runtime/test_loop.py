"""Loops outlive what their steps raise; roots end together."""

import asyncio

import pytest

from ven_daemon.domain.errors import VtnBusyError
from ven_daemon.domain.retry import Backoff
from ven_daemon.runtime.loop import Loop
from ven_daemon.runtime.supervisor import RootEndedError, supervise


async def test_a_failed_step_never_ends_its_loop_and_is_tried_again() -> None:
    calls = 0
    done = asyncio.Event()

    async def step() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise VtnBusyError("503 busy")
        if calls == 2:
            raise ValueError("a bug")
        done.set()

    loop = Loop("test", step)
    loop.backoff = Backoff(base=0.01)
    task = asyncio.create_task(loop.run())
    loop.wake()
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert (loop.state.failures, loop.state.failures_in_a_row) == (2, 0)
    assert loop.state.last_error == "ValueError: a bug"
    assert loop.state.last_success is not None


async def test_wakes_during_a_step_are_remembered_as_one() -> None:
    calls = 0
    loop: Loop

    async def step() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            loop.wake()
            loop.wake()

    loop = Loop("test", step)
    task = asyncio.create_task(loop.run())
    loop.wake()
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert calls == 2


async def test_a_root_that_ends_by_itself_ends_the_others_and_is_named() -> None:
    cancelled = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    async def brief() -> None:
        await asyncio.sleep(0.01)

    with pytest.raises(ExceptionGroup) as caught:
        await supervise({"endless": endless, "brief": brief}, asyncio.Event())

    assert cancelled.is_set()
    assert caught.group_contains(RootEndedError, match="brief ended")


async def test_stopping_cancels_every_root_and_is_no_error() -> None:
    stop = asyncio.Event()
    stop.set()

    async def endless() -> None:
        await asyncio.sleep(3600)

    await asyncio.wait_for(supervise({"one": endless, "two": endless}, stop), 5)
