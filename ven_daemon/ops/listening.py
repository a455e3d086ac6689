"""Listening for operators and devices, for so many connections at a time and no more."""

import asyncio

import structlog
from aiohttp import web

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)

_log = structlog.get_logger(__name__)


class BoundedSite(web.BaseSite):
    """A TCP port; whoever comes when it is full is told so and let go.

    Connections that send no whole request are closed by the server's keep-alive timeout.
    """

    def __init__(self, runner: web.AppRunner, host: str, port: int, most: int) -> None:
        super().__init__(runner)
        self.refused = 0
        self._host, self._port, self._most = host, port, most

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken, or the address is not ours.
        """
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._answer, self._host, self._port)

    def _answer(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the server is not set up")
        if len(server.connections) < self._most:
            return server()
        if not self.refused:
            _log.warning("ops.full", connections=self._most)
        self.refused += 1
        return _Refusal()


class _Refusal(asyncio.Protocol):
    """Says that there is no room, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say it."""
        if isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
        transport.close()
