"""What the daemon says of itself, as JSON documents; every instant RFC 3339 in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ven_daemon.ops.desk import Desk
from ven_daemon.runtime.fleet_view import VenView
from ven_daemon.runtime.loop import LoopState

Document = dict[str, Any]


def readiness(desk: Desk) -> Document:
    """Say whether the process is ready, with a reason per concern."""
    health = desk.health
    concerns = dict(health.concerns)
    if health.stopping:
        concerns["process"] = "stopping"
    return {"ready": health.ready, "concerns": concerns}


def status(desk: Desk, *, names: bool = True) -> Document:
    """Give the full picture; without *names*, counts only."""
    vtn = desk.vtn()
    document: Document = {
        "version": version("ven-daemon"),
        "started_at": instant(desk.started_at),
        "now": instant(datetime.now(UTC)),
        **readiness(desk),
        "fleet": {**desk.fleet.counts(), "skipped": len(desk.fleet.skipped)},
        "vtn": {
            "url": vtn.url if names else None,
            "profile": vtn.profile,
            "answered": vtn.answered,
            "circuit": "open" if vtn.circuit_open else "closed",
            "requests": vtn.requests,
            "writes": vtn.writes,
            "in_flight_limit": vtn.in_flight_limit,
        },
        **desk.summaries(),
        "loops": [loop(state, due, names=names) for state, due in desk.loops()],
        "event_loop_worst_stall_seconds": round(desk.health.worst_stall, 4),
    }
    if names:
        document["problems"] = list(desk.fleet.problems)
        document["failing"] = [ven(each) for each in desk.fleet.vens() if each.failures][:50]
    return document


def loop(state: LoopState, due: datetime | None, *, names: bool = True) -> Document:
    """Say how a loop is doing."""
    return {
        "name": state.name,
        "runs": state.runs,
        "failures": state.failures,
        "failures_in_a_row": state.failures_in_a_row,
        "running_since": instant(state.running_since),
        "last_success": instant(state.last_success),
        "last_seconds": round(state.last_seconds, 3) if state.last_seconds is not None else None,
        "last_error": state.last_error if names else None,
        "last_error_at": instant(state.last_error_at),
        "next_run": instant(due),
    }


def ven(view: VenView, resources: list[Mapping[str, Any]] | None = None) -> Document:
    """Say how one VEN is doing, with its resources where they are asked for."""
    failures = [{"resource": name, "reason": reason} for name, reason in view.failures]
    document: Document = {
        "ven": view.name,
        "state": view.state,
        "resources": view.resources,
        "registered": view.registered,
        "failures": failures if resources is not None else failures[:10],
        "at": instant(view.at),
    }
    if resources is not None:
        document["at_the_vtn"] = resources
    return document


def instant(value: datetime | None) -> str | None:
    """Write an instant."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
