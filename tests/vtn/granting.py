"""A VTN with a token endpoint, and the tokens it grants."""

import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson
from aiohttp import web
from pydantic import SecretStr

from tests.vtn.servers import Handler, Http, always, as_json, http, transporting
from ven_daemon.vtn.oauth import Grant, TokenEndpoint
from ven_daemon.vtn.token import ClientCredentials
from ven_daemon.vtn.transport import Transport

SECRET = "hunter2&=%+ å"


@dataclass
class World:
    """A VTN and its token endpoint on one server, and a credential for them."""

    server: Http
    transport: Transport
    endpoint: TokenEndpoint
    credential: ClientCredentials
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    api: Handler = field(default_factory=lambda: always(200, []))
    tokens: Handler = field(default_factory=lambda: always(200, {"access_token": "t1"}))

    def asked(self) -> Counter[str]:
        return Counter(request.path for request in self.server.seen)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/auth/token":
            return await self.api(request)
        self.forms.append(parse_qs((await request.read()).decode(), keep_blank_values=True))
        return await self.tokens(request)


@asynccontextmanager
async def world(grant: Grant | None = None, patience: float = 0.3) -> AsyncIterator[World]:
    async with http(always()) as server, transporting(server.url, patience=patience) as transport:
        endpoint = TokenEndpoint(
            transport._exchange, server.url / "auth/token", grant or Grant(), patience
        )
        credential = ClientCredentials(endpoint, "client-1", SecretStr(SECRET))
        here = World(server, transport, endpoint, credential)
        server.answer = here.answer
        yield here


def numbered(life: object = 3600) -> Handler:
    """Give another token each time."""
    count = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return as_json({"access_token": f"t{count}", "token_type": "Bearer", "expires_in": life})

    return answer


def only(*tokens: str, status: int = 401, shape: object = None) -> Handler:
    """Be a VTN that takes these tokens."""

    async def answer(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") in {f"Bearer {token}" for token in tokens}
        return as_json([]) if known else as_json(shape or {"title": "Unauthorized"}, status)

    return answer


def jwt(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


def body(raw: bytes, status: int = 200, kind: str = "application/json") -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=raw, status=status, headers={"Content-Type": kind})

    return answer
