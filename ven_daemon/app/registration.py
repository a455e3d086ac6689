"""What registering needs, put together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from ven_daemon.app.connection import Connected, exchange_of, people_of, told_apart
from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.services import samples
from ven_daemon.services.importing import Importing, Request
from ven_daemon.services.registration import RegistrationService, Targets
from ven_daemon.store import migrations
from ven_daemon.store.credentials import ClientSecret, CredentialStore
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.inventory import Counts, InventoryStore
from ven_daemon.store.lease import lease
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.vtn.exchange import Exchange
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Profile


@dataclass(frozen=True, slots=True)
class Registering:
    """What is open while a fleet is being registered."""

    service: RegistrationService
    store: RegistrationStore
    transport: Transport
    profile: Profile


@dataclass(frozen=True, slots=True)
class Built:
    """What became of the sample files."""

    inventory: str
    files: int
    counts: Counts
    vens: int
    size: int
    """Resources in the inventory, others than the samples too."""


@asynccontextmanager
async def open_inventory(url: str, *, create: bool = False) -> AsyncIterator[InventoryStore]:
    """Open the inventory at *url*: to read, or with *create* to write, making its tables.

    Raises:
        ConfigurationError: the URL is no database URL.
        InventoryError: there is no usable inventory.
    """
    database = open_database(url, read_only=not create)
    try:
        store = InventoryStore(database)
        if create:
            await store.create()
        yield store
    finally:
        await database.dispose()


async def build_samples(
    directory: Path, url: str, seed: int = samples.DEFAULT_SEED, scale: int = 1
) -> Built:
    """Write the sample files into *directory* and import them into the inventory at *url*."""
    files = samples.write(directory, seed, scale)
    importing = Importing(Request(tuple(files)))
    async with open_inventory(url, create=True) as inventory:
        counts = await importing.store(inventory)
        vens, size = len(await inventory.vens()), await inventory.size()
        return Built(str(inventory), len(files), counts, vens, size)


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[Database]:
    """Open the state database, making it where there is none, for this process alone.

    Raises:
        StoreError: it is lost, in use, of another schema, or cannot be opened.
    """
    database = open_database(settings.state_url)
    try:
        async with lease(database, patient=True) as held:
            await migrations.prepare(database)
            await held.arm()
            yield database
    finally:
        await database.dispose()


async def store_credentials(settings: Settings, found: Mapping[VenName, ClientSecret]) -> None:
    """Store credentials in the state database.

    Raises:
        ConfigurationError: there is no usable key.
    """
    async with open_state(settings) as database:
        await CredentialStore(database, settings.credentials_key).replace(found)


@asynccontextmanager
async def open_registration(
    settings: Settings,
    *,
    wait: timedelta = timedelta(seconds=30),
    bearer: SecretStr | None = None,
) -> AsyncIterator[Registering]:
    """Open everything that registering needs.

    *wait* is how long a VTN that does not work is tried; *bearer* signs every request
    instead of the configured credentials.

    Raises:
        VenDaemonError: of the kind that tells what is not as it must be.
    """
    async with AsyncExitStack() as stack:
        inventory = await stack.enter_async_context(open_inventory(settings.inventory_url))
        await inventory.vens()  # an unusable inventory is said before the VTN is asked
        database = await stack.enter_async_context(open_state(settings))
        exchange = await stack.enter_async_context(exchange_of(settings))
        opened = await connect(settings, exchange, inventory, database, wait, bearer)
        with told_apart(opened.transport.circuit):
            yield opened


async def connect(
    settings: Settings,
    exchange: Exchange,
    inventory: InventoryStore,
    database: Database,
    wait: timedelta,
    bearer: SecretStr | None = None,
) -> Registering:
    """Ask the VTN what it speaks, and put together who registers whom.

    Raises:
        VtnError: the VTN cannot be asked.
    """
    people = await people_of(settings, exchange, wait)
    return registering(settings, inventory, database, await people.connected(database, bearer))


def registering(
    settings: Settings, inventory: InventoryStore, database: Database, connected: Connected
) -> Registering:
    """Put together who registers whom at a VTN that has been asked."""
    store = RegistrationStore(database, connected.vtn)
    service = RegistrationService(
        inventory,
        store,
        connected.identities,
        settings.request_timeout,
        Targets(_templates(settings.ven_targets), _templates(settings.resource_targets)),
    )
    return Registering(service, store, connected.transport, connected.profile)


def _templates(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())
