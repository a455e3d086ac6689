"""Credentials: what signs requests.

A credential hands out the header that signs a request. Its token is fetched once for
all who wait, refreshed ahead of its end, and never outlives what the monotonic clock
says, whatever the wall clock does.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from pydantic import SecretStr

from ven_daemon.domain.errors import UnauthorizedError, VtnError
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.oauth import TokenEndpoint, life_of, read_claims

_log = structlog.get_logger(__name__)


class Credential(Protocol):
    """What signs requests."""

    async def header(self, stale: str | None = None) -> str | None:
        """Give the Authorization header; *stale* is one that was just refused."""
        ...

    def fetch_ahead(self) -> None:
        """Begin to obtain what will be needed; whoever needs it learns how that went."""
        ...

    async def claims(self) -> Mapping[str, Any]:
        """Give what the token says of itself, unverified; nothing where it is opaque."""
        ...


class NoCredential:
    """For VTNs that ask for none."""

    async def header(self, stale: str | None = None) -> str | None:
        """Send no header."""
        del stale
        return None

    def fetch_ahead(self) -> None:
        """Need nothing."""

    async def claims(self) -> Mapping[str, Any]:
        """Know nothing."""
        return {}


class BearerToken:
    """A token that somebody else obtained; it cannot be refreshed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def header(self, stale: str | None = None) -> str | None:
        """Sign with it, and refuse to try again what the VTN refused."""
        if stale is not None:
            raise UnauthorizedError("the VTN does not accept the bearer token that was given")
        return f"Bearer {self._token.get_secret_value()}"

    def fetch_ahead(self) -> None:
        """Have it already."""

    async def claims(self) -> Mapping[str, Any]:
        """Read the token."""
        return read_claims(self._token.get_secret_value())


FRESH = 5.0
"""Seconds in which a token that replaced a refused one is not itself replaced (F02)."""


class ClientCredentials:
    """OAuth2 client credentials of one client."""

    backoff = Backoff(base=5.0, cap=300.0)
    """How long a refused credential is left alone (F01)."""

    def __init__(self, endpoint: TokenEndpoint, client_id: str, secret: SecretStr) -> None:
        self.client_id = client_id
        self._endpoint = endpoint
        self._secret = secret
        self._header: str | None = None
        self._claims: Mapping[str, Any] = {}
        self._refresh_at = self._ends_at = 0.0
        self._trusted_at = 0.0
        self._flight: asyncio.Task[None] | None = None
        self._refused: UnauthorizedError | None = None
        self._refusals = 0
        self._ask_again_at = 0.0

    async def header(self, stale: str | None = None) -> str | None:
        """Sign with a living token, fetching one first where that is needed."""
        now = time.monotonic()
        refused = stale is not None and stale == self._header
        if refused and self._flight is None and now < self._trusted_at:
            words = f"the VTN refuses a token that {self.client_id!r} just obtained"
            raise UnauthorizedError(words)
        if refused:
            self._trusted_at = now + FRESH
        if refused or self._header is None or now >= self._ends_at:
            await self._fetched()
        elif now >= self._refresh_at:
            self._take_off()  # ahead of need: nobody waits for it
        return self._header

    def fetch_ahead(self) -> None:
        """Take off for the first token, unless the last one was refused."""
        if self._header is None and self._refused is None:
            self._take_off()

    async def claims(self) -> Mapping[str, Any]:
        """Read the token, obtaining one where there is none yet."""
        await self.header()
        return self._claims

    async def _fetched(self) -> None:
        if self._refused and time.monotonic() < self._ask_again_at:
            raise UnauthorizedError(str(self._refused))
        # A waiter that is cancelled must not cancel the fetch of the others.
        await asyncio.shield(self._take_off())

    def _take_off(self) -> asyncio.Task[None]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(), name=f"token {self.client_id}")
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if not flight.cancelled() and (error := flight.exception()):
            _log.warning("token.failed", client_id=self.client_id, error=str(error))

    async def _fetch(self) -> None:
        try:
            token = await self._endpoint.fetch(self.client_id, self._secret)
        except UnauthorizedError as error:
            self._refused = error
            now = time.monotonic()
            self._refresh_at = self._ask_again_at = now + self.backoff.delay(self._refusals, 0.9)
            self._refusals += 1
            raise
        except VtnError:
            self._refresh_at = time.monotonic() + 5.0
            raise
        self._refused, self._refusals = None, 0
        self._take(token)

    def _take(self, token: Mapping[str, Any]) -> None:
        life = life_of(token.get("expires_in"))
        now = time.monotonic()
        bearer = str(token["access_token"])
        self._header = f"Bearer {bearer}"
        self._claims = {"scope": token.get("scope"), **read_claims(bearer)}
        self._ends_at = now + life * 0.98
        self._refresh_at = now + life * random.uniform(0.5, 0.8)  # noqa: S311 - spread, not secrecy
