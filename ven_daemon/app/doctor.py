"""Looking at everything that a fleet's registration leans on; `domain.diagnosis` concludes.

Nothing is written: not to the VTN, and no state database is made.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from ven_daemon.app.connection import exchange_of
from ven_daemon.app.doctor_vtn import VtnExamination
from ven_daemon.app.registration import open_inventory
from ven_daemon.config import Settings
from ven_daemon.domain import diagnosis
from ven_daemon.domain.diagnosis import Finding
from ven_daemon.domain.errors import StoreError, VenDaemonError
from ven_daemon.domain.fleet import Fleet
from ven_daemon.store import care, migrations
from ven_daemon.store.database import Database, open_database

Check = Callable[[], Awaitable[Finding]]


async def examine(settings: Settings) -> list[Finding]:
    """Make every check in order; one that fails is a finding, and the next is made."""
    examination = _Examination(settings)
    findings = [
        await _made("inventory", examination.inventory),
        await _made("state", examination.state),
        await _made("disk", examination.disk),
    ]
    try:
        async with exchange_of(settings) as exchange, _readable(settings) as state:
            vtn = VtnExamination(settings, exchange, state, examination.fleet)
            for name, check in vtn.checks().items():
                findings.append(await _made(name, check))
    except VenDaemonError as error:
        findings.append(diagnosis.problem("tls", str(error), "mend the settings VEN_TLS_…"))
    return findings


async def _made(name: str, check: Check) -> Finding:
    try:
        return await check()
    except VenDaemonError as error:
        return diagnosis.problem(name, str(error))
    except Exception as error:  # noqa: BLE001 - what one check runs into must not hide the others
        return diagnosis.problem(name, f"the check itself failed: {type(error).__name__}: {error}")


class _Examination:
    """What can be seen on this machine."""

    def __init__(self, settings: Settings) -> None:
        self.fleet = Fleet(())
        self._settings = settings

    async def inventory(self) -> Finding:
        async with open_inventory(self._settings.inventory_url) as inventory:
            self.fleet = await inventory.fleet()
            return diagnosis.inventory(str(inventory), self.fleet)

    async def state(self) -> Finding:
        database = open_database(self._settings.state_url, read_only=True)
        try:
            if database.file is not None:
                await care.insist_on_whole(database.file)
            revision = await migrations.look(database)
        finally:
            await database.dispose()
        if revision is not None:
            return diagnosis.ok("state", f"{database}: schema {revision}, as this program's")
        folder = _folder(database)
        if folder is not None and not os.access(folder, os.W_OK | os.X_OK):
            advice = "let the user of the daemon write there, or set VEN_STATE_URL"
            return diagnosis.problem("state", f"{database} cannot be made in {folder}", advice)
        return diagnosis.ok("state", f"{database} is not there yet: it will be made")

    async def disk(self) -> Finding:
        database = open_database(self._settings.state_url, read_only=True)
        folder = _folder(database)
        if folder is None:
            return diagnosis.ok("disk", f"the state is on a server, {database}")
        return diagnosis.disk(str(folder), shutil.disk_usage(folder).free)


def _folder(database: Database) -> Path | None:
    """Find where a SQLite file is, or the nearest folder that is there already."""
    if database.file is None:
        return None
    parents = database.file.absolute().parents
    return next(folder for folder in parents if folder.is_dir())


@asynccontextmanager
async def _readable(settings: Settings) -> AsyncIterator[Database | None]:
    """Open the state to read, if there is a usable one."""
    database = open_database(settings.state_url, read_only=True)
    try:
        try:
            usable = await migrations.look(database) is not None
        except StoreError:
            usable = False  # which the check of the state says
        yield database if usable else None
    finally:
        await database.dispose()
