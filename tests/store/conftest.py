"""Each test of this folder that asks for `state_url` runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.outboxes import VTN
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox import OutboxStore


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state database can be made: a file in a folder that is not there, or a server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/state.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var/state.db"


@pytest.fixture
async def empty(state_url: str) -> AsyncIterator[Database]:
    """A database that nobody prepared."""
    database = open_database(state_url)
    yield database
    await database.dispose()


@pytest.fixture
async def state(empty: Database) -> Database:
    """A state database, made and empty."""
    await migrations.prepare(empty)
    return empty


@pytest.fixture
def outbox(state: Database) -> OutboxStore:
    return OutboxStore(state, VTN)
