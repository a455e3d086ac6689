"""One process at a time works with a state database."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ven_daemon.domain.errors import LeaseLostError, StateInUseError, StoreError
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.lease import Lease, lease
from ven_daemon.store.schema import paused_vens

ROOT = Path(__file__).parents[2]


async def hold(stack: AsyncExitStack, url: str) -> Database:
    """Hold the state; whoever is refused leaves no connection behind."""
    async with AsyncExitStack() as opened:
        database = open_database(url)
        opened.push_async_callback(database.dispose)
        held = await opened.enter_async_context(lease(database))
        await migrations.prepare(database)
        await held.arm()
        stack.push_async_exit(opened.pop_all())
        return database


async def hold_in_the_end(stack: AsyncExitStack, url: str, seconds: float) -> Database:
    async with asyncio.timeout(seconds):
        while True:
            with suppress(StateInUseError):
                return await hold(stack, url)
            await asyncio.sleep(0.1)


def lock_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///") + ".lock")


async def paused(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(paused_vens)))


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
            await hold_in_the_end(stack, state_url, 10)


async def test_a_command_waits_for_a_holder_that_was_killed_and_not_for_one_that_lives(
    postgres_url: str,
) -> None:
    database = open_database(postgres_url)
    async with holder(postgres_url) as process:
        with pytest.raises(StateInUseError):
            async with lease(database, patient=True):
                pass
        os.kill(process.pid, signal.SIGKILL)
        async with lease(database, patient=True):
            pass
    await database.dispose()


async def test_a_file_stays_with_a_holder_that_is_frozen(sqlite_url: str) -> None:
    async with holder(sqlite_url) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with AsyncExitStack() as stack:
            with pytest.raises(StateInUseError):
                await hold(stack, sqlite_url)
        os.kill(process.pid, signal.SIGCONT)


async def test_a_holder_that_was_frozen_and_succeeded_writes_nothing_more(
    postgres_url: str,
) -> None:
    async with holder(postgres_url) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with AsyncExitStack() as stack:
            database = await hold_in_the_end(stack, postgres_url, 17)
            before = await paused(database)
            os.kill(process.pid, signal.SIGCONT)
            assert process.stdout is not None
            said = await asyncio.wait_for(process.stdout.readline(), 10)

            assert said.startswith(b"lost: another ven-daemon has taken")
            assert await paused(database) == before
            assert await process.wait() == 0


async def test_a_holder_whose_lock_file_was_removed_writes_nothing_more(sqlite_url: str) -> None:
    async with holder(sqlite_url) as process:
        await asyncio.to_thread(lock_of(sqlite_url).unlink)
        async with AsyncExitStack() as stack:
            database = await hold(stack, sqlite_url)
            assert process.stdout is not None
            said = await asyncio.wait_for(process.stdout.readline(), 10)

            assert said.startswith(b"lost: another ven-daemon has taken")
            before = await paused(database)
            assert await process.wait() == 0
            assert await paused(database) == before


async def test_nothing_is_sent_once_it_could_not_be_renewed_for_long(postgres_url: str) -> None:
    now = 0.0
    database = open_database(postgres_url)
    held = Lease(database, lambda: now)
    assert await held.take()
    held.insist()

    now = 5.0

    with pytest.raises(LeaseLostError, match="could not be renewed: nothing is sent"):
        held.insist()
    await held.give_back()
    await database.dispose()


async def test_each_holder_has_an_epoch_of_its_own(state_url: str) -> None:
    epochs = []
    for _ in range(3):
        async with AsyncExitStack() as stack:
            epochs.append((await hold(stack, state_url)).standing.epoch)

    assert epochs == [1, 2, 3]


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
