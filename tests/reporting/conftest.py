"""A sandbox and a daemon that reports to it, each a process of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.reporting.rig import Rig, reporting
from tests.reporting.sent import new_event
from tests.reporting.vtn import Publisher
from tests.rig.sandbox import SandboxVtn
from tests.sandbox.rig import Sandbox
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database

QUICK = {
    "VEN_POLL_INTERVAL": "PT1S",
    "VEN_REPORT_GRACE": "PT0.2S",
}


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture
def publisher(vtn: SandboxVtn) -> Publisher:
    return Publisher(vtn)


@pytest.fixture
def service(vtn: SandboxVtn, tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, vtn.url, **QUICK) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    state = open_database(f"sqlite:///{tmp_path}/state.db")
    await migrations.prepare(state)
    yield state
    await state.dispose()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A strict VTN in the test's own process, open to everybody."""
    async with Sandbox(clients=(), open=True) as sandbox:
        yield sandbox


@pytest.fixture
async def rig(sandbox: Sandbox, database: Database) -> AsyncIterator[Rig]:
    async with reporting(sandbox, database) as rig:
        yield rig


@pytest.fixture
async def event(sandbox: Sandbox) -> str:
    return await new_event(sandbox)
