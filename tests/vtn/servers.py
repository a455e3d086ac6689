"""Servers on loopback: an HTTP one that does as told, and one that speaks raw bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.exchange import Exchange, Tls
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.transport import Transport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Speaker = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Http:
    """One HTTP server; `answer` may be replaced at any time, `seen` is what came in."""

    answer: Handler
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: URL = field(default_factory=URL)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.seen.append(request)
        return await self.answer(request)

    @property
    def authorizations(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.seen]


@asynccontextmanager
async def http(answer: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[Http]:
    served = Http(answer)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", served._handle)
    server = TestServer(app, scheme="https" if context else "http")
    await server.start_server(ssl=context)
    served.url = server.make_url("/")
    try:
        yield served
    finally:
        await server.close()


@asynccontextmanager
async def raw(speak: Speaker) -> AsyncIterator[URL]:
    """Serve whatever *speak* writes, once the head of a request was read."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        # What a client does with its end is its affair.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            await speak(reader, writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    try:
        yield URL(f"http://127.0.0.1:{port}/")
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def says(*parts: bytes) -> Speaker:
    """Say these bytes and hang up."""

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return speak


def hang_up_hard(writer: asyncio.StreamWriter) -> None:
    """Reset the connection instead of closing it."""
    writer.transport.abort()


def always(
    status: int = 200, shape: object = None, headers: dict[str, str] | None = None
) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return as_json(shape, status, headers)

    return answer


def as_json(
    shape: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(shape),
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def in_turn(*answers: Handler) -> Handler:
    """Answer the first request by the first handler and so on; the last one stays."""
    left = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        handler = left.pop(0) if len(left) > 1 else left[0]
        return await handler(request)

    return answer


def collection(rows: Sequence[object], most: int = 50) -> Handler:
    """Answer pages of *rows*, of at most *most* each, whatever was asked for."""

    async def answer(request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        limit = min(int(request.query.get("limit", 50)), most)
        return as_json(list(rows[skip : skip + limit]))

    return answer


@asynccontextmanager
async def exchanging(tls: Tls | None = None, seconds: float = 10.0) -> AsyncIterator[Exchange]:
    async with Exchange(tls or Tls(), timedelta(seconds=seconds), 64) as exchange:
        yield exchange


@asynccontextmanager
async def transporting(
    base: URL | str, *, patience: float = 30.0, seconds: float = 10.0, most: int = 64
) -> AsyncIterator[Transport]:
    async with exchanging(seconds=seconds) as exchange:
        circuit = Circuit("the VTN", patience, Backoff(base=0.02, cap=0.1))
        transport = Transport(exchange, str(base), Gate(most), circuit)
        transport.backoff = Backoff(base=0.01, cap=0.05)
        yield transport
