"""Reports over HTTP, and as they are shown everywhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
from aiohttp import web

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.instants import format_instant, parse_instant
from ven_daemon.domain.reporting.outbox import Entry, State
from ven_daemon.ops.answers import document, number, problem
from ven_daemon.store.outbox_listing import Asked
from ven_daemon.store.outbox_rows import Filed

MOST = 1000
"""Reports of one page."""

PATH = "/api/v1/reports"


class ReportDesk(Protocol):
    """The outbox, as its operators see it."""

    async def reports(self, asked: Asked) -> Sequence[Filed]:
        """List reports, the newest first; one more than the limit says that there are more."""
        ...

    async def report(self, name: str) -> tuple[Filed, bytes] | None:
        """Give one report, and what is sent."""
        ...

    async def retry(self, name: str) -> Entry | None:
        """Try again now; None where there is no such report, or it does not wait."""
        ...

    async def release(self, name: str) -> Entry | None:
        """Let a report out of quarantine; None where it is not in there."""
        ...

    async def discard(self, name: str) -> bool:
        """Let go of a quarantined report for good; False where it is not in there."""
        ...


class ReportRoutes:
    """The handlers; before the store is open they answer 503."""

    def __init__(self, desk: Callable[[], ReportDesk | None]) -> None:
        self._find = desk

    def routes(self) -> list[web.RouteDef]:
        """Name every path."""
        return [
            web.get(PATH, self._reports),
            web.get(PATH + "/{name}", self._report),
            web.post(PATH + "/{name}/retry", self._retry),
            web.post(PATH + "/{name}/release", self._release),
            web.post(PATH + "/{name}/discard", self._discard),
        ]

    async def _reports(self, request: web.Request) -> web.Response:
        limit = number(request, "limit", 100)
        try:
            wanted = asked(request.query, limit)
        except ValueError as error:
            return problem(400, str(error))
        return document(listed(await self._desk().reports(wanted), limit))

    async def _report(self, request: web.Request) -> web.Response:
        found = await self._desk().report(request.match_info["name"])
        if found is None:
            return problem(404, "there is no report of this name")
        return document(shown(*found))

    async def _retry(self, request: web.Request) -> web.Response:
        entry = await self._desk().retry(request.match_info["name"])
        return _done(entry, "no report of this name waits to be sent")

    async def _release(self, request: web.Request) -> web.Response:
        entry = await self._desk().release(request.match_info["name"])
        return _done(entry, "no report of this name is quarantined")

    async def _discard(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if not await self._desk().discard(name):
            return problem(404, "no report of this name is quarantined")
        return document({"discarded": name})

    def _desk(self) -> ReportDesk:
        desk = self._find()
        if desk is None:
            raise web.HTTPServiceUnavailable(text="the outbox is not open yet")
        return desk


def asked(query: Mapping[str, str], limit: int) -> Asked:
    """Read which reports are wanted.

    Raises:
        ValueError: a parameter is wrong.
    """
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit: from 1 to {MOST}")
    state, before = query.get("state"), query.get("before")
    if state is not None and state not in [each.value for each in State]:
        raise ValueError(f"state: one of {', '.join(State)}")
    states = (State(state),) if state else ()
    return Asked(
        query.get("ven"), query.get("event"), states, limit, _cursor(before) if before else None
    )


def listed(found: Sequence[Filed], limit: int) -> dict[str, Any]:
    """Show a page; `before` is asked with for the next one, null where there is none."""
    page = found[:limit]
    more = len(found) > limit
    last = f"{format_instant(page[-1].entry.due)}/{page[-1].entry.name}" if more else None
    return {"reports": [report(each) for each in page], "before": last}


def report(each: Filed) -> dict[str, Any]:
    """Show one report."""
    entry, about = each.entry, each.about
    waits = entry.state in (State.QUEUED, State.SENDING) and entry.next_at != FIRST_INSTANT
    return {
        "name": entry.name,
        "ven": entry.ven,
        "event": about.event,
        "type": ",".join(about.types),
        "start": format_instant(about.start),
        "end": format_instant(about.end) if about.end else None,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "reason": entry.reason or None,
        "id": entry.vtn_id,
        "due": format_instant(entry.due),
        "cause": entry.cause.value if entry.cause else None,
        "doubt": entry.doubt.value if entry.doubt else None,
        "next_at": format_instant(entry.next_at) if waits else None,
        "bytes": each.size,
    }


def shown(each: Filed, body: bytes) -> dict[str, Any]:
    """Show one report with what is sent."""
    return {**report(each), "body": orjson.loads(body)}


def _done(entry: Entry | None, otherwise: str) -> web.Response:
    if entry is None:
        return problem(404, otherwise)
    return document({"name": entry.name, "state": entry.state.value}, 202)


def _cursor(text: str) -> tuple[datetime, str]:
    at, slash, name = text.partition("/")
    due = parse_instant(at) if slash else None
    if due is None:
        raise ValueError("before: as a page gave it")
    return due, name
