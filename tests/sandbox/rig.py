"""A sandbox in the test's own event loop, on a real socket, and a client that speaks to it."""

import io
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import orjson

from ven_daemon.sandbox.clients import Client, Clients
from ven_daemon.sandbox.options import Options
from ven_daemon.sandbox.process import listen
from ven_daemon.sandbox.server import Server
from ven_daemon.sandbox.vtn import Vtn

CLIENTS = (
    Client("operator", "s-operator", "bl"),
    Client("ven-1", "s-ven-1", "ven"),
    Client("ven-2", "s-ven-2", "ven"),
)


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Any

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def detail(self) -> str:
        detail: str = self.json["detail"]
        return detail


class Sandbox:
    """One sandbox and a session to it. `as_` names the client whose token a request carries."""

    def __init__(self, clients: tuple[Client, ...] = CLIENTS, **options: Any) -> None:
        self.options = Options(port=0, **options)
        self._clients = clients
        self._stack = AsyncExitStack()
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self.vtn = Vtn(self.options, Clients(self._clients))
        server = Server(self.vtn, self.options.request_limit)
        self.url = await listen(self.options, server, self._stack)
        self.session = aiohttp.ClientSession(
            self.url, auto_decompress=True, timeout=aiohttp.ClientTimeout(total=20)
        )
        self._stack.push_async_callback(self.session.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def call(
        self, method: str, path: str, body: Any = None, *, as_: str | None = None, **more: Any
    ) -> Reply:
        headers = dict(more.pop("headers", {}))
        if as_ is not None:
            headers["Authorization"] = f"Bearer {await self.token(as_)}"
        if body is not None:
            more["data"] = body if isinstance(body, bytes) else orjson.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        async with self.session.request(method, path, headers=headers, **more) as response:
            return Reply(response.status, await response.read(), response.headers)

    async def get(self, path: str, as_: str | None = None, **more: Any) -> Reply:
        return await self.call("GET", path, as_=as_, **more)

    async def post(self, path: str, body: Any, as_: str | None = None, **more: Any) -> Reply:
        return await self.call("POST", path, body, as_=as_, **more)

    async def put(self, path: str, body: Any, as_: str | None = None, **more: Any) -> Reply:
        return await self.call("PUT", path, body, as_=as_, **more)

    async def delete(self, path: str, as_: str | None = None) -> Reply:
        return await self.call("DELETE", path, as_=as_)

    async def ask_token(self, form: dict[str, str], **more: Any) -> Reply:
        async with self.session.post("/auth/token", data=form, **more) as response:
            return Reply(response.status, await response.read(), response.headers)

    async def token(self, client: str) -> str:
        if client not in self._tokens:
            reply = await self.ask_token(credential(client))
            assert reply.status == 200, reply.body
            self._tokens[client] = reply.json["access_token"]
        return self._tokens[client]

    def forget_tokens(self) -> None:
        self._tokens.clear()

    async def faults(self, *rules: dict[str, Any]) -> None:
        reply = await self.put("/sandbox/faults", list(rules))
        assert reply.status == 200, reply.body

    async def summary(self) -> dict[str, int]:
        counts: dict[str, int] = (await self.get("/sandbox/summary")).json
        return counts

    async def ledger(self) -> list[dict[str, Any]]:
        reply = await self.get("/sandbox/ledger")
        return [orjson.loads(line) for line in reply.body.splitlines()]

    async def ven(self, client: str = "ven-1", name: str | None = None, **more: Any) -> Any:
        """Create a ven as business logic does, and return it."""
        reply = await self.post("/vens", bl_ven(client, name or client, **more), "operator")
        assert reply.status == 201, reply.body
        return reply.json

    async def resource(self, ven: Any, name: str, **more: Any) -> Any:
        """Create a resource as business logic does, and return it."""
        body = bl_resource(ven["clientID"], ven["id"], name, **more)
        reply = await self.post("/resources", body, "operator")
        assert reply.status == 201, reply.body
        return reply.json

    async def program(self, name: str = "p", **more: Any) -> Any:
        """Create a program, and return it."""
        reply = await self.post("/programs", {"programName": name, **more}, "operator")
        assert reply.status == 201, reply.body
        return reply.json

    async def event(self, program: Any, name: str = "e", **more: Any) -> Any:
        """Create an event, and return it."""
        reply = await self.post("/events", event_of(program, name, **more), "operator")
        assert reply.status == 201, reply.body
        return reply.json

    async def report(self, event: Any, name: str | None, client: str = "ven-1", **more: Any) -> Any:
        """Create a report, and return it."""
        reply = await self.post("/reports", report_on(event, name, **more), client)
        assert reply.status == 201, reply.body
        return reply.json

    async def stock(self, *objects: tuple[str, dict[str, Any]]) -> Reply:
        """Put objects on the shelves by the control plane."""
        lines = [orjson.dumps({"kind": kind, "object": each}) for kind, each in objects]
        body = io.BytesIO(b"\n".join(lines))  # aiohttp warns of large bytes
        return await self.call("POST", "/sandbox/objects", data=body)


def event_of(program: Any, name: str, **more: Any) -> dict[str, Any]:
    return {"programID": program["id"], "eventName": name, "intervals": [], **more}


def report_on(event: Any, name: str | None, **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"reportName": name}
    return {"eventID": event["id"], "clientName": "site-1", "resources": [], **named, **more}


def credential(client: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": f"s-{client}",
    }


def bl_ven(client: str, name: str, **more: Any) -> dict[str, Any]:
    return {"objectType": "BL_VEN_REQUEST", "clientID": client, "venName": name, **more}


def ven_ven(name: str, **more: Any) -> dict[str, Any]:
    return {"objectType": "VEN_VEN_REQUEST", "venName": name, **more}


def bl_resource(client: str, ven_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "objectType": "BL_RESOURCE_REQUEST",
        "clientID": client,
        "venID": ven_id,
        "resourceName": name,
        **more,
    }


def ven_resource(ven_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"objectType": "VEN_RESOURCE_REQUEST", "venID": ven_id, "resourceName": name, **more}
