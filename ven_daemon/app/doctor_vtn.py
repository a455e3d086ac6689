"""The half of `doctor` that looks over the network."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from pydantic import SecretStr
from yarl import URL

from ven_daemon.app.connection import People, tls_of
from ven_daemon.config import CredentialMode, Settings
from ven_daemon.domain import diagnosis
from ven_daemon.domain.diagnosis import Finding, Sight
from ven_daemon.domain.errors import (
    ForbiddenError,
    UnauthorizedError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.fleet import Fleet, Ven
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.planning import want
from ven_daemon.domain.registration import Records
from ven_daemon.store.credentials import ClientSecret, CredentialStore
from ven_daemon.store.database import Database
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.vtn.certificates import expiry_of
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.discovery import choose_profile
from ven_daemon.vtn.exchange import Exchange
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.oauth import TokenEndpoint, life_of, read_claims, scopes_of
from ven_daemon.vtn.token import ClientCredentials, Credential, NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Page, Profile

PATIENCE = timedelta(seconds=2)
"""How long a VTN that does not work is tried: the finding says what it said."""


class VtnExamination:
    """Each check in turn; what an earlier one learnt, the later ones use."""

    def __init__(
        self, settings: Settings, exchange: Exchange, state: Database | None, fleet: Fleet
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._state = state
        self._fleet = fleet
        self._url = URL(str(settings.vtn_url))
        circuit = Circuit(f"the VTN {self._url.origin()}", PATIENCE.total_seconds())
        self._transport = Transport(exchange, str(self._url), Gate(4), circuit)
        self._scopes: frozenset[str] | None = None

    def checks(self) -> Mapping[str, Callable[[], Awaitable[Finding]]]:
        """Give the checks by name, in their order."""
        tls = {"tls": self.tls} if self._url.scheme == "https" else {}
        return {
            "clock": self.clock,
            "dns": self.dns,
            **tls,
            "token": self.token,
            "version": self.version,
            "credentials": self.credentials,
            "visibility": self.visibility,
        }

    async def clock(self) -> Finding:
        """Compare our clock with the Date header of whatever the VTN answers."""
        began = datetime.now(UTC)
        try:
            answer = await self._exchange.send("GET", self._transport.base / "auth/server", {})
        except VtnError as error:
            return diagnosis.skipped("clock", f"the VTN gives no answer ({error})")
        ended = datetime.now(UTC)
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", "")).replace(tzinfo=UTC)
        except ValueError:
            return diagnosis.skipped("clock", "the VTN's answers bear no Date")
        return diagnosis.clock(began + (ended - began) / 2, theirs, ended - began)

    async def dns(self) -> Finding:
        """Resolve the VTN's name."""
        host = self._url.host or ""
        if _is_address(host):
            return diagnosis.ok("dns", f"{host} is an address: there is nothing to resolve")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, self._url.port)
        except OSError as error:
            advice = "check VEN_VTN_URL and this machine's resolver"
            return diagnosis.problem("dns", f"{host} cannot be resolved: {error.strerror}", advice)
        addresses = dict.fromkeys(str(each[4][0]) for each in found)
        return diagnosis.ok("dns", f"{host} is {', '.join(addresses)}")

    async def tls(self) -> Finding:
        """Shake hands as requests do, and read the certificate."""
        try:
            expires = await expiry_of(self._url, tls_of(self._settings).context())
        except ssl.SSLCertVerificationError as error:
            words = f"the VTN's certificate is not trusted: {error.verify_message}"
            advice = "set VEN_TLS_CA_FILE to its authority, or ask the VTN's operator"
            return diagnosis.problem("tls", words, advice)
        except (OSError, TimeoutError) as error:
            words = str(error) or "no answer in time"
            return diagnosis.skipped("tls", f"no TLS connection can be made ({words})")
        trusted = self._settings.tls_verify
        return diagnosis.certificate(expires, datetime.now(UTC), trusted=trusted)

    async def token(self) -> Finding:
        """Obtain a token as the credential mode says, and read what it says of itself."""
        if self._settings.mode is CredentialMode.NONE:
            return diagnosis.ok("token", "none is asked for (credential mode none)")
        try:
            client, secret = await self._client()
            token = await (await self._endpoint()).fetch(client, secret)
        except UnauthorizedError as error:
            advice = "check the client's id and secret, and VEN_TOKEN_AUTH"
            return diagnosis.problem("token", str(error), advice)
        except VtnError as error:
            advice = "check VEN_TOKEN_URL, and whether the endpoint works"
            return diagnosis.problem("token", str(error), advice)
        claims = {"scope": token.get("scope"), **read_claims(str(token["access_token"]))}
        self._scopes = scopes_of(claims)
        return diagnosis.token(client, life_of(token.get("expires_in")), self._scopes)

    async def version(self) -> Finding:
        """Ask the VTN which dialect it speaks, whatever is set."""
        try:
            found = await choose_profile(self._transport, "auto")
        except VtnError as error:
            advice = "check VEN_VTN_URL, the network, and whether the VTN works"
            return diagnosis.problem("version", str(error), advice)
        return diagnosis.version(found.name, self._settings.profile)

    async def credentials(self) -> Finding:
        """Tell whether the credential mode is one that the VTN's rights fit."""
        mode = self._settings.mode
        if mode is CredentialMode.NONE:
            try:
                return diagnosis.no_credentials(refused=await self._asks_for_token())
            except VtnUnreachableError as error:
                return diagnosis.skipped("credentials", str(error))
        if mode in (CredentialMode.PER_VEN, CredentialMode.REGISTRAR):
            stored = await self._stored()
            missing = [ven.name for ven in self._fleet.vens if ven.name not in stored]
            if missing:
                return diagnosis.without_credential(missing, len(self._fleet.vens))
        if self._scopes is None:
            return diagnosis.skipped("credentials", "no token was obtained")
        return diagnosis.credentials(mode.value, self._scopes, len(self._fleet.vens))

    async def visibility(self) -> Finding:
        """Look for the largest VEN as its own requests would."""
        if not (ven := await self._sample()):
            return diagnosis.skipped("visibility", "no VEN to look for")
        try:
            return diagnosis.visibility(await self._sight(ven))
        except VtnUnreachableError as error:
            return diagnosis.skipped("visibility", str(error))
        except (UnauthorizedError, ForbiddenError) as error:
            advice = "see the findings on token and credentials"
            return diagnosis.problem("visibility", str(error), advice)

    async def _sight(self, ven: Ven) -> Sight:
        records = await self._records(ven)
        wanted = want(ven, records, None, (), ())
        sight = Sight(
            ven.name,
            frozenset(str(each.name) for each in wanted.resources),
            on_record=records.ven is not None and records.ven.vtn_id is not None,
        )
        client = await self._viewer()
        listed = next(iter(await client.vens(wanted.name)), None)
        if listed is None:
            return sight
        resources = await client.resources(listed.id)
        return replace(
            sight,
            listed=True,
            targeted=bool(listed.targets),
            resources=frozenset(each.name for each in resources),
            untargeted=sum(not each.targets for each in resources),
        )

    async def _asks_for_token(self) -> bool:
        profile = await self._profile()
        try:
            await self._transport.send(profile.list_vens(Page(limit=1)), NoCredential())
        except (UnauthorizedError, ForbiddenError):
            return True
        return False

    async def _sample(self) -> Ven | None:
        """Choose the largest VEN, of those with a credential where each needs one."""
        vens = self._fleet.vens
        if self._settings.mode is CredentialMode.PER_VEN:
            stored = await self._stored()
            return next((ven for ven in vens if ven.name in stored), None)
        return vens[0] if vens else None

    async def _viewer(self) -> VtnClient:
        profile = await self._profile()
        credential: Credential = NoCredential()
        if self._settings.mode is not CredentialMode.NONE:
            credential = ClientCredentials(await self._endpoint(), *await self._client())
        return VtnClient(self._transport, profile, credential, None)

    async def _client(self) -> tuple[str, SecretStr]:
        """Give the id and secret that reading is done with."""
        settings = self._settings
        if settings.mode is CredentialMode.PER_VEN:
            sample = await self._sample()
            if sample is None:
                raise UnauthorizedError("no VEN of the inventory has a credential")
            found = (await self._stored())[sample.name]
            return found.client_id, found.secret
        if settings.client_id is None or settings.client_secret is None:
            raise UnauthorizedError("VEN_CLIENT_ID and VEN_CLIENT_SECRET are not set")
        return settings.client_id, settings.client_secret

    async def _stored(self) -> Mapping[VenName, ClientSecret]:
        if self._state is None:
            return {}
        return await CredentialStore(self._state, self._settings.credentials_key).every()

    async def _records(self, ven: Ven) -> Records:
        if self._state is None:
            return Records()
        records = await RegistrationStore(self._state, str(self._transport.base)).records()
        return records.get(ven.name, Records())

    async def _profile(self) -> Profile:
        return await choose_profile(self._transport, self._settings.profile)

    async def _endpoint(self) -> TokenEndpoint:
        profile = await self._profile()
        people = People(self._settings, self._exchange, self._transport, profile, PATIENCE)
        return await people.endpoint()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
