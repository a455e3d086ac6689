"""One VTN, connected: what it speaks, and who speaks to it for whom."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr
from yarl import URL

from ven_daemon.config import BodyForm, CredentialMode, Settings
from ven_daemon.domain.errors import (
    ConfigurationError,
    VenDaemonError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.ids import ClientId, VenName
from ven_daemon.services.registration import Identities
from ven_daemon.store.credentials import CredentialStore
from ven_daemon.store.database import Database
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.discovery import choose_profile, token_url
from ven_daemon.vtn.exchange import Exchange, Tls
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.oauth import Grant, TokenEndpoint
from ven_daemon.vtn.speakers import Speakers
from ven_daemon.vtn.token import BearerToken, ClientCredentials, Credential, NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Form, Profile


@dataclass(frozen=True, slots=True)
class Connected:
    """A VTN that has been asked what it speaks."""

    transport: Transport
    profile: Profile
    identities: Identities
    """Who registers whom."""
    speakers: Speakers
    """Who reads events and files reports for whom."""
    tokens: TokenEndpoint | None = None
    """Where tokens come from; None where none are used, or one was given."""

    @property
    def vtn(self) -> str:
        """What the state database knows this VTN by."""
        return str(self.transport.base)


class Connection:
    """The VTN as the parts of the daemon share it: asked once, and again after a reload."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        exchange: Exchange,
        database: Database,
        wait: timedelta,
        recovered: Callable[[], None] = lambda: None,
    ) -> None:
        """Take whom to tell when the VTN works after it did not."""
        self.current: Connected | None = None
        self._settings = settings
        self._exchange = exchange
        self._database = database
        self._wait = wait
        self._recovered = recovered
        self._asking = asyncio.Lock()
        self._failed: VenDaemonError | None = None
        """What became of the last time it was asked, where that failed."""

    async def get(self) -> Connected:
        """Give the VTN, asked by now; whoever comes while it is asked has part in the outcome.

        Raises:
            VtnError: it cannot be asked.
            ConfigurationError: the settings do not fit it.
        """
        before = self._failed
        async with self._asking:
            if self.current is None:
                if self._failed is not None and self._failed is not before:
                    raise self._failed
                self.current = await self._ask()
            return self.current

    async def _ask(self) -> Connected:
        try:
            people = await people_of(self._settings(), self._exchange, self._wait)
            connected = await people.connected(self._database)
        except VenDaemonError as error:
            self._failed = error
            raise
        connected.transport.circuit.recovered = self._recovered
        if self._failed is not None:
            self._failed = None
            self._recovered()
        return connected

    def close(self) -> None:
        """Begin no request any more; those under way may end."""
        self._exchange.stop_sending()

    def forget(self) -> None:
        """Ask anew when somebody needs it next."""
        self.current = None


async def obtain_token(settings: Settings) -> SecretStr:
    """Obtain a token with the configured client.

    Raises:
        ConfigurationError: none is configured.
        VtnError: the token endpoint gives none.
    """
    async with exchange_of(settings) as exchange:
        people = await people_of(settings, exchange, timedelta(seconds=30))
        header = await people.configured(await people.endpoint()).header()
    return SecretStr((header or "").removeprefix("Bearer "))


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


def exchange_of(
    settings: Settings,
    connections: int | None = None,
    may_send: Callable[[], None] = lambda: None,
) -> Exchange:
    """Make the HTTP session that the settings ask for; it opens when it is entered."""
    most = settings.max_concurrency if connections is None else connections
    return Exchange(tls_of(settings), settings.request_timeout, most, may_send)


def tls_of(settings: Settings) -> Tls:
    """Take what the settings say of certificates."""
    return Tls(
        settings.tls_ca_file,
        settings.tls_client_cert,
        settings.tls_client_key,
        settings.tls_verify,
    )


async def people_of(settings: Settings, exchange: Exchange, wait: timedelta) -> "People":
    """Ask the VTN at the configured address what it speaks.

    Raises:
        VtnError: it cannot be asked.
    """
    base = str(settings.vtn_url)
    circuit = Circuit(f"the VTN {URL(base).origin()}", patience=wait.total_seconds())
    transport = Transport(exchange, base, Gate(settings.max_concurrency), circuit)
    with told_apart(circuit):
        profile = await choose_profile(transport, settings.profile)
    return People(settings, exchange, transport, profile, wait)


@dataclass(frozen=True, slots=True)
class People:
    """Makes credentials and clients, as the credential mode says."""

    settings: Settings
    exchange: Exchange
    transport: Transport
    profile: Profile
    wait: timedelta

    async def connected(self, database: Database, bearer: SecretStr | None = None) -> Connected:
        """Make a client for everybody who registers, reads and reports.

        Raises:
            ConfigurationError: there is no usable key to stored credentials.
            VtnError: the VTN does not say where tokens come from.
        """
        endpoint = None
        if bearer is None and self.settings.mode is not CredentialMode.NONE:
            endpoint = await self.endpoint()
        identities, own = await self._identities(database, bearer, endpoint)
        return Connected(
            self.transport,
            self.profile,
            identities,
            Speakers(None if own else identities.shared, own),
            endpoint,
        )

    async def _identities(
        self, database: Database, bearer: SecretStr | None, endpoint: TokenEndpoint | None
    ) -> tuple[Identities, Mapping[VenName, VtnClient]]:
        """Say who registers, and which VENs have a client of their own."""
        mode = self.settings.mode
        if bearer is not None:
            return Identities(self._client(BearerToken(bearer), None)), {}
        if endpoint is None:
            return Identities(self._client(NoCredential(), Form.BL)), {}
        if mode is CredentialMode.SHARED:
            return Identities(self._client(self.configured(endpoint), None)), {}
        stored = await CredentialStore(database, self.settings.credentials_key).every()
        ids = {ven: ClientId(found.client_id) for ven, found in stored.items()}
        own = {
            ven: self._client(ClientCredentials(endpoint, found.client_id, found.secret), None)
            for ven, found in stored.items()
        }
        if mode is CredentialMode.REGISTRAR:
            client = self._client(self.configured(endpoint), Form.BL)
            return Identities(client, client_ids=ids, need_credentials=True), own
        return Identities(own=own, client_ids=ids, need_credentials=True), own

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
