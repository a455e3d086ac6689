"""Engines, and failures by our own names."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.store.counter import counter, value
from ven_daemon.domain.errors import (
    ConfigurationError,
    StoreError,
)
from ven_daemon.store import engines
from ven_daemon.store.database import Database, open_database


async def test_two_engines_on_one_file_lose_no_increment(sqlite_url: str) -> None:
    here, there = open_database(sqlite_url), open_database(sqlite_url)
    await counter(here)

    async def increment(database: Database) -> None:
        async with database.begin() as connection:
            n = await connection.scalar(text("SELECT n FROM counter"))
            await asyncio.sleep(0.001)
            await connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(increment(each) for each in [here, there] * 25))
    found = await value(here)
    await here.dispose()
    await there.dispose()

    assert found == 50


async def test_a_reader_cannot_write(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    await counter(database)

    with pytest.raises(StoreError, match="readonly"):
        async with database.read() as connection:
            await connection.execute(text("UPDATE counter SET n = 7"))
    await database.dispose()


async def test_readers_work_while_a_writer_is_at_it(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    await counter(database)

    async with database.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 7"))
        during = await asyncio.wait_for(value(database), 1)

    assert (during, await value(database)) == (0, 7)
    await database.dispose()


async def test_what_was_committed_is_on_the_disk(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    await counter(database)

    async with database.begin() as connection:
        mode = await connection.scalar(text("PRAGMA journal_mode"))
        synchronous = await connection.scalar(text("PRAGMA synchronous"))
        keys = await connection.scalar(text("PRAGMA foreign_keys"))
    await database.dispose()

    assert (mode, synchronous, keys) == ("wal", 2, 1)


async def test_a_busy_database_is_waited_for(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 5000)
    database = open_database(sqlite_url)
    await counter(database)
    assert database.file is not None
    other = sqlite3.connect(database.file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.3, other.execute, "COMMIT")

    began = time.monotonic()
    async with database.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 7"))
    waited = time.monotonic() - began
    other.close()

    assert await value(database) == 7
    assert waited >= 0.25
    await database.dispose()


async def test_a_database_that_stays_busy_is_told(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 300)
    database = open_database(sqlite_url)
    await counter(database)
    assert database.file is not None
    other = sqlite3.connect(database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    began = time.monotonic()
    with pytest.raises(StoreError, match=r"state\.db: database is locked"):
        async with database.begin() as connection:
            await connection.execute(text("UPDATE counter SET n = 7"))
    waited = time.monotonic() - began
    other.close()

    assert 0.25 <= waited < 3
    async with database.begin() as connection:
        await connection.execute(text("UPDATE counter SET n = 8"))
    await database.dispose()


async def test_a_failure_names_the_database(empty: Database) -> None:
    await counter(empty)

    with pytest.raises(StoreError, match="nothing_here") as caught:
        async with empty.begin() as connection:
            await connection.execute(text("SELECT * FROM nothing_here"))

    assert str(caught.value).startswith(str(empty))
    assert caught.value.exit_code == 3


async def test_values_are_in_no_failure(empty: Database) -> None:
    await counter(empty)

    statement = text("INSERT INTO counter SELECT :n FROM nothing_here")
    with pytest.raises(StoreError) as caught:
        async with empty.begin() as connection:
            await connection.execute(statement, {"n": "hunter2"})

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/state",
        "postgres://me:hunter2@127.0.0.1:1/state",
        "postgresql+psycopg://me:hunter2@127.0.0.1:1/state",
    ],
)
async def test_a_password_is_in_no_failure_and_no_name(url: str) -> None:
    database = open_database(url)

    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as caught:
        async with database.begin():
            pass
    await database.dispose()

    assert "hunter2" not in str(caught.value) + str(database) + repr(database)
    assert "***" in str(database)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "mysql://me:hunter2@host/x",
        "sqlite+pysqlcipher://:hunter2@/x.db",
        "postgresql+asyncpg://me:hunter2@host/x",
        "http://me:hunter2@host/",
        "postgresql://me:hunter2@host:port/x",
        "sqlite:///",
        "sqlite://",
        "://hunter2",
    ],
)
def test_what_is_no_url_of_ours_is_told_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sqlite:///") as caught:
        open_database(url)

    assert "hunter2" not in str(caught.value)


async def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/none.db", read_only=True)

    with pytest.raises(StoreError, match="unable to open database file"):
        async with database.read():
            pass
    await database.dispose()

    assert not (tmp_path / "none.db").exists()


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/no/where.db")

    with pytest.raises(StoreError, match=r"where\.db: unable to open database file"):
        async with database.begin():
            pass
    await database.dispose()


async def test_disposing_takes_the_wal_with_it(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    await counter(database)
    await value(database)
    await database.dispose()

    assert database.file is not None
    assert [file.name for file in database.file.parent.iterdir()] == ["state.db"]
