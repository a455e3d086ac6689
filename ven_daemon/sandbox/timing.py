"""Dates and durations as the wire has them: checked, and placed on a line of seconds."""

import re
from datetime import UTC, datetime, timedelta
from math import inf

from ven_daemon.sandbox.problems import bad_request

# The pattern of both specifications; [0-9] where it says \d, which in Python is more.
_DURATION = re.compile(
    r"(-?)P(?=[0-9]|T[0-9])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)([DW]))?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?"
).fullmatch
_NOW = re.compile(
    r"(?:0000-00-00|0000-01-01|0001-01-01)(?:[Tt]00:00:00(?:\.0+)?(?:[Zz]|[+-]00:00)?)?"
).fullmatch
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
).fullmatch


def date_time(value: object, member: str) -> str:
    """Check an instant: RFC 3339 with its offset, or one of the spellings of *now*."""
    if isinstance(value, str):
        if _NOW(value):
            return value
        if _RFC_3339(value):
            try:
                datetime.fromisoformat(value.upper())
            except ValueError:
                pass  # no such day, or no such hour: refused below
            else:
                return value
    raise bad_request(f"{member}: expected a date and time as of RFC 3339, with an offset")


def duration(value: object, member: str) -> str:
    """Check a duration against the pattern of the specification."""
    if isinstance(value, str) and _DURATION(value):
        return value
    raise bad_request(f"{member}: expected a duration as of ISO 8601")


def instant(text: str) -> float | None:
    """Place a checked date and time, in seconds since 1970; None is *now*."""
    return None if _NOW(text) else datetime.fromisoformat(text.upper()).timestamp()


def later(start: float, text: str) -> float:
    """Say when a checked duration from *start* on is over; what no calendar can say is never."""
    match = _DURATION(text)
    if match is None or start == inf:
        return inf
    sign, years, months, days, unit, hours, minutes, seconds = match.groups()
    try:
        moved = _months_later(start, int(years or 0) * 12 + int(months or 0), sign)
        length = timedelta(
            days=int(days or 0) * (7 if unit == "W" else 1),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=float(seconds or 0),
        )
    except (OverflowError, ValueError):
        return inf
    return moved - length.total_seconds() if sign else moved + length.total_seconds()


def _months_later(start: float, months: int, sign: str) -> float:
    """Count months on the calendar; the 31st becomes the last day of a shorter month."""
    if months == 0:
        return start
    begin = datetime.fromtimestamp(start, UTC)
    number = begin.year * 12 + begin.month - 1 + (-months if sign else months)
    first = begin.replace(year=number // 12, month=number % 12 + 1, day=1)
    following = (number + 1) // 12, (number + 1) % 12 + 1
    last = first.replace(year=following[0], month=following[1]) - timedelta(days=1)
    return first.replace(day=min(begin.day, last.day)).timestamp()
