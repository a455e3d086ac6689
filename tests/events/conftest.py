"""A store, a VTN, and the service between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A state database in a file."""
    database = open_database(f"sqlite:///{tmp_path}/state.db")
    await migrations.prepare(database)
    yield database
    await database.dispose()


@pytest.fixture
async def closed() -> AsyncIterator[Sandbox]:
    """A VTN that knows a business client and two VENs."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def rig(closed: Sandbox, database: Database) -> AsyncIterator[Rig]:
    """The service, in 3.1."""
    async with reading(closed.url, database) as rig:
        yield rig
