"""Events over HTTP, and as they are shown everywhere."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from ven_daemon.devices.messages import plain
from ven_daemon.domain.events import Event
from ven_daemon.domain.instants import format_instant, parse_instant
from ven_daemon.domain.windows import Window
from ven_daemon.ops.answers import document, number, problem
from ven_daemon.services.events.listing import Asked, Found, Listed

WINDOWS_MOST = 10_000
"""Windows of one event that may be asked for."""


class EventDesk(Protocol):
    """Events, as operators see them."""

    async def events(self, asked: Asked) -> Found:
        """List events."""
        ...


class EventRoutes:
    """The handler; before the state is open it answers 503."""

    def __init__(self, desk: Callable[[], EventDesk | None]) -> None:
        self._find = desk

    def routes(self) -> list[web.RouteDef]:
        """Name every path."""
        return [web.get("/api/v1/events", self._events)]

    async def _events(self, request: web.Request) -> web.Response:
        query, limit = request.query, number(request, "limit", 100)
        if limit > WINDOWS_MOST:
            return problem(400, f"limit: {WINDOWS_MOST} at the most")
        try:
            at = read_at(query.get("at"))
        except ValueError as error:
            return problem(400, str(error))
        desk = self._find()
        if desk is None:
            raise web.HTTPServiceUnavailable(text="the record of events is not open yet")
        asked = Asked(query.get("ven"), query.get("resource"), at, limit, query.get("event"))
        found = await desk.events(asked)
        if found.unknown:
            return problem(404, found.unknown)
        # Thousands of windows take their time, and nobody else is to wait for it.
        return document(await asyncio.to_thread(listed, found))


def read_at(text: str | None) -> datetime | None:
    """Read an instant that is asked about.

    Raises:
        ValueError: it is none.
    """
    if text is None:
        return None
    found = parse_instant(text)
    if found is None:
        raise ValueError(f"not an instant: {text[:40]!r}")
    return found


def listed(found: Found) -> dict[str, Any]:
    """Show a listing."""
    return {
        "events": [event(each) for each in found.events],
        "known": found.known,
        "truncated": found.truncated,
    }


def event(each: Listed) -> dict[str, Any]:
    """Show one event."""
    said = each.event
    return {
        "id": each.id,
        "name": said.name if said else None,
        "program": each.program,
        "priority": said.priority if said else None,
        "status": str(each.status),
        "reason": each.reason,
        "randomize_start": _randomize_start(said),
        "windows": [window(one) for one in each.windows],
        "truncated": each.truncated,
        "targets": [target.value for target in said.targets] if said else [],
    }


def window(one: Window) -> dict[str, Any]:
    """Show one window."""
    return {
        "interval": one.interval_id,
        "start": format_instant(one.start),
        "end": format_instant(one.end) if one.end else None,
        "nominal_start": format_instant(one.nominal_start),
        "payloads": [
            {"type": payload.type, "values": [plain(value) for value in payload.values]}
            for payload in one.payloads
        ],
    }


def _randomize_start(said: Event | None) -> str | None:
    if said is None:
        return None
    first = said.intervals[0].period if said.intervals else None
    extent = (first and first.randomize_start) or (said.period and said.period.randomize_start)
    return str(extent) if extent and not extent.is_zero else None
