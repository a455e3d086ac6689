"""Readings for the command line: looked at, imported, and tokens for those who bring them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ven_daemon.app.registration import open_inventory, open_state
from ven_daemon.config import Settings
from ven_daemon.devices.csv_source import Brought, bring
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.fleet import Fleet
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.domain.readings import Gate, Reading, Sifted
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.device_tokens import DeviceTokenStore
from ven_daemon.store.lease import lease
from ven_daemon.store.readings import ReadingStore


@dataclass(frozen=True, slots=True)
class Latest:
    """The last reading of one quantity of a resource, and whose it is."""

    ven: VenName | None
    reading: Reading


async def latest_readings(
    settings: Settings, ven: str | None, resource: str | None, since: timedelta
) -> list[Latest]:
    """Find the last reading of each resource and quantity, beside whoever is writing.

    Raises:
        ConfigurationError: there is no such VEN or resource.
        StoreError: a database cannot be used.
    """
    async with open_inventory(settings.inventory_url) as inventory:
        fleet = await inventory.fleet()
    vens = _vens(fleet)
    asked = _asked(vens, ven, resource)
    async with _beside(settings) as state:
        if state is None:
            return []
        found = await ReadingStore(state).pages.latest(asked, datetime.now(UTC) - since)
    rows = [Latest(vens.get(key), reading) for (key, _), reading in found.items()]
    return sorted(rows, key=lambda row: (row.ven or "", *row.reading[:2]))


async def import_readings(settings: Settings, files: Sequence[Path]) -> list[tuple[Path, Brought]]:
    """Bring the rows of CSV files into the state, as long as no daemon works with it.

    Raises:
        SourceError: a file cannot be read; what was read before it is kept.
        StoreError: a database cannot be used.
    """
    async with open_inventory(settings.inventory_url) as inventory:
        fleet = await inventory.fleet()
    vens = _vens(fleet)
    points = {
        row.meter_point_id: row.resource_id
        for each in fleet.vens
        for row in each.resources
        if row.meter_point_id
    }
    async with open_state(settings) as state:
        store = ReadingStore(state)

        async def take(items: Sequence[object]) -> Sifted:
            gate = Gate.at(datetime.now(UTC), vens, retention=settings.readings_retention)
            sifted = gate.sift(items)
            await store.write(sifted.accepted)
            return sifted

        return [(file, await bring(file, points, take)) for file in files]


@asynccontextmanager
async def open_tokens(settings: Settings) -> AsyncIterator[DeviceTokenStore]:
    """Open the tokens of devices, also while the daemon runs: it looks every few seconds.

    Raises:
        StoreError: the state cannot be used.
    """
    database = open_database(settings.state_url)
    try:
        if await migrations.look(database) is None:
            async with lease(database):
                await migrations.prepare(database)
        yield DeviceTokenStore(database)
    finally:
        await database.dispose()


async def insist_on_place(settings: Settings, ven: str | None, resource: str | None) -> None:
    """Refuse a VEN or resource that the inventory does not know.

    Raises:
        ConfigurationError: it does not.
    """
    async with open_inventory(settings.inventory_url) as inventory:
        _asked(_vens(await inventory.fleet()), ven, resource)


def _vens(fleet: Fleet) -> dict[ResourceKey, VenName | None]:
    rows = [row for ven in fleet.vens for row in ven.resources] + [*fleet.homeless]
    return {row.resource_id: row.ven for row in rows}


def _asked(
    vens: dict[ResourceKey, VenName | None], ven: str | None, resource: str | None
) -> list[ResourceKey]:
    found = [key for key, name in vens.items() if ven in (None, name) and resource in (None, key)]
    if not found and (ven is not None or resource is not None):
        what = f"resource {resource}" if resource is not None else f"VEN {ven}"
        raise ConfigurationError(f"the inventory has no {what}")
    return found


@asynccontextmanager
async def _beside(settings: Settings) -> AsyncIterator[Database | None]:
    """Open the state to look at it; None where there is none yet."""
    database = open_database(settings.state_url, read_only=True)
    try:
        yield None if await migrations.look(database) is None else database
    finally:
        await database.dispose()
