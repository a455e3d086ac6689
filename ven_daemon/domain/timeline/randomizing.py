"""randomizeStart: how far a VEN moves the intervals of an event (User Guide 7.3).

The dice are the caller's: one number from -1 to 1 for each `Draw`, thrown once per VEN
and event, and kept through polls, updates and restarts (F39). It is a fraction, so it
stays within bounds when an update changes the extent.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ven_daemon.domain.durations import ZERO, Duration, shifted
from ven_daemon.domain.events import Event, Interval


class Draw(NamedTuple):
    """Something to throw dice for: by at most *extent*, either way, from this interval on."""

    interval: int
    extent: Duration


def draws_needed(event: Event) -> tuple[Draw, ...]:
    """Say for which intervals a VEN must draw, and how far they may move at most.

    The first interval draws where it or the event asks for it; a later one where it has
    both a start and a randomizeStart of its own. All others move with the one before.
    """
    found = []
    for index, interval in enumerate(event.intervals):
        extent = extent_of(event, interval, index)
        if extent is not None and not extent.is_zero:
            found.append(Draw(index, extent))
    return tuple(found)


def extent_of(event: Event, interval: Interval, index: int) -> Duration | None:
    """Give the randomizeStart by which this interval begins to move anew, if it does."""
    own = interval.period.randomize_start if interval.period else None
    if own is not None and own.is_zero:
        own = None
    if index == 0:
        return own or (event.period.randomize_start if event.period else None) or ZERO
    has_start = interval.period is not None and interval.period.start is not None
    return own if has_start else None


def shift_of(
    index: int, extent: Duration, start: datetime, seen: datetime, draws: Mapping[int, float]
) -> timedelta:
    """Turn a draw into a shift; nothing is moved to before it could be known.

    An interval that had begun when the event was first seen is not moved back at all.
    """
    fraction = max(-1.0, min(1.0, draws.get(index, 0.0)))
    reach = extent.after(start)
    if reach is None or not fraction:
        return timedelta(0)
    moved = shifted(start, abs(reach - start) * fraction)
    return max(moved, min(start, seen)) - start
