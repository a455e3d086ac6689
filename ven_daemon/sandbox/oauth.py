"""The token endpoint (RFC 6749, client credentials) and the way to it."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote_plus

import orjson

from ven_daemon.sandbox.clients import Client, Clients
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.problems import Problem
from ven_daemon.sandbox.tokens import Tokens

TOKEN_PATH = "/auth/token"  # noqa: S105 - a path
SERVER_PATH = "/auth/server"
_FORM = "application/x-www-form-urlencoded"
_BASIC = {"WWW-Authenticate": 'Basic realm="VTN"'}
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """A token is refused: the code of RFC 6749, 5.2, and a sentence for people."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.description = description

    def answer(self) -> Answer:
        """Word it as OAuth does, not as a problem."""
        body = orjson.dumps({"error": self.code, "error_description": self.description})
        headers = _BASIC if self.status == 401 else {}
        return Answer(self.status, body, headers={**_NO_STORE, **headers})


class Credential(NamedTuple):
    """What a client shows to prove who it is."""

    client: str
    secret: str


class TokenEndpoint:
    """Exchanges credentials for tokens."""

    def __init__(
        self,
        clients: Clients,
        tokens: Tokens,
        scopes: Mapping[str, Sequence[str]],
        *,
        anybody: bool = False,
    ) -> None:
        self._clients = clients
        self._tokens = tokens
        self._scopes = scopes
        self._anybody = anybody
        self.requests = 0

    def answer(self, call: Call) -> Answer:
        """Answer one token request."""
        try:
            form = _form(call)
            if (grant := form.get("grant_type")) is None:
                raise OAuthError(400, "invalid_request", "grant_type is missing")
            if grant != "client_credentials":
                raise OAuthError(400, "unsupported_grant_type", "Only client_credentials")
            client = self._authenticate(_credential(call, form))
        except OAuthError as e:
            return e.answer()
        scopes = client.scopes if client.scopes is not None else self._scopes[client.role]
        token = {
            "access_token": self._tokens.issue(client.id, scopes),
            "token_type": "Bearer",
            "expires_in": self._tokens.lifetime,
        }
        return Answer(200, orjson.dumps(token), headers=_NO_STORE)

    def _authenticate(self, shown: Credential | None) -> Client:
        if shown is None:
            raise OAuthError(401, "invalid_client", "client_id and client_secret are missing")
        if self._anybody and not len(self._clients):
            return Client(shown.client, shown.secret, "bl")
        client = self._clients.authenticate(*shown)
        if client is None:
            raise OAuthError(401, "invalid_client", "Invalid client_id or client_secret")
        return client


def claimed_client(call: Call) -> str | None:
    """Say who asks for a token, believed without proof: for the ledger and for faults."""
    try:
        shown = _credential(call, _form(call))
    except (OAuthError, Problem):
        return None
    return shown.client if shown else None


def server_info(call: Call) -> Answer:
    """Tell where tokens are had (3.1 only, no token needed)."""
    return Answer(200, orjson.dumps({"tokenURL": f"http://{call.host}{TOKEN_PATH}"}))


def _form(call: Call) -> dict[str, str]:
    if call.content_type.partition(";")[0].strip().lower() != _FORM:
        raise Problem(415, f"Expected request with `Content-Type: {_FORM}`")
    values = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    if any(len(each) > 1 for each in values.values()):
        raise OAuthError(400, "invalid_request", "A parameter is given twice")
    return {key: each[0] for key, each in values.items()}


def _credential(call: Call, form: Mapping[str, str]) -> Credential | None:
    """Find the credential in the body or in the header, never in both (RFC 6749, 2.3)."""
    basic = _basic(call.authorization)
    if basic is None:
        if "client_id" not in form or "client_secret" not in form:
            return None
        return Credential(form["client_id"], form["client_secret"])
    if "client_secret" in form:
        raise OAuthError(400, "invalid_request", "Credentials both in the header and in the body")
    return basic


def _basic(authorization: str | None) -> Credential | None:
    kind, _, encoded = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as e:
        raise OAuthError(401, "invalid_client", "The Authorization header is unreadable") from e
    client, _, secret = text.partition(":")
    return Credential(unquote_plus(client), unquote_plus(secret))
