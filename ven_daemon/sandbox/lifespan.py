"""What an event's place in a listing depends on: how urgent it is, and when it has transpired."""

from collections.abc import Mapping
from math import inf
from typing import Any

from ven_daemon.sandbox.timing import instant, later


def urgency(event: Mapping[str, Any]) -> float:
    """Weigh an event: the lower its priority's number the more; without one it weighs least."""
    priority = event.get("priority")
    return -priority if isinstance(priority, int) else -inf


def lifespan_end(event: Mapping[str, Any]) -> float:
    """Say when an event is over, in seconds since 1970 (User Guide 3.1, on event lifespan)."""
    try:
        return _end(event)
    except (ValueError, TypeError, AttributeError, OverflowError):
        # Only what the control plane put there unchecked: an event that nobody can place stays.
        return inf


def _end(event: Mapping[str, Any]) -> float:
    """Chain the intervals; *now* is when the event became what it is."""
    now = instant(event["modificationDateTime"]) or 0.0
    common = event.get("intervalPeriod") or {}
    cursor = begin = _start(common, now)
    end = -inf
    for interval in event.get("intervals") or [{}]:
        own = interval.get("intervalPeriod") or {}
        start = _start(own, cursor)
        length = own.get("duration") or common.get("duration")
        cursor = inf if length is None else later(start, length)
        begin, end = min(begin, start), max(end, cursor)
    whole = event.get("duration")
    if whole is None or later(0.0, whole) == 0.0:
        return end
    return later(begin, whole)


def _start(period: Mapping[str, Any], otherwise: float) -> float:
    start = instant(period["start"]) if period.get("start") else None
    return otherwise if start is None else start
