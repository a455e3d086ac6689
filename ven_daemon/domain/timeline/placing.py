"""Where each interval of an event lies: inheritance, chaining, gaps, "now" (User Guide 7.3).

Places are kept relative to an anchor, so that a loop of years needs no more of them
than one round: an anchor is the last start that was given in absolute time, and months
are counted from there. A chain of months from the 31st so begins at the end of every
month and loses no day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from ven_daemon.domain.durations import ENDLESS, FOR_EVER, FOR_EVER_MONTHS, ZERO, Duration, later
from ven_daemon.domain.events import Event, Interval, IntervalPeriod
from ven_daemon.domain.timeline.changes import is_zeroed, starts_now
from ven_daemon.domain.timeline.randomizing import draws_needed, shift_of

INTERVAL_LIMIT = 20_000
"""Intervals of an event that are borne (F34): a fortnight of minutes, or two years of hours."""

ONCE = frozenset({"CTA2045_REBOOT"})
"""Types that are done, not held: without a duration they are instants (T-17)."""

_UNSAID = IntervalPeriod()
_NOTHING = timedelta(0)


class Unplaceable(NamedTuple):
    """Why an event has no place in time; it is quarantined with this reason."""

    reason: str


class Offset(NamedTuple):
    """How far from its anchor something lies: calendar months, then a length."""

    months: int
    length: timedelta

    def plus(self, duration: Duration) -> "Offset | None":
        """Go on by *duration*; None where that never ends."""
        months, length = self.months + duration.months, self.length + duration.length
        if duration.endless or months >= FOR_EVER_MONTHS or length >= FOR_EVER:
            return None
        return Offset(months, length)


class Slot(NamedTuple):
    """One interval: where from *anchor* on it begins and ends, and how far it is moved."""

    position: int
    start: datetime
    stop: datetime | None
    anchor: datetime
    begin: Offset
    end: Offset | None
    duration: Duration
    shift: timedelta


class Round(NamedTuple):
    """The intervals of an event, once, in its order."""

    slots: tuple[Slot, ...]
    unreached: tuple[int, ...]
    """Intervals that follow an endless one, and so never begin."""


def refusal(event: Event, limit: int) -> Unplaceable | None:
    """Say why *event* cannot be placed, if it cannot."""
    if len(event.intervals) > limit:
        return Unplaceable(f"it has {len(event.intervals)} intervals, the limit is {limit}")
    for duration, position in _durations(event):
        if duration is not None and duration.is_negative:
            where = "the event" if position is None else f"interval {position}"
            return Unplaceable(f"a duration of {where} is negative: {duration}")
    for position, extent in draws_needed(event):
        if extent.is_endless:
            return Unplaceable(f"the randomizeStart of interval {position} has no bound")
    return None


def one_round(
    event: Event, seen: datetime, draws: Mapping[int, float], usual: Duration | None
) -> Round:
    """Place every interval once.

    *usual* is the duration of intervals that say none, if the event says one.
    """
    moves = dict(draws_needed(event))
    anchor = (event.period and event.period.start) or seen
    start: datetime | None = anchor
    cursor: Offset | None = _ANCHORED
    shift = _NOTHING
    unsaid = _Unsaid(event)
    placed, unreached = [], []
    for position, interval in enumerate(event.intervals):
        period = interval.period or _UNSAID
        if period.start is not None:
            anchor = start = period.start
            cursor = _ANCHORED
        if cursor is None or start is None:
            unreached.append(position)
            continue
        if position in moves:
            shift = shift_of(moves[position], start, seen, draws.get(position, 0.0))
        own = period.duration
        said = usual if own is None or own.is_zero else own
        duration = said or unsaid.duration(interval, start)
        end = cursor.plus(duration)
        stop = later(anchor, *end) if end else None
        placed.append(Slot(position, start, stop, anchor, cursor, end, duration, shift))
        start, cursor = stop, end
    return Round(tuple(placed), tuple(unreached))


class _Unsaid:
    """The duration of intervals for which neither they nor the event say one (T-16, T-17)."""

    def __init__(self, event: Event) -> None:
        self._is_instant = starts_now(event) and is_zeroed(event)
        self._event = event

    @cached_property
    def _starts(self) -> list[datetime]:
        periods = (interval.period for interval in self._event.intervals)
        return sorted(period.start for period in periods if period and period.start)

    def duration(self, interval: Interval, start: datetime) -> Duration:
        """Hold until another interval begins, or until the event is changed or deleted.

        What is done once is an instant, and so is all of an event that is now and lasts no time.
        """
        payloads = interval.payloads
        if self._is_instant or (payloads and all(payload.type in ONCE for payload in payloads)):
            return ZERO
        follower = bisect_right(self._starts, start)
        if follower == len(self._starts):
            return ENDLESS
        return Duration(length=self._starts[follower] - start)


def _durations(event: Event) -> Iterator[tuple[Duration | None, int | None]]:
    yield event.duration, None
    yield event.period.duration if event.period else None, None
    for position, interval in enumerate(event.intervals):
        if interval.period is not None:
            yield interval.period.duration, position


_ANCHORED = Offset(0, _NOTHING)
