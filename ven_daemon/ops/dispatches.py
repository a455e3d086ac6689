"""Dispatches and opt-outs over HTTP, and as they are shown everywhere."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
from aiohttp import web

from ven_daemon.devices.messages import message
from ven_daemon.domain.dispatches import Dispatch
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.instants import format_instant, parse_instant
from ven_daemon.domain.optouts import Weekly
from ven_daemon.ops.answers import body_of, document, number, problem
from ven_daemon.services.dispatch.opting import Decision, Wish
from ven_daemon.store.dispatch_listing import MOST, Asked, Found

BACK, AHEAD = timedelta(hours=1), timedelta(days=1)
"""What is listed where no time is asked for."""


class DispatchDesk(Protocol):
    """Dispatch, as its operators see it."""

    async def dispatches(self, asked: Asked) -> Found:
        """List dispatches."""
        ...

    async def opt_outs(self) -> Sequence[Decision]:
        """Give the opt-outs that hold now or will."""
        ...

    async def opt_out(self, wish: Wish) -> Decision:
        """Opt somebody out.

        Raises:
            ConfigurationError: there is nobody like that.
        """
        ...

    async def opt_in(self, id_: str) -> bool:
        """Take an opt-out back; False where there is none."""
        ...


class DispatchRoutes:
    """The handlers; before dispatch is open they answer 503."""

    def __init__(self, desk: Callable[[], DispatchDesk | None]) -> None:
        self._find = desk

    def routes(self) -> list[web.RouteDef]:
        """Name every path."""
        return [
            web.get("/api/v1/dispatches", self._dispatches),
            web.get("/api/v1/opt-outs", self._opt_outs),
            web.post("/api/v1/opt-outs", self._opt_out),
            web.delete("/api/v1/opt-outs/{id}", self._opt_in),
        ]

    async def _dispatches(self, request: web.Request) -> web.Response:
        query, limit = request.query, number(request, "limit", 1000)
        if limit > MOST:
            return problem(400, f"limit: {MOST} at the most")
        try:
            asked = span(query.get("from"), query.get("to"), datetime.now(UTC))
        except ValueError as error:
            return problem(400, str(error))
        wanted = Asked(*asked, query.get("ven"), query.get("resource"), limit)
        found = await self._desk().dispatches(wanted)
        return problem(404, found.unknown) if found.unknown else document(listed(found))

    async def _opt_outs(self, _: web.Request) -> web.Response:
        return document({"opt_outs": [opt_out(each) for each in await self._desk().opt_outs()]})

    async def _opt_out(self, request: web.Request) -> web.Response:
        try:
            wish = _wish(orjson.loads(await body_of(request)))
            made = await self._desk().opt_out(wish)
        except (ValueError, ConfigurationError) as error:
            return problem(422, str(error))
        return document(opt_out(made), 201)

    async def _opt_in(self, request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        if not await self._desk().opt_in(id_):
            return problem(404, "no opt-out of this id holds")
        return document({"ended": id_})

    def _desk(self) -> DispatchDesk:
        desk = self._find()
        if desk is None:
            raise web.HTTPServiceUnavailable(text="dispatch is not open yet")
        return desk


def span(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Read a time span; what is not given is an hour back, and a day ahead of its beginning.

    Raises:
        ValueError: it is none.
    """
    begin = read_instant(since) if since else now - BACK
    end = read_instant(until) if until else max(begin, now) + AHEAD
    if begin >= end:
        raise ValueError("from must be before to")
    return begin, end


def listed(found: Found) -> dict[str, Any]:
    """Show a listing."""
    return {
        "dispatches": [dispatch(each) for each in found.dispatches],
        "truncated": found.truncated,
    }


def dispatch(each: Dispatch) -> dict[str, Any]:
    """Show one dispatch; `key` is null for as long as it has not begun."""
    said = message(each.command())
    names = ("ven", "resource", "event", "type", "values", "kw", "start", "end")
    more = ("resource_id", "version", "kwh")
    return {
        **{name: said[name] for name in names},
        "state": each.state.shown,
        "sink": each.sink,
        "reason": each.reason,
        **{name: said[name] for name in more},
        "key": each.key or None,
        "attempts": each.attempts,
    }


def opt_out(decision: Decision) -> dict[str, Any]:
    """Show one opt-out."""
    out = decision.out
    return {
        "id": out.id,
        "ven": out.ven,
        "resource": decision.resource,
        "resource_id": out.resource,
        "event": out.event,
        "from": format_instant(out.start),
        "until": format_instant(out.end) if out.end else None,
        "weekly": str(out.weekly) if out.weekly else None,
        "zone": out.weekly.zone if out.weekly else None,
        "reason": out.reason,
    }


def _wish(said: Any) -> Wish:
    if not isinstance(said, dict):
        raise ValueError("an object was expected")
    unknown = said.keys() - {
        "ven",
        "resource",
        "event",
        "from",
        "until",
        "weekly",
        "zone",
        "reason",
    }
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in said.items():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name}: a text was expected")
    if not said.get("ven"):
        raise ValueError("ven: missing")
    since, until, weekly = said.get("from"), said.get("until"), said.get("weekly")
    return Wish(
        said["ven"],
        said.get("resource"),
        said.get("event"),
        read_instant(since) if since else None,
        read_instant(until) if until else None,
        Weekly.parse(weekly, said.get("zone") or "UTC") if weekly else None,
        said.get("reason") or "",
    )


def read_instant(text: str) -> datetime:
    """Read an instant of an operator.

    Raises:
        ValueError: it is none.
    """
    found = parse_instant(text)
    if found is None:
        raise ValueError(f"not an instant: {text[:40]!r}")
    return found
