"""Bearer tokens: signed (JWT, HS256), checked, and made invalid all at once on demand.

The key is made anew by each process, so a restarted sandbox refuses the tokens of the one before,
as real VTNs without a configured secret do.
"""

import base64
import hashlib
import hmac
import math
import os
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import orjson

from ven_daemon.sandbox.problems import INVALID_TOKEN, NO_TOKEN, Problem

MONTH = 30 * 24 * 3600
"""The lifetime of a token in seconds, as the VTN that users meet most has it."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}").fullmatch


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and what he may do."""

    client: str | None
    scopes: frozenset[str] = frozenset()
    refusal: int | None = None
    """The status to refuse with, where there is no valid token."""
    unbounded: bool = False
    """Whether every right is given without a token."""

    def allow(self, wanted: Sequence[str]) -> str:
        """Return the first of the *wanted* scopes that the caller holds."""
        if self.unbounded:
            return wanted[0]
        if self.refusal == 401:
            raise Problem(401, NO_TOKEN, WWW_Authenticate='Bearer realm="VTN"')
        if self.refusal is not None:
            raise Problem(self.refusal, INVALID_TOKEN)
        for scope in wanted:
            if scope in self.scopes:
                return scope
        raise Problem(403, f"Missing {' or '.join(map(repr, wanted))} scope")

    def own_client(self) -> str:
        """Name the caller as the clientID of his objects."""
        if self.client is None or not _CLIENT_ID(self.client):
            raise Problem(401, "OAuth2 subject cannot be parsed as OpenADR clientId")
        return self.client


@dataclass(frozen=True, slots=True)
class _Claims:
    caller: Caller
    expires: float
    serial: int


class Tokens:
    """Issues tokens and reads them back."""

    def __init__(self, lifetime: int = MONTH, *, unbounded: bool = False) -> None:
        self.lifetime = lifetime
        self._unbounded = unbounded
        self._key = os.urandom(32)
        self._issued = 0
        self._dead_up_to = 0
        self._dead_of_client: dict[str, int] = {}
        self._read: dict[str, _Claims] = {}

    def issue(self, client: str, scopes: Iterable[str]) -> str:
        """Sign a token; its `jti` counts up, so that revoking takes effect within a second too."""
        self._issued += 1
        now = time.time()
        claims = {
            "sub": client,
            "iat": int(now),
            "nbf": int(now),
            "exp": math.ceil(now + self.lifetime),
            "jti": self._issued,
            "scope": list(scopes),
        }
        signed = f"{_HEADER}.{_encode(orjson.dumps(claims))}"
        return f"{signed}.{self._signature(signed)}"

    def revoke(self, clients: Collection[str] | None = None) -> None:
        """Make the tokens issued so far invalid: all of them, or those of some clients."""
        if clients is None:
            self._dead_up_to = self._issued
            self._read.clear()
            return
        for client in clients:
            self._dead_of_client[client] = self._issued

    def read(self, authorization: str | None) -> Caller:
        """Say who makes a request, going by its Authorization header."""
        if authorization is None or authorization[:7].lower() != "bearer ":
            return Caller(None, refusal=401, unbounded=self._unbounded)
        claims = self._read.get(authorization) or self._verify(authorization)
        if claims is None:
            return Caller(None, refusal=403, unbounded=self._unbounded)
        if self._is_dead(claims):
            client = claims.caller.client
            return Caller(client, refusal=403, unbounded=self._unbounded)
        return claims.caller

    def _is_dead(self, claims: _Claims) -> bool:
        client = claims.caller.client or ""
        dead_up_to = max(self._dead_up_to, self._dead_of_client.get(client, 0))
        return claims.serial <= dead_up_to or time.time() >= claims.expires

    def _verify(self, authorization: str) -> _Claims | None:
        if not authorization.isascii():
            return None
        signed, _, signature = authorization[7:].strip().rpartition(".")
        if not hmac.compare_digest(signature, self._signature(signed)):
            return None
        members = orjson.loads(_decode(signed.partition(".")[2]))
        caller = Caller(members["sub"], frozenset(members["scope"]), unbounded=self._unbounded)
        claims = _Claims(caller, members["exp"], members["jti"])
        self._read[authorization] = claims
        return claims

    def _signature(self, signed: str) -> str:
        return _encode(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


_HEADER = _encode(b'{"alg":"HS256","typ":"JWT"}')
