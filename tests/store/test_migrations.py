"""The schema of a state database: made, checked, refused."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import alembic.command
import pytest
from alembic.config import Config
from sqlalchemy import URL, Connection, text

from tests.crash.conftest import dies_in
from ven_daemon.domain.errors import SchemaError, StateLostError, StoreError
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.migrations import forget, head, marker_of, prepare, upgrade


async def execute(database: Database, statement: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text(statement))


async def identity(database: Database) -> str:
    async with database.read() as connection:
        found: str = await connection.scalar(text("SELECT uuid FROM instance"))
        return found


async def test_a_database_that_is_not_there_is_made_with_its_folder(empty: Database) -> None:
    await prepare(empty)

    assert UUID(await identity(empty))
    if empty.file is not None:
        assert marker_of(empty.file).read_text().strip() == await identity(empty)


async def test_preparing_again_changes_nothing(state: Database) -> None:
    before = await identity(state)

    await prepare(state)
    await upgrade(state)

    assert await identity(state) == before


async def test_the_schema_is_that_of_the_program(state: Database) -> None:
    def check(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(migrations._folder()))
        config.attributes["connection"] = connection
        alembic.command.check(config)

    async with state.begin() as connection:
        await connection.run_sync(check)


async def test_an_inventory_in_the_same_database_is_left_alone(empty: Database) -> None:
    if empty.file is not None:
        empty.file.parent.mkdir()
    await execute(empty, "CREATE TABLE resources (id INTEGER PRIMARY KEY, resource_id TEXT)")
    await execute(empty, "INSERT INTO resources VALUES (1, 'r1')")

    await prepare(empty)

    async with empty.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM resources")) == 1


async def test_an_older_schema_is_refused_with_the_command(
    state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "head", lambda: "0999")

    with pytest.raises(SchemaError, match=rf"older schema \({head()}\): run ven-daemon db upgrade"):
        await prepare(state)


async def test_a_file_is_copied_before_an_upgrade(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await of_revision("0001", sqlite_url)

    copy = await upgrade(database)
    again = await upgrade(database)

    assert copy is not None
    assert again is None
    assert ".0001-before-" in copy.name
    copied = open_database(f"sqlite:///{copy}", read_only=True)
    with pytest.raises(SchemaError, match=r"older schema \(0001\)"):
        await migrations.look(copied)
    await copied.dispose()
    assert await migrations.look(database) == head()
    await database.dispose()


async def test_a_corrupt_file_is_not_upgraded(sqlite_url: str) -> None:
    database = await of_revision("0001", sqlite_url)
    await database.dispose()
    file = database.file
    assert file is not None
    file.write_bytes(file.read_bytes()[:5000] + b"\xff" * 3000)

    with pytest.raises(StoreError, match="kept as it is"):
        await upgrade(database)

    await database.dispose()


REVISIONS = len(migrations._known())


@pytest.mark.parametrize("step", range(1, REVISIONS))
async def test_an_upgrade_that_dies_at_any_step_can_be_repeated(sqlite_url: str, step: int) -> None:
    """F66, migrate_step_k: a step has changed the schema, and that is not noted yet."""
    database = await of_revision("0001", sqlite_url)
    await database.dispose()
    environment = {"VEN_STATE_URL": sqlite_url, "DIE_AT": "migrate_step_k", "DIE_HIT": str(step)}

    dies_in("tests.crash.dying", "db", "upgrade", **environment)

    with pytest.raises(SchemaError, match=r"older schema \(0001\)"):
        await prepare(database)
    await upgrade(database)
    assert await migrations.look(database) == head()
    await database.dispose()


async def test_halves_of_reports_are_known_as_such_after_the_upgrade(sqlite_url: str) -> None:
    database = await of_revision("0007", sqlite_url)
    names = {"v.e.0": "", "v-a.e-b.1": "", "v.e.2-a": "a", "v.e.2-b": "b", "v.e.3-a-b": "ab"}
    for name in names:
        await execute(
            database,
            "INSERT INTO outbox (name, vtn, ven, event, client, request, k, types, begins_at, due,"
            " state, revision, offered, attempts, reason, size, updated_at) VALUES"
            f" ('{name}', 't', 'v', 'e', 'v', 'd', 0, 'USAGE', '2026-03-14', '2026-03-14',"
            " 'sent', 1, 1, 0, '', 2, '2026-03-14')",
        )

    await upgrade(database)

    async with database.read() as connection:
        rows = (await connection.execute(text("SELECT name, part FROM outbox"))).all()
    assert {row.name: row.part for row in rows} == names
    await database.dispose()


async def test_what_was_not_sent_before_the_upgrade_is_suspect_after_it(sqlite_url: str) -> None:
    database = await of_revision("0008", sqlite_url)
    for name, state, id_ in (("a", "sending", ""), ("b", "sent", "1"), ("c", "queued", "2")):
        await execute(
            database,
            "INSERT INTO outbox (name, vtn, ven, event, client, request, k, types, begins_at, due,"
            " state, vtn_id, revision, offered, attempts, reason, size, updated_at, part) VALUES"
            f" ('{name}', 't', 'v', 'e', 'v', 'd', 0, 'USAGE', '2026-03-14', '2026-03-14',"
            f" '{state}', nullif('{id_}', ''), 1, 1, 0, '', 2, '2026-03-14', '')",
        )

    await upgrade(database)

    async with database.read() as connection:
        rows = (await connection.execute(text("SELECT name FROM outbox WHERE suspect"))).all()
    assert [row.name for row in rows] == ["a"]
    await database.dispose()


@pytest.mark.parametrize(
    ("point", "hit"), [("migrate_step_k", REVISIONS), ("migrate_before_commit", 1)]
)
async def test_a_database_whose_making_died_is_made_by_the_next(
    state_url: str, point: str, hit: int
) -> None:
    environment = {"VEN_STATE_URL": state_url, "DIE_AT": point, "DIE_HIT": str(hit)}

    dies_in("tests.crash.dying", "db", "upgrade", **environment)

    database = open_database(state_url)
    await prepare(database)
    assert await migrations.look(database) == head()
    await database.dispose()


async def test_two_upgrades_at_once_are_one_after_the_other(postgres_url: str) -> None:
    first, second = open_database(postgres_url), open_database(postgres_url)

    await asyncio.gather(upgrade(first), upgrade(second))

    assert await migrations.look(first) == head()
    await first.dispose()
    await second.dispose()


async def test_a_newer_schema_is_refused(state: Database) -> None:
    await execute(state, "UPDATE alembic_version SET version_num = '9999'")

    for step in (prepare, upgrade):
        with pytest.raises(SchemaError, match=r"newer schema \(9999\): run the newer ven-daemon"):
            await step(state)


async def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Database) -> None:
    if empty.file is not None:
        empty.file.parent.mkdir()
    await execute(empty, "CREATE TABLE credentials (somebody TEXT)")

    with pytest.raises(StoreError, match="credentials"):
        await prepare(empty)

    await execute(empty, "DROP TABLE credentials")
    await prepare(empty)


async def of_revision(revision: str, url: str) -> Database:
    """Make a state database as an earlier version did."""

    def step(connection: Connection) -> None:
        config = migrations._config()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)

    database = open_database(url)
    assert database.file is not None
    await asyncio.to_thread(database.file.parent.mkdir)
    async with database.begin() as connection:
        await connection.run_sync(step)
    return database


async def made(url: str) -> Path:
    """Make a state database and leave it; say where it is."""
    database = open_database(url)
    await prepare(database)
    await database.dispose()
    assert database.file is not None
    return database.file


async def refused(url: str) -> None:
    database = open_database(url)
    with pytest.raises(StateLostError, match=r"state\.db\.id says that it existed.* db forget"):
        await prepare(database)
    await database.dispose()


async def test_a_database_that_went_missing_is_refused(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    file.unlink()

    await refused(sqlite_url)

    assert not file.exists()


async def test_a_database_that_was_emptied_is_refused(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    file.write_bytes(b"")

    await refused(sqlite_url)


async def test_a_database_that_lost_its_wal_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    await prepare(database)
    file = database.file
    assert file is not None
    (tmp_path / "copy").mkdir()
    shutil.copy(file, tmp_path / "copy" / "state.db")  # without state.db-wal
    shutil.copy(marker_of(file), tmp_path / "copy" / "state.db.id")
    await database.dispose()

    await refused(f"sqlite:///{tmp_path}/copy/state.db")


async def test_an_upgrade_makes_no_new_one_of_a_lost_one(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    file.unlink()
    database = open_database(sqlite_url)

    with pytest.raises(StateLostError):
        await upgrade(database)
    await database.dispose()


async def test_a_lost_database_can_be_forgotten(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    file.unlink()
    database = open_database(sqlite_url)

    assert forget(database) is True
    assert forget(database) is False
    await prepare(database)
    await database.dispose()


async def test_one_that_lost_its_wal_can_be_forgotten_too(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 1")
    await refused(sqlite_url)
    database = open_database(sqlite_url)

    assert forget(database) is True
    await prepare(database)
    await database.dispose()


async def test_a_database_that_is_there_is_not_forgotten(state: Database) -> None:
    assert forget(state) is False
    await prepare(state)


async def test_a_marker_that_was_lost_comes_back(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    said = marker_of(file).read_text()
    marker_of(file).unlink()

    await made(sqlite_url)

    assert marker_of(file).read_text() == said


async def test_a_file_that_is_no_database_is_told_and_kept(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    file = tmp_path / "var" / "state.db"
    file.write_bytes(b"this is not a database at all" * 1000)
    database = open_database(sqlite_url)

    with pytest.raises(StoreError, match=r"state\.db: file is not a database"):
        await prepare(database)
    await database.dispose()

    assert file.read_bytes().startswith(b"this is not")


async def test_a_file_where_the_folder_should_be_is_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    database = open_database(sqlite_url)

    for step in (prepare, upgrade):
        with pytest.raises(StoreError, match=r"var cannot be made: File exists"):
            await step(database)
    await database.dispose()


async def test_a_folder_where_the_file_should_be_is_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "var" / "state.db").mkdir(parents=True)
    database = open_database(sqlite_url)

    with pytest.raises(StoreError, match=r"state\.db: unable to open database file"):
        await prepare(database)
    await database.dispose()


async def test_a_marker_that_cannot_be_written_is_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "var" / "state.db.id").mkdir(parents=True)
    (tmp_path / "var" / "state.db").write_bytes(b"")
    database = open_database(sqlite_url)

    with pytest.raises(StoreError):
        await upgrade(database)
    await database.dispose()


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "a#b.db", "tilstand-æøå.db"])
async def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()

    file = await made(url)

    assert file == tmp_path / name
    assert file.stat().st_size > 0
