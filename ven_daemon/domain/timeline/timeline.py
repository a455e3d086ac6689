"""The timeline of one event: its windows from any instant on, never all of them at once."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, takewhile

from ven_daemon.domain.durations import (
    ENDLESS,
    FIRST_INSTANT,
    LAST_INSTANT,
    ZERO,
    Duration,
    later,
    shifted,
)
from ven_daemon.domain.events import Dialect, Event, Interval
from ven_daemon.domain.timeline.packing import is_packed, unpacked
from ven_daemon.domain.timeline.placing import (
    INTERVAL_LIMIT,
    Offset,
    Slot,
    Unplaceable,
    one_round,
    refusal,
)
from ven_daemon.domain.timeline.rounds import SHORTEST_ROUND, rounds_of
from ven_daemon.domain.windows import Window


class EventStatus(StrEnum):
    """Where an event stands at an instant; OpenADR has no such word of its own."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


def place(
    event: Event,
    seen: datetime,
    *,
    draws: Mapping[int, float] | None = None,
    dialect: Dialect = Dialect.V3_1,
    cancelled: bool = False,
    limit: int = INTERVAL_LIMIT,
) -> "Timeline | Unplaceable":
    """Place *event* in time.

    *seen* is when it was first seen (see `first_seen`). *draws* are what one VEN drew
    (see `draws_needed`); without them windows are nominal. *cancelled*: see `is_cancelled`.
    """
    refused = refusal(event, limit)
    if refused is not None:
        return refused
    timeline = Timeline(event, seen, draws or {}, dialect, cancelled=cancelled)
    if timeline.rounds.are_too_short:
        return Unplaceable(f"its intervals repeat more often than every {SHORTEST_ROUND.seconds} s")
    return timeline


class Timeline:
    """One event in time, for one VEN; made by `place`."""

    def __init__(
        self,
        event: Event,
        seen: datetime,
        draws: Mapping[int, float],
        dialect: Dialect,
        *,
        cancelled: bool,
    ) -> None:
        self.event = event
        self.cancelled = cancelled
        self.is_implied = not event.intervals
        """Whether the event has no intervals, only the timing of those it wants reports of."""
        default = (event.period and event.period.duration) or ZERO
        self._stays_open = dialect is Dialect.V3_0 and default.is_endless
        whole, span = _implied(event)
        placed = one_round(whole, seen, draws, ZERO if self._stays_open else default)
        self.unreached = placed.unreached
        """Positions of intervals that follow an endless one, and so never begin."""
        self._intervals = whole.intervals
        self._slots = sorted(placed.slots, key=_start)
        self.rounds = rounds_of(self._slots, span)
        shifts = [slot.shift for slot in self._slots] or [timedelta(0)]
        self._back, self._forth = min(shifts), max(shifts)
        ends = (shifted(slot.stop or LAST_INSTANT, slot.shift) for slot in self._slots)
        self._reach = list(accumulate(ends, max))
        """Up to each slot, the latest end of the first round, for finding where to begin."""

    @property
    def begins(self) -> datetime | None:
        """When the first interval begins; None where nothing ever does."""
        starts = (shifted(slot.start, slot.shift) for slot in self._slots)
        return None if self.cancelled else min(starts, default=None)

    @property
    def ends(self) -> datetime | None:
        """When all is over; None is never, or not before the event is changed or deleted."""
        asks = bool(self.event.report_descriptors)
        if self._stays_open or not self._slots or (asks and self._lasts_no_time):
            return None
        stop = self.rounds.stop and shifted(self.rounds.stop, self._forth)
        if self.rounds.step:
            return stop
        end = self._reach[-1]
        return min(end, stop or end) if end < LAST_INSTANT or stop else None

    def status(self, instant: datetime) -> EventStatus:
        """Say where the event stands; gaps between its intervals are part of its life."""
        if self.cancelled:
            return EventStatus.CANCELLED
        begins, ends = self.begins, self.ends
        if begins is None or instant < begins:
            return EventStatus.PENDING
        return EventStatus.ACTIVE if ends is None or instant < ends else EventStatus.COMPLETED

    def windows(self, since: datetime = FIRST_INSTANT) -> Iterator[Window]:
        """Give the windows that are not over at *since*, in order of nominal start.

        An endless loop gives windows without end; where it starts costs nothing. Windows
        of different draws of randomizeStart may overtake each other by these.
        """
        if self.cancelled:
            return
        for turn, offset in self.rounds.turns(shifted(since, -self._forth)):
            for position in range(self._skipped(offset, since), len(self._slots)):
                for window in self._of(self._slots[position], turn, offset, since):
                    if not window.is_over_at(since):
                        yield window

    def at(self, instant: datetime) -> tuple[Window, ...]:
        """Give the windows that hold at *instant*."""
        latest = shifted(instant, -self._back)
        found = takewhile(lambda window: window.nominal_start <= latest, self.windows(instant))
        return tuple(window for window in found if window.holds_at(instant))

    def next_change(self, after: datetime) -> datetime | None:
        """Give the first instant after *after* at which a window begins or ends, if any."""
        change: datetime | None = None
        for window in self.windows(after):
            if change is not None and shifted(window.nominal_start, self._back) > change:
                break
            for edge in (window.start, window.end):
                if edge is not None and edge > after and (change is None or edge < change):
                    change = edge
        return change

    def interval(self, number: int) -> Window | None:
        """Give the *number*th interval as a whole, counted from 0 through all rounds.

        None where there is none: the event ends before, or an endless one precedes it.
        """
        turn, index = divmod(number, len(self._intervals))
        offset = self.rounds.offset(turn)
        slot = next((slot for slot in self._slots if slot.position == index), None)
        if offset is None or slot is None or self.cancelled:
            return None
        return self._whole(slot, turn, offset)

    @property
    def _lasts_no_time(self) -> bool:
        return all(slot.stop == slot.start for slot in self._slots)

    def _skipped(self, offset: Offset, since: datetime) -> int:
        """Count slots of a round that are over; none where months make rounds unequal."""
        if offset.months or since == FIRST_INSTANT:
            return 0
        return bisect_left(self._reach, shifted(since, -offset.length))

    def _whole(self, slot: Slot, turn: int, offset: Offset) -> Window | None:
        """Place a slot in one round; None where event.duration has ended before."""
        start, end = _moved(slot, offset) if turn else (slot.start, slot.stop)
        limit = self.rounds.stop
        if start is None or (limit is not None and start >= limit):
            return None
        if limit is not None and (end is None or end > limit):
            end = limit
        interval, shift = self._intervals[slot.position], slot.shift
        moved = shifted(start, shift) if shift else start
        if end is not None and shift:
            end = shifted(end, shift)
        return Window(interval.id, slot.position, moved, end, start, interval.payloads, turn)

    def _of(self, slot: Slot, turn: int, offset: Offset, since: datetime) -> Iterator[Window]:
        """Give the windows of a slot in one round: one, or those of its sub-intervals."""
        window = self._whole(slot, turn, offset)
        if window is None:
            return
        start, end = _moved(slot, offset)
        if end is None or window.is_instant or not is_packed(window.payloads):
            yield window
            return
        start = window.nominal_start
        for part in unpacked(
            start, end, slot.duration, window.payloads, shifted(since, -slot.shift)
        ):
            begin, finish = shifted(part.start, slot.shift), shifted(part.end, slot.shift)
            if window.end is not None and begin >= window.end:
                return
            yield window._replace(
                start=begin,
                end=min(finish, window.end or finish),
                nominal_start=part.start,
                payloads=part.payloads,
                part=part.number,
            )


def _start(slot: Slot) -> datetime:
    return slot.start


def _moved(slot: Slot, offset: Offset) -> tuple[datetime | None, datetime | None]:
    """Place a slot in a later round; months are counted from its anchor, rounds and all."""
    months, length = offset
    start = later(slot.anchor, months + slot.begin.months, length + slot.begin.length)
    if slot.end is None:
        return start, None
    return start, later(slot.anchor, months + slot.end.months, length + slot.end.length)


def _implied(event: Event) -> tuple[Event, Duration | None]:
    """Give the event with the intervals that it implies, and what event.duration says, if set.

    An event that only asks for reports has no intervals (User Guide 8.7): its period is
    the first of a row without end.
    """
    span = None if event.duration is None or event.duration.is_zero else event.duration
    if event.intervals:
        return event, span
    if span is None and event.report_descriptors:
        span = ENDLESS
    return replace(event, intervals=(Interval(0),)), span
