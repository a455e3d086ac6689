"""The one writer: it shares transactions, sends away what it cannot keep, loses nothing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ven_daemon.domain.errors import StateLostError, StoreBehindError, StoreError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quantity, Reading
from ven_daemon.services.telemetry.intake import Intake
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.guard import StoreGuard
from ven_daemon.store.migrations import prepare
from ven_daemon.store.readings import ReadingStore

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def reading(number: int) -> Reading:
    at = NOON + timedelta(milliseconds=number)
    return Reading(ResourceKey("bar"), Quantity.POWER, float(number), at)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/state.db")
    await prepare(database)
    yield database
    await database.dispose()


@asynccontextmanager
async def running(intake: Intake) -> AsyncIterator[Intake]:
    task = asyncio.create_task(intake.run())
    try:
        yield intake
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def kept(state: Database) -> int:
    async with state.read() as connection:
        found: int = await connection.scalar(text("SELECT count(*) FROM readings"))
        return found


async def test_a_crowd_shares_transactions(state: Database) -> None:
    async with running(Intake(ReadingStore(state), 10_000)) as intake:
        await asyncio.gather(*(intake.offer([reading(n)]) for n in range(2000)))

    assert await kept(state) == 2000
    assert intake.figures.commits <= 3
    assert (intake.queued, intake.age) == (0, 0.0)


async def test_more_than_may_wait_is_sent_away_and_not_kept_f49(state: Database) -> None:
    async with running(Intake(ReadingStore(state), 10)) as intake:
        batches = [[reading(3 * n + k) for k in range(3)] for n in range(100)]
        answers = await asyncio.gather(*(_answer(intake, batch) for batch in batches))

    taken = answers.count("kept")
    assert 0 < taken < 100
    assert all("come back later" in each for each in answers if each != "kept")
    assert await kept(state) == 3 * taken
    assert intake.figures.turned_away == 300 - 3 * taken


async def test_a_store_that_is_locked_sends_others_away_and_keeps_who_waited_f55(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_daemon.services.telemetry.intake.PATIENCE", 0.2)
    assert state.file is not None
    other = sqlite3.connect(state.file, isolation_level=None)
    async with running(Intake(ReadingStore(state), 1000)) as intake:
        other.execute("BEGIN IMMEDIATE")
        patient = intake.offer([reading(1)])
        await asyncio.sleep(0.4)
        with pytest.raises(StoreBehindError):
            await intake.offer([reading(2)])
        assert not patient.done()
        other.execute("COMMIT")
        await patient
        await intake.offer([reading(3)])
    other.close()

    assert await kept(state) == 2


async def test_a_full_disk_is_told_and_the_next_reading_is_kept_once_there_is_room_f56(
    state: Database,
) -> None:
    store = ReadingStore(state)
    async with running(Intake(store, 100_000)) as intake:
        await _limit(state, pages=40)
        batches = ([reading(batch * 100 + n) for n in range(100)] for batch in range(60))
        answers = [await _answer(intake, batch) for batch in batches]
        acknowledged = 100 * answers.count("kept")
        assert answers[-1].endswith("is full")
        assert intake.figures.last_error is not None
        assert await kept(state) == acknowledged > 0
        await _limit(state, pages=1_000_000)
        await intake.offer([reading(900_000)])

    assert intake.figures.last_error is None
    assert await kept(state) == acknowledged + 1 == (await store.totals()).accepted


async def test_what_waits_at_the_end_is_kept_and_told(state: Database) -> None:
    async with running(Intake(ReadingStore(state), 10_000)) as intake:
        offers = [intake.offer([reading(n)]) for n in range(500)]
        await asyncio.sleep(0)

    await asyncio.gather(*offers)
    assert await kept(state) == 500
    with pytest.raises(StoreBehindError):
        await intake.offer([reading(501)])


async def test_nobody_waits_for_a_store_that_stays_locked_at_the_end(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_daemon.services.telemetry.intake.DRAIN", 0.2)
    assert state.file is not None
    other = sqlite3.connect(state.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with running(Intake(ReadingStore(state), 10_000)) as intake:
        offers = [intake.offer([reading(n)]) for n in range(3)]
        await asyncio.sleep(0.1)

    answers = await asyncio.gather(*offers, return_exceptions=True)
    other.execute("COMMIT")
    other.close()

    assert all(isinstance(each, StoreBehindError) for each in answers)


async def test_a_state_file_that_was_replaced_acknowledges_nothing_f60(state: Database) -> None:
    assert state.file is not None
    guard = StoreGuard(state, lambda _: None)
    intake = Intake(ReadingStore(state), 1000, guard.check)
    writer = asyncio.create_task(intake.run())
    await intake.offer([reading(1)])
    state.file.rename(state.file.with_name("elsewhere.db"))

    with pytest.raises(StateLostError):
        await intake.offer([reading(2)])

    with pytest.raises(StateLostError):
        await writer


async def _answer(intake: Intake, batch: list[Reading]) -> str:
    try:
        await intake.offer(batch)
    except StoreError as error:
        return str(error)
    return "kept"


async def _limit(state: Database, pages: int) -> None:
    async with state.writer.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await (await raw.execute(f"PRAGMA max_page_count={pages}")).close()
