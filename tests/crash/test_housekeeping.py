"""Trimming that dies halfway (F66): what is counted as gone is gone, and nothing else."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.crash.conftest import dies_in
from tests.crash.housekeeper import READINGS, REPORT_BYTES, REPORTS, keep_house
from tests.reporting.rig import START
from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.readings import Quality, Quantity, Reading
from ven_daemon.domain.reporting.outbox import Entry
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox import Draft, OutboxStore
from ven_daemon.store.outbox_rows import About, Filed
from ven_daemon.store.readings import TRIMMED_AT_ONCE, ReadingStore

MANY = 2 * TRIMMED_AT_ONCE + READINGS
POINTS = ["trim_mid_delete", "trim_mid_delete_of_reports"]


@pytest.fixture
async def database(state_url: str) -> AsyncIterator[Database]:
    """A store that holds more readings and reports than it may."""
    database = open_database(state_url)
    await migrations.prepare(database)
    at = [START + timedelta(seconds=n) for n in range(MANY)]
    bar = ResourceKey("Aalborg/bar 0")
    readings = [Reading(bar, Quantity.POWER, 1.0, each, Quality.OK) for each in at]
    await ReadingStore(database).write(readings)
    await OutboxStore(database, "http://vtn/").file(
        [_draft(n) for n in range(3 * REPORTS)], {}, START
    )
    yield database
    await database.dispose()


def _draft(number: int) -> Draft:
    ven, due = VenName("Aalborg"), START + timedelta(hours=number)
    about = About(EventId("e"), ven, "digest", number, ("USAGE",), due, due)
    return Draft(
        Filed(Entry(f"report {number}", ven, due), about, REPORT_BYTES), b"." * REPORT_BYTES
    )


@pytest.mark.parametrize("point", POINTS)
async def test_trimming_that_dies_has_counted_what_it_deleted(
    database: Database, state_url: str, point: str
) -> None:
    dies_in("tests.crash.housekeeper", state_url, point)
    await _balances(database)

    await keep_house(database)

    readings, reports = await _balances(database)
    assert readings == READINGS
    assert reports == REPORTS


async def _balances(database: Database) -> tuple[int, int]:
    """Count the rows; the counts that are kept say the same."""
    async with database.read() as connection:
        rows = [
            await connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("readings", "outbox", "report_bodies")
        ]
    books = await OutboxStore(database, "http://vtn/").books()
    assert (await ReadingStore(database).totals()).held == rows[0]
    assert (books.queued, books.missing, rows[2]) == (rows[1], 0, rows[1])
    return rows[0], rows[1]
