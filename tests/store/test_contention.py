"""PostgreSQL with others at it (F62): what cannot be written now is written later, as a whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from tests.rig.postgres import Database as Rigged
from tests.store.counter import counter, value
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.failures import retried

Outside = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def outside(postgres_database: Rigged) -> Iterator[Outside]:
    """Somebody else at the same server, who waits for longer than we do."""
    with closing(postgres_database.connect()) as connection:
        connection.execute("SET deadlock_timeout = '20s'")
        connection.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
        connection.execute("INSERT INTO pair VALUES (1, 0), (2, 0)")
        yield connection


@pytest.fixture
async def state(postgres_url: str) -> AsyncIterator[Database]:
    database = open_database(postgres_url)
    yield database
    await database.dispose()


def raised(row: int) -> str:
    return f"UPDATE pair SET n = n + 1 WHERE id = {row}"


def waits(outside: Outside) -> bool:
    """Whether somebody waits for a row that is locked."""
    outside.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one otherwise
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return outside.execute(asked).fetchone() != (0,)


async def until_it_waits(outside: Outside) -> None:
    for _ in range(500):
        if await asyncio.to_thread(waits, outside):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


def counted(outside: Outside) -> list[object]:
    return [n for (n,) in outside.execute("SELECT n FROM pair ORDER BY id").fetchall()]


async def test_f62_rows_that_another_session_locks_are_waited_for(
    state: Database, outside: Outside
) -> None:
    outside.execute("BEGIN")
    outside.execute(raised(1))

    @retried
    async def write() -> None:
        async with state.begin() as connection:
            await connection.execute(text(raised(1)))

    writing = asyncio.create_task(write())
    await until_it_waits(outside)
    outside.execute("COMMIT")
    await writing

    assert counted(outside) == [2, 0]


async def test_f62_who_is_chosen_to_end_a_deadlock_tries_again_as_a_whole(
    state: Database, outside: Outside
) -> None:
    outside.execute("BEGIN")
    outside.execute(raised(2))

    @retried
    async def write() -> None:
        async with state.begin() as connection:
            await connection.execute(text(raised(1)))
            await connection.execute(text(raised(2)))

    with capture_logs() as logged:
        writing = asyncio.create_task(write())
        await until_it_waits(outside)
        await asyncio.to_thread(outside.execute, raised(1))
        outside.execute("COMMIT")
        await writing

    assert counted(outside) == [2, 2]
    assert ["deadlock" in line["error"] for line in logged] == [True]


async def test_f62_what_another_session_made_impossible_to_serialize_is_tried_again(
    state: Database, outside: Outside
) -> None:
    begun = asyncio.Event()
    overtaken = asyncio.Event()

    @retried
    async def write() -> None:
        async with state.begin() as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            n = await connection.scalar(text("SELECT n FROM pair WHERE id = 1"))
            begun.set()
            await overtaken.wait()
            await connection.execute(text("UPDATE pair SET n = :n WHERE id = 1"), {"n": n + 1})

    with capture_logs() as logged:
        writing = asyncio.create_task(write())
        await begun.wait()
        outside.execute(raised(1))
        overtaken.set()
        await writing

    assert counted(outside) == [2, 0]
    assert ["serialize" in line["error"] for line in logged] == [True]


async def test_f62_a_server_that_takes_no_more_connections_is_waited_for(
    postgres_url: str, outside: Outside
) -> None:
    role = f"few_{time.monotonic_ns()}"
    outside.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")  # type: ignore[arg-type]
    outside.execute(f"GRANT ALL ON pair TO {role}")  # type: ignore[arg-type]
    url = make_url(postgres_url).set(username=role)
    few = open_database(url.render_as_string(hide_password=False))
    only = psycopg.connect(host=str(url.query["host"]), user=role, dbname=url.database)

    @retried
    async def look() -> object:
        async with few.read() as connection:
            return await connection.scalar(text("SELECT n FROM pair WHERE id = 1"))

    with closing(only), capture_logs() as logged:
        looking = asyncio.create_task(look())
        for _ in range(500):
            if logged:
                break
            await asyncio.sleep(0.01)
        only.close()
        found = await looking
    await few.dispose()

    assert found == 0
    assert "too many connections" in logged[0]["error"]


async def test_f62_more_transactions_than_the_pool_has_connections_take_turns(
    state: Database, outside: Outside
) -> None:
    await counter(state)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    most = []

    async def write() -> None:
        async with state.begin() as connection:
            await connection.execute(text("UPDATE counter SET n = n + 1"))

    writing = [asyncio.create_task(write()) for _ in range(60)]
    while not all(each.done() for each in writing):
        [(count,)] = outside.execute(others).fetchall()
        most.append(count)
        await asyncio.sleep(0)
    await asyncio.gather(*writing)

    assert await value(state) == 60
    assert max(most) <= 11  # ours, five more under pressure, and whoever counts
