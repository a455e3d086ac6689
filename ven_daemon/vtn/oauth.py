"""The token endpoint: authlib speaks OAuth2, our exchange carries it."""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from authlib.oauth2.client import OAuth2Client
from pydantic import SecretStr
from yarl import URL

from ven_daemon.domain.errors import (
    MisdirectedError,
    TooLargeError,
    UnauthorizedError,
    VtnBusyError,
    VtnError,
)
from ven_daemon.vtn.exchange import Answer, Exchange
from ven_daemon.vtn.limits import Circuit
from ven_daemon.vtn.status import classify, retry_after, words_of

LIFE_LEAST, LIFE_MOST, LIFE_UNSAID = 1.0, 3600.0 * 24 * 30, 3600.0
"""Seconds that a token is taken to live: at least, at most, and where nobody says."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is asked of the token endpoint besides who asks."""

    auth: str = "post"
    """`post` or `basic`."""
    token_field: str = "access_token"  # noqa: S105 - a member's name
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None


class TokenEndpoint:
    """One token endpoint, pressed by two requests at a time and spared while it fails."""

    def __init__(self, exchange: Exchange, url: URL, grant: Grant, patience: float) -> None:
        self.url = url
        self.grant = grant
        self.fetches = 0
        self.failures = 0
        self._issued: dict[str, float] = {}
        self._exchange = exchange
        self._places = asyncio.Semaphore(2)
        self._circuit = Circuit(f"the token endpoint {url.origin()}", patience)

    @property
    def is_spared(self) -> bool:
        """Whether it is not asked, because it fails."""
        return self._circuit.is_open

    @property
    def oldest_age(self) -> float:
        """How many seconds ago the token was obtained that is in use for longest."""
        return time.monotonic() - min(self._issued.values(), default=time.monotonic())

    async def fetch(self, client_id: str, secret: SecretStr) -> Mapping[str, Any]:
        """Obtain a token.

        Raises:
            UnauthorizedError: the endpoint does not accept the credential.
            VtnUnreachableError, OutcomeUnknownError, VtnBusyError: ask again later.
        """
        async with self._places:
            self._exchange.insist()
            probe = await self._circuit.permit()
            self.fetches += 1
            try:
                token = await self._ask(client_id, secret)
            except UnauthorizedError:
                self.failures += 1
                self._circuit.succeeded()
                raise
            except VtnError as error:
                self.failures += 1
                told = error.retry_after.total_seconds() if error.retry_after else None
                self._circuit.failed(str(error), probe=probe, retry_after=told)
                raise
            except BaseException:
                self._circuit.abandon(probe=probe)
                raise
            self._circuit.succeeded()
            self._issued[client_id] = time.monotonic()
            return token

    async def _ask(self, client_id: str, secret: SecretStr) -> Mapping[str, Any]:
        client = _AiohttpOAuth2Client(
            self._exchange,
            client_id,
            secret.get_secret_value(),
            token_endpoint_auth_method=f"client_secret_{self.grant.auth}",
            scope=self.grant.scope,
        )
        client.token_field = self.grant.token_field
        asked = {"audience": self.grant.audience, "resource": self.grant.resource}
        extra = {name: value for name, value in asked.items() if value}
        try:
            token: Mapping[str, Any] = await client.fetch_token(
                str(self.url), grant_type="client_credentials", **extra
            )
        except _RefusedError as refusal:
            words = str(refusal).replace(secret.get_secret_value(), "***")
            raise UnauthorizedError(
                f"{self._circuit.name} refuses {client_id!r}: {words}"
            ) from None
        # What authlib raises at odd answers: they are the endpoint's, and may pass.
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            words = f"{self._circuit.name} gave no usable answer ({type(error).__name__})"
            raise VtnBusyError(words) from None
        return token


class _RefusedError(Exception):
    """What the endpoint says to a credential that it does not accept, in whatever characters."""

    def __init__(self, error: object = None, description: object = None) -> None:
        super().__init__(f"{error}: {description}" if description else str(error))


class _AiohttpOAuth2Client(OAuth2Client):
    """authlib for the protocol, our exchange for the wire."""

    oauth_error_class = _RefusedError  # type: ignore[assignment] # takes the same
    token_field = "access_token"  # noqa: S105 - a member's name

    async def _fetch_token(
        self,
        url: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        method: str = "POST",
        **_: object,
    ) -> Mapping[str, Any]:
        url, signed, form = auth.prepare(method, url, dict(headers or {}), body)
        try:
            answer = await self.session.send(method, URL(url), signed, form.encode())
        except TooLargeError as error:
            raise VtnBusyError(f"the token endpoint gave {error}") from None
        _insist_on_success(answer, url)
        token: dict[str, Any] = self.parse_response_token(  # type: ignore[no-untyped-call] # authlib's
            _Response(answer, self.token_field)
        )
        value = token.get("access_token")
        if not isinstance(value, str) or not value or not value.isprintable():
            raise ValueError("no access_token")
        return token


class _Response:
    """The three members that authlib's parser asks of a response."""

    def __init__(self, answer: Answer, token_field: str) -> None:
        self.status_code = answer.status
        self._answer = answer
        self._field = token_field

    def json(self) -> object:
        """Read the body, with the token where authlib looks for it."""
        shape = orjson.loads(self._answer.body)
        if isinstance(shape, dict) and self._field in shape:
            shape["access_token"] = shape[self._field]
            # authlib turns them into a wall-clock instant; ours is monotonic (`life_of`).
            shape["expires_in"] = life_of(shape.get("expires_in"))
            shape.pop("expires_at", None)
        return shape

    def raise_for_status(self) -> None:
        """Statuses were judged before."""


def _insist_on_success(answer: Answer, url: str) -> None:
    """Tell a refusal from trouble: OAuth words it with 400 or 401, OpenADR 3.1 as a problem."""
    if classify(answer.status) is None:
        return
    where = f"the token endpoint {URL(url).origin()}"
    if answer.status < 400:
        raise MisdirectedError(f"{where} redirects, which is not followed", status=answer.status)
    words = words_of(answer.status, answer.headers, answer.body)
    if answer.status in (401, 403) or (answer.status == 400 and not words.startswith("HTTP")):
        raise _RefusedError(words)
    told = retry_after(answer.headers, datetime.now(UTC))
    raise VtnBusyError(
        f"{where} says HTTP {answer.status}",
        status=answer.status,
        retry_after=timedelta(seconds=told) if told is not None and told > 0 else None,
    )


def life_of(seconds: object) -> float:
    """Read `expires_in`, whatever it is, as seconds within reason (F29)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float | str):
        return LIFE_UNSAID
    try:
        life = float(seconds)
    except ValueError:
        return LIFE_UNSAID
    return min(max(life, LIFE_LEAST), LIFE_MOST) if life > 0 else LIFE_UNSAID


def read_claims(token: str) -> Mapping[str, Any]:
    """Read the claims of a JWT without verifying them; anything else says nothing."""
    try:
        payload = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Collect the scopes of a token: a string or a list, in `scope`, `scp` or `roles`."""
    found: set[str] = set()
    for name in ("scope", "scp", "roles"):
        value = claims.get(name)
        words = value.split() if isinstance(value, str) else value
        words = words if isinstance(words, list) else ()
        found.update(word for word in words if isinstance(word, str))
    return frozenset(found)
