"""The daemon's HTTP server: probes, metrics and the operator API, hardened (F48)."""

import os
from contextlib import suppress
from typing import Self

from aiohttp import web
from pydantic import SecretStr

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.ops import openapi, views
from ven_daemon.ops.access import guard, is_loopback, is_operator
from ven_daemon.ops.answers import document, in_our_words, number, problem
from ven_daemon.ops.desk import Desk
from ven_daemon.ops.dispatches import DispatchRoutes
from ven_daemon.ops.events import EventRoutes
from ven_daemon.ops.listening import BoundedSite
from ven_daemon.ops.metrics import exposition
from ven_daemon.ops.neighbours import taken_by
from ven_daemon.ops.readings import PATH as READINGS
from ven_daemon.ops.readings import ReadingsSurface
from ven_daemon.ops.reports import ReportRoutes
from ven_daemon.runtime.descriptors import CONNECTIONS
from ven_daemon.runtime.fleet_view import STATES

PAGE_MOST = 500
"""VENs that one page may hold."""

BODY_LIMIT = 64 * 1024
KEEP_ALIVE = 15.0
"""Seconds within which the next request on a connection must have begun, and its head come."""

LINGER = 1.0
"""Seconds that a connection is kept for what is still coming of a body that was refused."""


class OpsServer:
    """Listens from entering to leaving."""

    def __init__(
        self,
        desk: Desk,
        host: str,
        port: int,
        token: SecretStr | None,
        connections: int = CONNECTIONS,
    ) -> None:
        if token is None and not is_loopback(host):
            raise ConfigurationError(
                f"VEN_HTTP_HOST={host} is reachable by others: set VEN_OPERATOR_TOKEN"
            )
        self._desk = desk
        self._host, self._port, self._token = host, port, token
        self._readings = ReadingsSurface(desk.readings)
        self._connections = connections
        self._runner = web.AppRunner(
            self._app(),
            handle_signals=False,
            access_log=None,
            keepalive_timeout=KEEP_ALIVE,
            lingering_time=LINGER,
            auto_decompress=False,  # bodies are unpacked by who knows how large they may be
            shutdown_timeout=2.0,
        )
        self.port = port

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            ConfigurationError: the port is taken, or the address is not ours.
        """
        await self._runner.setup()
        site = BoundedSite(self._runner, self._host, self._port, self._connections)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            where = f"{self._host}:{self._port}"
            words = f"cannot listen on {where}: {_words(error)}{taken_by(self._port)}"
            raise ConfigurationError(words) from error
        with suppress(IndexError):
            self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        entrance = guard(self._token, READINGS, self._readings.bearer)
        app = web.Application(middlewares=[in_our_words(entrance)], client_max_size=BODY_LIMIT)
        app.add_routes(
            [
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
                web.get("/health", self._health),
                web.get("/metrics", self._metrics),
                web.get("/api/v1/openapi.json", self._openapi),
                web.get("/api/v1/status", self._status),
                web.get("/api/v1/loops", self._loops),
                web.get("/api/v1/config", self._config),
                web.get("/api/v1/vens", self._vens),
                web.get("/api/v1/vens/{ven}", self._ven),
                web.get("/api/v1/failures", self._failures),
                web.post(READINGS, self._readings.post),
                web.post("/api/v1/reconcile", self._reconcile),
                web.post("/api/v1/vens/{ven}/reconcile", self._reconcile),
                web.post("/api/v1/vens/{ven}/pause", self._pause),
                web.post("/api/v1/vens/{ven}/resume", self._resume),
                *EventRoutes(lambda: self._desk.events).routes(),
                *DispatchRoutes(lambda: self._desk.dispatch).routes(),
                *ReportRoutes(lambda: self._desk.reports).routes(),
            ]
        )
        return app

    async def _livez(self, _: web.Request) -> web.Response:
        alive = self._desk.health.alive
        return document({"alive": alive}, 200 if alive else 503)

    async def _readyz(self, _: web.Request) -> web.Response:
        readiness = views.readiness(self._desk)
        return document(readiness, 200 if readiness["ready"] else 503)

    async def _health(self, request: web.Request) -> web.Response:
        names = self._token is None or is_operator(request, self._token)
        return document(views.status(self._desk, names=names))

    async def _metrics(self, _: web.Request) -> web.Response:
        content_type = "text/plain; version=1.0.0; charset=utf-8"
        return web.Response(body=exposition(self._desk), headers={"Content-Type": content_type})

    async def _openapi(self, _: web.Request) -> web.Response:
        return document(openapi.DOCUMENT)

    async def _status(self, _: web.Request) -> web.Response:
        return document(views.status(self._desk))

    async def _loops(self, _: web.Request) -> web.Response:
        return document({"loops": [views.loop(state, due) for state, due in self._desk.loops()]})

    async def _config(self, _: web.Request) -> web.Response:
        return document(dict(self._desk.configuration()))

    async def _vens(self, request: web.Request) -> web.Response:
        skip, limit = number(request, "skip", 0), number(request, "limit", 100)
        state, named = request.query.get("state"), request.query.get("name", "").casefold()
        if limit > PAGE_MOST:
            return problem(400, f"limit: {PAGE_MOST} at the most")
        if state not in (None, *STATES):
            return problem(400, f"state: one of {', '.join(STATES)}")
        found = [each for each in self._desk.fleet.vens(state) if named in each.name.casefold()]
        page = [views.ven(each) for each in found[skip : skip + limit]]
        return document({"total": len(found), "vens": page})

    async def _ven(self, request: web.Request) -> web.Response:
        view = self._desk.fleet.ven(request.match_info["ven"])
        if view is None:
            return problem(404, "no such VEN")
        return document(views.ven(view, await self._desk.resources(view.name)))

    async def _failures(self, _: web.Request) -> web.Response:
        rows = [
            {"ven": each.name, "resource": resource, "reason": reason, "at": views.instant(each.at)}
            for each in self._desk.fleet.vens()
            for resource, reason in each.failures
        ]
        return document({"failures": rows})

    async def _reconcile(self, request: web.Request) -> web.Response:
        name = request.match_info.get("ven")
        if name is not None and self._desk.fleet.ven(name) is None:
            return problem(404, "no such VEN")
        self._desk.reconcile(name)
        return document({"asked": name or "all"}, 202)

    async def _pause(self, request: web.Request) -> web.Response:
        name = request.match_info["ven"]
        if self._desk.fleet.ven(name) is None:
            return problem(404, "no such VEN")
        await self._desk.pause(name)
        return document({"paused": name})

    async def _resume(self, request: web.Request) -> web.Response:
        name = request.match_info["ven"]
        if self._desk.fleet.ven(name) is None:
            return problem(404, "no such VEN")
        await self._desk.resume(name)
        return document({"resumed": name})


def _words(error: OSError) -> str:
    """Say what is wrong with an address, without what asyncio puts around it."""
    return os.strerror(error.errno).lower() if error.errno else str(error)
