"""The sink `sql`: a table that others read, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.devices.commands import START, command
from ven_daemon.devices.sql import SqlSink
from ven_daemon.domain.attributes import Point
from ven_daemon.domain.dispatches import Answer, Do, Verdict
from ven_daemon.store.commands import CommandTable
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.schema.commands import device_commands


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/theirs.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database = open_database(url)
    yield database
    await database.dispose()


async def _rows(database: Database) -> list[dict[str, object]]:
    async with database.read() as connection:
        found = await connection.execute(select(device_commands).order_by(device_commands.c.key))
        return [dict(row) for row in found.mappings()]


async def test_commands_stand_in_the_table_once_they_are_acknowledged(database: Database) -> None:
    sink = SqlSink(CommandTable(database, clock=lambda: START))

    answers = await sink.deliver([command(1, values=(1, "a\0b", Point(1, 2))), command(2)])

    assert answers == [Answer(Verdict.ACKNOWLEDGED)] * 2
    first, second = await _rows(database)
    assert first == {
        "key": "key-1",
        "do": "apply",
        "ven": "Nykøbing Falster",
        "resource": "Bar 1",
        "resource_id": "r1",
        "event": "event-1",
        "version": "5f3a",
        "type": "IMPORT_CAPACITY_LIMIT",
        "payload": '[1,"a\\u0000b",{"x":1,"y":2}]',
        "kw": 12.5,
        "kwh": None,
        "begins_at": START,
        "ends_at": START + timedelta(hours=1),
        "reason": "clamped to 12.5 kW",
        "repeated": False,
        "updated_at": START,
    }
    assert second["key"] == "key-2"


async def test_a_release_replaces_what_it_releases(database: Database) -> None:
    sink = SqlSink(CommandTable(database))
    await sink.deliver([command(1)])

    await sink.deliver([command(1, do=Do.RELEASE), command(1, do=Do.RELEASE, repeated=True)][1:])

    (row,) = await _rows(database)
    assert (row["do"], row["repeated"]) == ("release", True)


async def test_a_table_that_is_there_is_used(database: Database) -> None:
    await SqlSink(CommandTable(database)).deliver([command(1)])

    await SqlSink(CommandTable(database)).deliver([command(2)])

    assert len(await _rows(database)) == 2


async def test_a_database_that_is_away_is_unreachable(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/no/such/folder/theirs.db")

    answers = await SqlSink(CommandTable(database)).deliver([command(1), command(2)])
    await database.dispose()

    assert [each.verdict for each in answers] == [Verdict.UNREACHABLE] * 2
    assert "unable to open" in answers[0].reason
