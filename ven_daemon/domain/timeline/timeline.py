"""The timeline of one event: its windows from any instant on, never all of them at once."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, takewhile

from ven_daemon.domain.durations import (
    ENDLESS,
    FIRST_INSTANT,
    LAST_INSTANT,
    Duration,
    later,
    shifted,
)
from ven_daemon.domain.events import Dialect, Event, Interval
from ven_daemon.domain.timeline.packing import PartQueue, is_packed, unpacked
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
        usual = event.period.duration if event.period else None
        self._stays_open = bool(usual and usual.is_endless and dialect is Dialect.V3_0)
        if self._stays_open or (usual and usual.is_zero):
            usual = None
        whole, span = _implied(event)
        placed = one_round(whole, seen, draws, usual)
        self.unreached = placed.unreached
        """Positions of intervals that follow an endless one, and so never begin."""
        self._intervals = whole.intervals
        self._slots = sorted(placed.slots, key=_start)
        self.rounds = rounds_of(self._slots, span)
        shifts = [slot.shift for slot in self._slots] or [timedelta(0)]
        self._back, self._forth = min(shifts), max(shifts)
        ends = [slot.stop or LAST_INSTANT for slot in self._slots]
        if self._back or self._forth:
            ends = list(map(shifted, ends, shifts))
        self._reach = list(accumulate(ends, max))
        """Up to each slot, the latest end of the first round, for finding where to begin."""

    @cached_property
    def begins(self) -> datetime | None:
        """When the first interval begins; None where nothing ever does."""
        starts = (shifted(slot.start, slot.shift) for slot in self._slots)
        return None if self.cancelled else min(starts, default=None)

    @cached_property
    def ends(self) -> datetime | None:
        """When all is over; None is never, or not before the event is changed or deleted."""
        if self._stays_open or not self._slots or self._waits_for_reports:
            return None
        stop = self.rounds.stop and shifted(self.rounds.stop, self._forth)
        if self.rounds.step or any(slot.stop is None for slot in self._slots):
            return stop
        return min(self._reach[-1], stop or LAST_INSTANT)

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
        queue = PartQueue()
        for whole, slot, offset in self._wholes(since):
            yield from queue.until(whole.nominal_start)
            if is_packed(whole.payloads):
                parts = self._parts(whole, slot, offset, since)
                queue.put(part for part in parts if not part.is_over_at(since))
            elif not whole.is_over_at(since):
                yield whole
        yield from queue.until(None)

    def at(self, instant: datetime) -> tuple[Window, ...]:
        """Give the windows that hold at *instant*."""
        latest = shifted(instant, -self._back)
        found = takewhile(lambda window: window.nominal_start <= latest, self.windows(instant))
        return tuple(window for window in found if window.holds_at(instant))

    def interval(self, number: int) -> Window | None:
        """Give the *number*th interval as a whole, counted from 0 through all rounds.

        None where there is none: the event ends before, or an endless one precedes it.
        """
        turn, index = divmod(number, len(self._intervals))
        offset = self.rounds.offset(turn)
        slot = self._by_position.get(index)
        if offset is None or slot is None or self.cancelled:
            return None
        return self._whole(slot, turn, offset)

    @cached_property
    def _by_position(self) -> dict[int, Slot]:
        return {slot.position: slot for slot in self._slots}

    @property
    def _waits_for_reports(self) -> bool:
        """Whether it lasts no time, yet wants reports (User Guide 8.6): those it may get later."""
        asks = bool(self.event.report_descriptors)
        return asks and all(slot.stop == slot.start for slot in self._slots)

    def _wholes(self, since: datetime) -> Iterator[tuple[Window, Slot, Offset]]:
        """Give intervals as a whole, from one on that may not be over at *since*."""
        for turn, offset in self.rounds.turns(shifted(since, -self._forth)):
            for position in range(self._skipped(offset, since), len(self._slots)):
                slot = self._slots[position]
                whole = self._whole(slot, turn, offset)
                if whole is not None:
                    yield whole, slot, offset

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

    def _parts(
        self, whole: Window, slot: Slot, offset: Offset, since: datetime
    ) -> Iterator[Window]:
        """Divide a window by its packed values; what has no end cannot be divided."""
        end = _moved(slot, offset)[1]
        if end is None or whole.is_instant:
            yield whole
            return
        seen = shifted(since, -slot.shift)
        for part in unpacked(whole.nominal_start, end, slot.duration, whole.payloads, seen):
            begin, finish = shifted(part.start, slot.shift), shifted(part.end, slot.shift)
            if whole.end is not None and begin >= whole.end:
                return
            yield whole._replace(
                start=begin,
                end=min(finish, whole.end or finish),
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
