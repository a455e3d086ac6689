"""How a command reads to a receiver, whatever carries it: docs/dispatch.md has the contract."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from ven_daemon.domain.attributes import Opaque, Point, Value
from ven_daemon.domain.dispatches import Command

WORDS_MOST = 200
"""Characters of a receiver's own words that are kept."""


def message(command: Command) -> dict[str, Any]:
    """Write a command as JSON; every instant RFC 3339 in UTC."""
    return {
        "key": command.key,
        "do": command.do.value,
        "ven": command.ven,
        "resource": command.resource,
        "resource_id": command.resource_id,
        "event": command.event,
        "version": command.version,
        "type": command.type,
        "values": list(map(plain, command.values)),
        "kw": command.kw,
        "kwh": command.kwh,
        "start": instant(command.start),
        "end": instant(command.end) if command.end else None,
        "reason": command.reason,
        "repeated": command.repeated,
    }


def instant(value: datetime) -> str:
    """Write an instant."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def words(said: object) -> str:
    """Cut what a receiver said to a length that fits a record, on one line."""
    return " ".join(str(said).split())[:WORDS_MOST]


def refusals(answer: object) -> Mapping[str, str]:
    """Read which commands a receiver will not take: key → its words.

    A receiver may answer `{"answers": [{"key": …, "ok": false, "reason": …}]}`, or one
    such object; whatever else it says accepts everything.
    """
    found = answer.get("answers") if isinstance(answer, dict) and "answers" in answer else [answer]
    each: Iterable[Any] = found if isinstance(found, list) else []
    return {
        str(said["key"]): words(said.get("reason") or "the receiver refuses it")
        for said in each
        if isinstance(said, dict) and "key" in said and said.get("ok") is False
    }


def plain(value: Value) -> Any:
    """Write a value as JSON has it."""
    if isinstance(value, Point):
        return {"x": value.x, "y": value.y}
    # What the specification does not know is passed on as it came.
    return orjson.Fragment(value.json) if isinstance(value, Opaque) else value
