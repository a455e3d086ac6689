"""What devices are told while the store is in trouble, and what is kept for how long."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.readings.conftest import PATH, TOKEN, item
from tests.rig.postgres import Database
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quantity, Reading
from ven_daemon.services.telemetry import keeping
from ven_daemon.services.telemetry.intake import PATIENCE, Intake
from ven_daemon.services.telemetry.keeping import Keeping
from ven_daemon.store import readings as module
from ven_daemon.store.database import open_database
from ven_daemon.store.migrations import prepare
from ven_daemon.store.readings import ReadingStore

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


def test_a_store_that_is_locked_answers_503_with_retry_after_and_recovers_f55(
    service: Service,
) -> None:
    answers: list[int] = []

    def patient() -> None:
        body = json.dumps(item(minutes=1)).encode()
        answers.append(service.post(PATH, body, **OPERATOR)[0])

    waiting = threading.Thread(target=patient)
    with closing(sqlite3.connect(service.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting.start()

        time.sleep(PATIENCE + 0.5)  # longer than anybody may have waited for the store
        began = time.monotonic()
        body = json.dumps(item(minutes=2)).encode()
        status, said, headers = service.post(PATH, body, **OPERATOR)
        took = time.monotonic() - began
        other.execute("COMMIT")
    waiting.join(10)

    service.wait(lambda: service.post(PATH, json.dumps(item()).encode(), **OPERATOR)[0] == 202)
    assert answers in ([202], [503])
    assert (status, headers["Retry-After"]) == (503, "2")
    assert "come back" in said["detail"]
    assert took < 2.0  # told at once


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReadingStore]:
    """Forty readings, ten a day, the oldest four days old."""
    monkeypatch.setattr(module, "TRIMMED_AT_ONCE", 4)
    database = open_database(f"sqlite:///{tmp_path}/state.db")
    await prepare(database)
    store = ReadingStore(database)
    await store.write(
        [
            Reading(ResourceKey("bar"), Quantity.POWER, 1.0, NOW - timedelta(days=d, minutes=n))
            for d in (1, 2, 3, 4)
            for n in range(10)
        ]
    )
    yield store
    await database.dispose()


async def test_what_is_too_old_goes_and_is_counted(store: ReadingStore) -> None:
    keeper = Keeping(store, timedelta(days=2, hours=1), 10**9, is_sqlite=True)

    await keeper.keep(NOW)

    assert (store.counted.trimmed, store.counted.held) == (20, 20)


async def test_what_is_too_much_goes_the_oldest_first(store: ReadingStore) -> None:
    room = keeping.ROW_BYTES[True] * 17

    await Keeping(store, timedelta(days=30), room, is_sqlite=True).keep(NOW)

    assert (store.counted.trimmed, store.counted.held) == (24, 16)
    left = [
        each
        async for portion in store.pages.between(NOW - timedelta(days=9), NOW)
        for each in portion
    ]
    assert min(each.at for each in left) == NOW - timedelta(days=2, minutes=5)


async def test_one_run_deletes_so_much_and_the_next_goes_on(
    store: ReadingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_PORTIONS_AT_ONCE", 2)
    keeper = Keeping(store, timedelta(hours=1), 10**9, is_sqlite=True)

    trimmed = []
    for _ in range(6):
        await keeper.keep(NOW)
        trimmed.append(store.counted.trimmed)

    assert trimmed == [8, 16, 24, 32, 40, 40]


async def test_readings_come_in_while_old_ones_go(store: ReadingStore) -> None:
    keeper = Keeping(store, timedelta(hours=1), 10**9, is_sqlite=True)
    fresh = [
        Reading(ResourceKey("bar"), Quantity.POWER, float(n), NOW + timedelta(seconds=n))
        for n in range(50)
    ]

    await asyncio.gather(keeper.keep(NOW), *(store.write([each]) for each in fresh))

    assert (store.counted.accepted, store.counted.trimmed) == (90, 40)
    assert await store.totals() == store.counted


async def test_a_server_that_throws_everybody_out_costs_nothing_f61(
    postgres_database: Database,
) -> None:
    state = open_database(postgres_database.url)
    await prepare(state)
    store = ReadingStore(state)
    intake = Intake(store, 10_000)
    writer = asyncio.create_task(intake.run())

    async def bring(first: int) -> int:
        for number in range(first, first + 1000, 20):
            at = NOW + timedelta(seconds=number)
            words = [
                Reading(ResourceKey(f"bar {n}"), Quantity.STATE, f"w\\{n}", at) for n in range(20)
            ]
            await intake.offer(words)
        return 1000

    def throw_out() -> None:
        with postgres_database.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    bringing = asyncio.gather(*(bring(n * 10_000) for n in range(4)))
    for _ in range(5):
        await asyncio.sleep(0.05)
        await asyncio.to_thread(throw_out)
    brought = sum(await bringing)
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)

    totals = await ReadingStore(state).totals()
    found = [
        each
        async for portion in store.pages.between(NOW, NOW + timedelta(hours=12))
        for each in portion
    ]
    await state.dispose()
    assert len(found) == totals.accepted == brought
