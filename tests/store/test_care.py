"""A state that is looked through, copied while it is in use, and put back."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from tests.daemon.service import Service
from tests.rig.installation import Done, Installation
from tests.rig.sandbox import SandboxVtn
from ven_daemon.domain.errors import ConfigurationError, StoreError
from ven_daemon.store import care
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.migrations import look, prepare


async def made(url: str) -> Path:
    """Make a state of some hundred pages and leave it; say where it is."""
    database = open_database(url)
    await prepare(database)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE ballast (n INTEGER PRIMARY KEY, words TEXT)"))
        for number in range(400):
            await connection.execute(text("INSERT INTO ballast VALUES (:n, :w)"), _row(number))
    await database.dispose()
    assert database.file is not None
    return database.file


def _row(number: int) -> dict[str, object]:
    return {"n": number, "w": f"{number} " * 300}


async def refusal(url: str) -> str:
    database = open_database(url)
    with pytest.raises(StoreError) as refused:
        await prepare(database)
    await database.dispose()
    return str(refused.value)


def spoil(file: Path, offset: int, with_: bytes) -> None:
    with file.open("r+b") as content:
        content.seek(offset)
        content.write(with_)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


# Looked through


@pytest.mark.parametrize("what", ["header", "page", "half"])
async def test_what_is_corrupt_is_refused_and_kept_as_it_is(sqlite_url: str, what: str) -> None:
    file = await made(sqlite_url)
    if what == "header":
        spoil(file, 0, b"not the header of a database")
    elif what == "page":
        spoil(file, file.stat().st_size // 2 & ~4095, bytes(8192))
    else:
        with file.open("r+b") as content:
            content.truncate(file.stat().st_size // 2)
    before = file.read_bytes()

    said = await refusal(sqlite_url)

    assert str(file) in said
    assert "restore a backup" in said
    assert "db forget" in said
    assert file.read_bytes() == before


async def test_bytes_spoilt_anywhere_are_refused_or_harm_no_structure(sqlite_url: str) -> None:
    file = await made(sqlite_url)
    whole, dice = file.read_bytes(), random.Random(59)
    refused = 0
    for _ in range(60):
        spoil(file, dice.randrange(len(whole) - 64), dice.randbytes(64))
        try:
            await care.check(file)
        except StoreError:
            refused += 1
        file.write_bytes(whole)

    assert refused > 0
    await care.check(file)


async def test_a_file_that_is_too_large_for_a_start_is_said_and_not_looked_through(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await made(sqlite_url)
    monkeypatch.setattr(care, "CHECKED_UP_TO", 1000)
    spoil(file, file.stat().st_size // 2 & ~4095, bytes(8192))

    with structlog.testing.capture_logs() as logged:
        await care.insist_on_whole(file)

    assert [each["event"] for each in logged] == ["state.not_checked"]
    with pytest.raises(StoreError):
        await care.check(file)


async def test_looking_makes_nothing(empty: Database) -> None:
    assert await look(empty) is None
    if empty.file is not None:
        assert not empty.file.exists()


async def test_looking_gives_the_schema(state: Database) -> None:
    assert await look(state)


# Copied


async def test_a_copy_is_whole_though_somebody_writes(sqlite_url: str, tmp_path: Path) -> None:
    await made(sqlite_url)
    database = open_database(sqlite_url)
    target = tmp_path / "copy.db"
    async with database.begin() as connection:  # not yet committed: no part of the copy
        await connection.execute(text("DELETE FROM ballast"))
        size = await care.backup(database, target)
    await database.dispose()

    assert size == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["copy.db", "var"]
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM ballast").fetchone() == (400,)


async def test_nothing_is_overwritten(sqlite_url: str, tmp_path: Path) -> None:
    await made(sqlite_url)
    (tmp_path / "copy.db").write_text("somebody's")
    database = open_database(sqlite_url)

    with pytest.raises(ConfigurationError, match="not overwritten"):
        await care.backup(database, tmp_path / "copy.db")
    await database.dispose()

    assert (tmp_path / "copy.db").read_text() == "somebody's"


async def test_a_corrupt_state_gives_no_copy(sqlite_url: str, tmp_path: Path) -> None:
    file = await made(sqlite_url)
    spoil(file, file.stat().st_size // 2 & ~4095, bytes(8192))
    database = open_database(sqlite_url)

    with pytest.raises(StoreError, match="corrupt"):
        await care.backup(database, tmp_path / "copy.db")
    await database.dispose()

    assert names(tmp_path) == ["var"]


async def test_what_is_not_there_gives_no_copy(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)

    with pytest.raises(StoreError, match="nothing to back up"):
        await care.backup(database, tmp_path / "copy.db")


async def test_a_copy_that_cannot_be_written_is_said(sqlite_url: str, tmp_path: Path) -> None:
    await made(sqlite_url)
    database = open_database(sqlite_url)

    with pytest.raises(StoreError, match="cannot be made"):
        await care.backup(database, tmp_path / "no" / "copy.db")


async def test_a_server_is_backed_up_by_its_own_tool(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)

    with pytest.raises(ConfigurationError, match="pg_dump"):
        await care.backup(database, tmp_path / "copy.db")
    await database.dispose()


# As an operator does it


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def db(folder: Path, *arguments: str) -> Done:
    return Installation(folder).run("db", *arguments)


def test_a_backup_of_a_running_daemon_is_restored_and_nothing_is_written_to_the_vtn(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    copy = tmp_path / "backup.db"
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        assert db(tmp_path, "check").exit_code == 0
        assert db(tmp_path, "backup", str(copy)).exit_code == 0
        assert db(tmp_path, "backup", str(copy)).exit_code == 2
        assert service.terminate() == 0
        for file in tmp_path.glob("state.db*"):
            if file.suffix != ".id":
                file.unlink()
        service.start()
        assert service.wait_for_exit() == 3  # lost, and it says so

        before = vtn.summary()["writes"]
        shutil.copy(copy, tmp_path / "state.db")
        service.start()
        service.wait_until_ready()
        assert service.terminate() == 0

    assert vtn.summary()["writes"] == before == 7


def test_a_daemon_with_a_corrupt_state_ends_with_3_and_the_command_that_helps_helps(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        assert service.terminate() == 0
        state = tmp_path / "state.db"
        spoil(state, 0, b"x" * 100)
        service.start()
        assert service.wait_for_exit() == 3
        assert db(tmp_path, "check").exit_code == 3
        assert "state.db: file is not a database. It is kept" in service.log()

        state.rename(tmp_path / "evidence.db")
        assert db(tmp_path, "forget").exit_code == 0
        service.start()
        service.wait_until_ready()
        assert service.terminate() == 0

    assert vtn.summary()["writes"] == 7


def test_a_state_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    done = db(tmp_path, "check")

    assert done.exit_code == 0
    assert "not there yet" in done.stdout
    assert not list(tmp_path.glob("state*"))
