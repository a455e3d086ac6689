"""What registering needs, put together."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from yarl import URL

from ven_daemon.config import BodyForm, CredentialMode, Settings
from ven_daemon.domain.errors import (
    ConfigurationError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.ids import ClientId, VenName
from ven_daemon.services import samples
from ven_daemon.services.importing import Importing, Request
from ven_daemon.services.registration import Identities, RegistrationService, Targets
from ven_daemon.store import migrations
from ven_daemon.store.credentials import ClientSecret, CredentialStore
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.inventory import Counts, InventoryStore
from ven_daemon.store.lease import lease
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.discovery import choose_profile, token_url
from ven_daemon.vtn.exchange import Exchange, Tls
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.oauth import Grant, TokenEndpoint
from ven_daemon.vtn.token import BearerToken, ClientCredentials, Credential, NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Form, Profile


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


async def obtain_token(settings: Settings) -> SecretStr:
    """Obtain a token with the configured client.

    Raises:
        ConfigurationError: none is configured.
        VtnError: the token endpoint gives none.
    """
    async with exchange_of(settings) as exchange:
        people = await _people(settings, exchange, timedelta(seconds=30))
        header = await people.configured(await people.endpoint()).header()
    return SecretStr((header or "").removeprefix("Bearer "))


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[Database]:
    """Open the state database, making it where there is none, for this process alone.

    Raises:
        StoreError: it is lost, in use, of another schema, or cannot be opened.
    """
    database = open_database(settings.state_url)
    try:
        async with lease(database):
            await migrations.prepare(database)
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
    people = await _people(settings, exchange, wait)
    transport = people.transport
    store = RegistrationStore(database, str(transport.base))
    service = RegistrationService(
        inventory,
        store,
        await people.identities(database, bearer),
        settings.request_timeout,
        Targets(_templates(settings.ven_targets), _templates(settings.resource_targets)),
    )
    return Registering(service, store, transport, people.profile)


@contextmanager
def told_apart(circuit: Circuit) -> Iterator[None]:
    """Tell a VTN that never answered from one that answered and then went away.

    Raises:
        VtnUnreachableError: it never did.
        VtnBusyError: it did.
    """
    try:
        yield
    except VtnError as error:
        if circuit.silent:
            raise VtnUnreachableError(str(error)) from error
        if isinstance(error, VtnUnreachableError):
            raise VtnBusyError(str(error)) from error
        raise


def exchange_of(settings: Settings) -> Exchange:
    """Make the HTTP session that the settings ask for; it opens when it is entered."""
    return Exchange(tls_of(settings), settings.request_timeout, settings.max_concurrency)


def tls_of(settings: Settings) -> Tls:
    """Take what the settings say of certificates."""
    return Tls(
        settings.tls_ca_file,
        settings.tls_client_cert,
        settings.tls_client_key,
        settings.tls_verify,
    )


async def _people(settings: Settings, exchange: Exchange, wait: timedelta) -> "People":
    base = str(settings.vtn_url)
    circuit = Circuit(f"the VTN {URL(base).origin()}", patience=wait.total_seconds())
    transport = Transport(exchange, base, Gate(settings.max_concurrency), circuit)
    with told_apart(circuit):
        profile = await choose_profile(transport, settings.profile)
    return People(settings, exchange, transport, profile, wait)


def _templates(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class People:
    """Makes credentials and clients, as the credential mode says."""

    settings: Settings
    exchange: Exchange
    transport: Transport
    profile: Profile
    wait: timedelta

    async def identities(self, database: Database, bearer: SecretStr | None) -> Identities:
        """Make a client for everybody who registers."""
        mode = self.settings.mode
        if bearer is not None:
            return Identities(self._client(BearerToken(bearer), None))
        if mode is CredentialMode.NONE:
            return Identities(self._client(NoCredential(), Form.BL))
        endpoint = await self.endpoint()
        if mode is CredentialMode.SHARED:
            return Identities(self._client(self.configured(endpoint), None))
        stored = await CredentialStore(database, self.settings.credentials_key).every()
        ids = {ven: ClientId(found.client_id) for ven, found in stored.items()}
        if mode is CredentialMode.REGISTRAR:
            client = self._client(self.configured(endpoint), Form.BL)
            return Identities(client, client_ids=ids, need_credentials=True)
        own = {
            ven: self._client(ClientCredentials(endpoint, found.client_id, found.secret), None)
            for ven, found in stored.items()
        }
        return Identities(own=own, client_ids=ids, need_credentials=True)

    def _client(self, credential: Credential, form: Form | None) -> VtnClient:
        configured = self.settings.body_form
        chosen = form if configured is BodyForm.AUTO else Form(configured.value)
        return VtnClient(self.transport, self.profile, credential, chosen)

    def configured(self, endpoint: TokenEndpoint) -> ClientCredentials:
        """Take the client that the settings name.

        Raises:
            ConfigurationError: they name none.
        """
        client_id, secret = self.settings.client_id, self.settings.client_secret
        if client_id is None or secret is None:
            raise ConfigurationError("VEN_CLIENT_ID and VEN_CLIENT_SECRET must be set")
        return ClientCredentials(endpoint, client_id, secret)

    async def endpoint(self) -> TokenEndpoint:
        """Find the token endpoint: the one that is set, else the one the VTN names."""
        given = self.settings.token_url
        url = URL(str(given)) if given else await token_url(self.transport, self.profile)
        grant = Grant(
            self.settings.token_auth,
            self.settings.token_field,
            self.settings.scope,
            self.settings.audience,
            self.settings.resource,
        )
        return TokenEndpoint(self.exchange, url, grant, self.wait.total_seconds())
