"""RFC 3339 instants as VTNs write them: UTC inside, and None for "now".

The start of time means "now" or "after the one before", and is spelled in many ways,
some of which are no date at all (T-02). Instants without a zone are UTC (T-08, F36).
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ven_daemon.domain.durations import shifted

_FORM = re.compile(
    r"(?P<date>(?P<year>\d{4})-\d\d-\d\d)"
    r"(?:[Tt\s]\s*(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


@lru_cache(maxsize=4096)
def parse_instant(text: str) -> datetime | None:
    """Read an instant leniently, as UTC; None is "now" (T-02). ValueError where it is none.

    A space for the T, a missing zone, a missing time and commas are borne; 24:00 is the
    next day's midnight, and a leap second the last microsecond before it (F36).
    """
    return _usual(text) or _unusual(text)


def format_instant(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with a Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _usual(text: str) -> datetime | None:
    """Read what nearly every VTN writes, several times faster than all that some write."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo and 1 < instant.year < 9999 else None


def _unusual(text: str) -> datetime | None:
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not an RFC 3339 instant: {text[:40]!r}")
    # Year 0 is none: what is in it is the start of time, moved by somebody's offset.
    if found["year"] == "0000" or found["date"] == "0001-01-01":
        return None
    day = datetime.fromisoformat(found["date"]).replace(tzinfo=UTC)
    return shifted(shifted(day, _time_of_day(found)), -_offset(found["zone"]))


def _time_of_day(found: re.Match[str]) -> timedelta:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    microsecond = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    midnight = (hour, minute, second, microsecond) == (24, 0, 0, 0)
    if not (hour < 24 or midnight) or minute > 59 or second > 60:
        raise ValueError(f"not a time of day: {found[0]!r}")
    if second == 60:
        second, microsecond = 59, 999_999
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in "Zz":
        return timedelta(0)
    minutes = int(zone[-2:]) if len(zone) > 3 else 0
    hours = int(zone[1:3])
    if hours > 23 or minutes > 59:
        raise ValueError(f"not an offset: {zone!r}")
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
