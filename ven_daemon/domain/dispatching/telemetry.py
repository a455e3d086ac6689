"""Resources that brought readings and bring none any more: since when they are left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.optouts import Absence

_STEP = 60
"""Seconds: who falls silent within the same minute shares a schedule."""


def unmeasured(
    last: Mapping[ResourceKey, datetime | None], after: timedelta, began: datetime, now: datetime
) -> dict[ResourceKey, Absence]:
    """Say who is silent for longer than *after*, and from when on it counts.

    What was measured while we were not there could not reach us, so nobody is silent
    before *after* has passed since we *began*; None is before that. Who never brought a
    reading is not here, and not silent.
    """
    found = {}
    for resource, at in last.items():
        since = _whole((began if at is None else max(at, began)) + after)
        if since <= now:
            found[resource] = Absence(since, None)
    return found


def _whole(at: datetime) -> datetime:
    """Round up to the minute."""
    return datetime.fromtimestamp(-(-at.timestamp() // _STEP) * _STEP, UTC)
