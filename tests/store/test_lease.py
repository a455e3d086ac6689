"""One process at a time works with a state database."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ven_daemon.domain.errors import StateInUseError, StoreError
from ven_daemon.store.database import open_database
from ven_daemon.store.lease import lease

ROOT = Path(__file__).parents[2]


async def hold(stack: AsyncExitStack, url: str) -> None:
    database = open_database(url)
    stack.push_async_callback(database.dispose)
    await stack.enter_async_context(lease(database))


@asynccontextmanager
async def holder(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the state."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.holder", url),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"held\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_second_holder_in_this_process_is_refused(state_url: str) -> None:
    async with AsyncExitStack() as stack:
        await hold(stack, state_url)
        with pytest.raises(StateInUseError, match="another ven-daemon is working with"):
            await hold(stack, state_url)
        gc.collect()


async def test_it_can_be_taken_again_after_it_was_given_back(state_url: str) -> None:
    for _ in range(3):
        async with AsyncExitStack() as stack:
            await hold(stack, state_url)


async def test_it_is_given_back_when_the_work_fails(state_url: str) -> None:
    async def work() -> None:
        async with AsyncExitStack() as stack:
            await hold(stack, state_url)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()

    async with AsyncExitStack() as stack:
        await hold(stack, state_url)


async def test_one_that_was_refused_does_not_take_it_from_the_first(state_url: str) -> None:
    async with AsyncExitStack() as stack:
        await hold(stack, state_url)
        for _ in range(3):
            with pytest.raises(StateInUseError):
                await hold(stack, state_url)


async def test_another_process_is_refused_until_the_holder_is_killed(state_url: str) -> None:
    async with holder(state_url) as process:
        async with AsyncExitStack() as stack:
            with pytest.raises(StateInUseError):
                await hold(stack, state_url)

        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

        async with AsyncExitStack() as stack:
            async with asyncio.timeout(10):
                while True:
                    try:
                        await hold(stack, state_url)
                    except StateInUseError:
                        await asyncio.sleep(0.02)
                    else:
                        break


async def test_a_stopped_holder_still_holds(state_url: str) -> None:
    async with holder(state_url) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with AsyncExitStack() as stack:
            with pytest.raises(StateInUseError):
                await hold(stack, state_url)
        os.kill(process.pid, signal.SIGCONT)


async def test_two_databases_are_two_leases(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        await hold(stack, f"sqlite:///{tmp_path}/a.db")
        await hold(stack, f"sqlite:///{tmp_path}/b.db")


async def test_a_place_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")

    async with AsyncExitStack() as stack:
        with pytest.raises(StoreError, match=r"state\.db\.lock cannot be locked: "):
            await hold(stack, f"sqlite:///{tmp_path}/var/state.db")


async def test_a_lock_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.db.lock").mkdir()

    async with AsyncExitStack() as stack:
        with pytest.raises(StoreError, match=r"cannot be locked: Is a directory"):
            await hold(stack, f"sqlite:///{tmp_path}/state.db")


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(StoreError, match=r"127\.0\.0\.1") as caught:
            await hold(stack, "postgresql://me:hunter2@127.0.0.1:1/state")

    assert "hunter2" not in str(caught.value)
