"""Transactions: all of one or nothing, one after the other, also where one is cancelled."""

import asyncio
import gc
import resource
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from tests.store.counter import counter, value
from ven_daemon.domain.errors import (
    StoreBusyError,
    StoreError,
    StoreSuspectError,
)
from ven_daemon.store import database as module
from ven_daemon.store.bridge import aside
from ven_daemon.store.database import Database, open_database


async def test_a_transaction_commits_when_its_block_ends_well(empty: Database) -> None:
    await counter(empty)

    async with empty.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 7"))

    assert await value(empty) == 7


async def test_a_transaction_that_fails_leaves_nothing(empty: Database) -> None:
    await counter(empty)

    async def write() -> None:
        async with empty.begin() as connection:
            await connection.execute(text("UPDATE counter SET n = 7"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()

    assert await value(empty) == 0


async def test_a_transaction_that_is_cancelled_leaves_nothing(empty: Database) -> None:
    await counter(empty)
    written = asyncio.Event()

    async def write() -> None:
        async with empty.begin() as connection:
            await connection.execute(text("UPDATE counter SET n = 7"))
            written.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(write())
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert await value(empty) == 0
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 8"))
    assert await value(empty) == 8


@pytest.fixture
async def file(sqlite_url: str) -> AsyncIterator[Database]:
    """Give a file with a counter in it."""
    database = open_database(sqlite_url)
    await counter(database)
    yield database
    await database.dispose()


async def refused_for_good(database: Database) -> StoreSuspectError:
    """Have a write fail for lack of a disk that takes it; give that failure."""
    assert database.file is not None
    written = database.file.with_name(database.file.name + "-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, before[1]))
    try:
        with pytest.raises(StoreSuspectError, match="disk I/O error") as failed:
            async with database.begin() as connection:
                await connection.execute(text("UPDATE counter SET n = 7"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return failed.value


@pytest.mark.parametrize("how", ["a block", "in one go"])
async def test_f57_after_a_write_that_failed_none_is_acknowledged_though_it_would_succeed(
    file: Database, how: str
) -> None:
    failed = await refused_for_good(file)

    async def write() -> None:
        if how == "in one go":
            await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = 8"))
        else:
            async with file.begin() as connection:
                await connection.execute(text("UPDATE counter SET n = 8"))

    with pytest.raises(StoreSuspectError, match="disk I/O error") as again:
        await write()

    assert str(again.value) == str(failed)
    assert await value(file) == 0


async def test_f57_those_that_waited_for_a_write_that_failed_fail_with_it(file: Database) -> None:
    async def write() -> None:
        await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = n + 1"))

    first = asyncio.create_task(refused_for_good(file))
    await asyncio.sleep(0)
    done = await asyncio.gather(first, *(write() for _ in range(20)), return_exceptions=True)

    assert all(isinstance(each, StoreSuspectError) for each in done)
    assert await value(file) == 0


async def test_a_look_is_not_kept_waiting_by_who_writes_and_sees_what_is_committed(
    file: Database,
) -> None:
    async def looked() -> int | None:
        return await file.look(lambda c: c.execute(text("SELECT n FROM counter")).scalar())

    async with file.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 8"))
        meanwhile = await looked()

    assert (meanwhile, await looked()) == (0, 8)


async def test_a_look_that_fails_is_renamed_and_the_next_one_sees(empty: Database) -> None:
    await counter(empty)

    with pytest.raises(StoreError, match="nothing"):
        await empty.look(lambda c: c.execute(text("SELECT nothing")))

    assert await empty.look(lambda c: c.execute(text("SELECT n FROM counter")).scalar()) == 0


async def test_who_has_waited_for_a_turn_for_too_long_is_told_that_the_store_is_busy(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 0.05)

    async with file.begin():
        with pytest.raises(StoreBusyError, match="a transaction of our own"):
            await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = 8"))

    await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = 9"))
    assert await value(file) == 9


async def test_transactions_in_one_go_go_on_when_the_connection_was_closed(file: Database) -> None:
    await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = 1"))
    await file.writer.dispose()

    await file.at_once(lambda raw: raw.execute("UPDATE counter SET n = n + 1"))

    assert await value(file) == 2


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What only the cycle collector would free stays."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_whenever_a_transaction_is_cancelled_the_next_one_waits_for_nothing(
    empty: Database,
) -> None:
    """SQLite keeps the locks of a closed connection while a statement of it is alive."""
    await counter(empty)

    async def write() -> None:
        async with empty.begin() as connection:
            await connection.execute(text("UPDATE counter SET n = n + 1 RETURNING n"))

    for number in range(60):
        task = asyncio.create_task(write())
        await asyncio.sleep(number / 10_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(4):
        await write()


async def test_a_transaction_in_one_go_that_is_cancelled_is_over_before_the_next(
    file: Database,
) -> None:
    begun = threading.Event()

    def slowly(raw: sqlite3.Connection) -> None:
        begun.set()
        time.sleep(0.2)
        raw.execute("UPDATE counter SET n = n + 1")

    first = asyncio.create_task(file.at_once(slowly))
    await asyncio.to_thread(begun.wait)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    async with file.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 10 * n"))

    assert await value(file) == 10


async def test_fifty_increments_at_once_count_fifty(empty: Database) -> None:
    await counter(empty)
    locked = "" if empty.is_sqlite else " FOR UPDATE"

    async def increment() -> None:
        async with empty.begin() as connection:
            n = await connection.scalar(text(f"SELECT n FROM counter{locked}"))
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(increment() for _ in range(50)))

    assert await value(empty) == 50


async def test_a_transaction_in_one_go_commits_all_of_it_or_nothing(empty: Database) -> None:
    await counter(empty)

    def set_to(n: int, divisor: int) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            connection.execute(text("UPDATE counter SET n = :n"), {"n": n})
            aside(connection, lambda: 1 // divisor)
            return connection.execute(text("SELECT n FROM counter")).scalar_one()

        return work

    assert await empty.transact(set_to(7, 1)) == 7
    with pytest.raises(ZeroDivisionError):
        await empty.transact(set_to(8, 0))

    assert await value(empty) == 7
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 9"))
    assert await value(empty) == 9


async def test_a_transaction_in_one_go_fails_by_our_own_names(empty: Database) -> None:
    await counter(empty)

    with pytest.raises(StoreError):
        await empty.transact(lambda connection: connection.execute(text("SELECT nothing")))

    assert await empty.transact(lambda c: c.execute(text("SELECT n FROM counter")).scalar()) == 0
