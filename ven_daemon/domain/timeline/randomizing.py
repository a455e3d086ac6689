"""randomizeStart: how far a VEN moves the intervals of an event (User Guide 7.3).

The dice are the caller's: one number from -1 to 1 for each `Draw`, thrown once per VEN
and event, and kept through polls, updates and restarts (F39). It is a fraction, so it
stays within bounds when an update changes the extent.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from ven_daemon.domain.durations import Duration, shifted
from ven_daemon.domain.events import Event, IntervalPeriod


class Draw(NamedTuple):
    """Something to throw dice for: by at most *extent*, either way, from this interval on."""

    interval: int
    extent: Duration


def draws_needed(event: Event) -> tuple[Draw, ...]:
    """Say for which intervals a VEN must draw, and how far they may move at most.

    The first interval draws where it or the event asks for it; a later one where it has
    both a start and a randomizeStart of its own. All others move with the one before.
    """
    first = event.intervals[0].period if event.intervals else None
    extents = [(0, _asked(first) or _asked(event.period))]
    for position, interval in enumerate(event.intervals):
        period = interval.period
        if position and period is not None and period.start is not None:
            extents.append((position, _asked(period)))
    return tuple(Draw(position, extent) for position, extent in extents if extent)


def shift_of(extent: Duration, start: datetime, seen: datetime, draw: float) -> timedelta:
    """Turn a draw into a shift; nothing is moved to before it could be known.

    An interval that had begun when the event was first seen is not moved back at all.
    """
    reach = extent.after(start)
    if reach is None:
        return timedelta(0)
    moved = shifted(start, abs(reach - start) * max(-1.0, min(1.0, draw)))
    return max(moved, min(start, seen)) - start


def _asked(period: IntervalPeriod | None) -> Duration | None:
    """Give what a period says of randomizeStart, zero being nothing (T-18)."""
    extent = period.randomize_start if period else None
    return None if extent is None or extent.is_zero else extent
