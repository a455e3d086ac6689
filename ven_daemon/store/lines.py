"""Lines of schedules as JSON, and back; the digest of a line names it."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from ven_daemon.domain.attributes import Opaque, Point, Value
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId

KEPT = 8192
"""Lines that are kept decoded; thousands of resources follow few different ones."""


# In ASCII, so that neither database nor driver meets U+0000 or half a surrogate.
@lru_cache(maxsize=KEPT)
def write_line(entry: Entry) -> tuple[str, str]:
    """Give the name of a line, and the line."""
    text = json.dumps(_plain(entry), separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest(), text


@lru_cache(maxsize=KEPT)
def read_line(text: str) -> Entry:
    """Read one line."""
    return _entry(json.loads(text))


def write_lines(entries: Iterable[Entry]) -> str:
    """Write a whole schedule."""
    return json.dumps([_plain(entry) for entry in entries], separators=(",", ":"))


@lru_cache(maxsize=256)
def read_lines(text: str) -> tuple[Entry, ...]:
    """Read a whole schedule."""
    return tuple(_entry(line) for line in json.loads(text))


def _plain(entry: Entry) -> list[Any]:
    return [
        entry.event,
        entry.version,
        entry.window,
        entry.type,
        [_plain_value(value) for value in entry.values],
        entry.kw,
        entry.kwh,
        entry.start.isoformat(),
        entry.end and entry.end.isoformat(),
        entry.reason,
        entry.refused,
    ]


def _entry(line: list[Any]) -> Entry:
    event, version, window, type_, values, kw, kwh, start, end, reason, refused = line
    return Entry(
        EventId(event),
        version,
        window,
        type_,
        tuple(_value(value) for value in values),
        kw,
        kwh,
        datetime.fromisoformat(start),
        end and datetime.fromisoformat(end),
        reason,
        refused,
    )


def _plain_value(value: Value) -> Any:
    match value:
        case Point(x, y):
            return {"x": x, "y": y}
        case Opaque(text):
            return {"json": text}
        case _:
            return value


def _value(value: Any) -> Value:
    match value:
        case {"x": x, "y": y}:
            return Point(x, y)
        case {"json": text}:
            return Opaque(text)
        case str() | bool() | int() | float():
            return value
        case _:
            raise ValueError("a line of a schedule holds what was never written")
