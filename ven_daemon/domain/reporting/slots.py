"""The intervals that reports count: an event's intervals in order, over all rounds of a loop.

A loop is never unrolled: the slot of any number is one division away, and so is the
number of the slot that holds an instant.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from ven_daemon.domain.durations import shifted
from ven_daemon.domain.windows import Window

LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing begins from then on: Python counts no further than that year."""

ID_LIMIT = 2**31
"""Interval ids are int32."""


class Slot(NamedTuple):
    """One reporting interval; `end` None is open-ended."""

    number: int
    """Its number, counted through all rounds from 0."""
    id: int
    """What the report shall call it."""
    start: datetime
    end: datetime | None
    parts: tuple[tuple[datetime, datetime | None], ...] = ()
    """The pieces of a packed interval (several values in one), where it has any."""

    def holds(self, at: datetime) -> bool:
        """Whether *at* lies in it; an instant holds nothing."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True)
class Grid:
    """One round of slots, how far apart the rounds are, and from when on there are none.

    With `period` None there is one round. `until` None is for ever.
    """

    base: tuple[Slot, ...] = ()
    period: timedelta | None = None
    until: datetime | None = None
    counted: bool = False
    """Whether ids are the slots' own numbers (implied intervals)."""
    parent: "Grid | None" = None
    """Whose slots lend their ids, where this grid slices another."""

    @classmethod
    def of(
        cls,
        windows: Iterable[Window],
        period: timedelta | None = None,
        until: datetime | None = None,
        parts: Mapping[int, Iterable[Window]] | None = None,
    ) -> "Grid":
        """Count the windows of one round; *parts* are the pieces of packed ones, by position."""
        pieces = parts or {}
        slots = tuple(
            Slot(
                number,
                window.interval_id,
                window.start,
                window.end,
                tuple((part.start, part.end) for part in pieces.get(window.index, ())),
            )
            for number, window in enumerate(windows)
        )
        # What has no end is not followed by another round.
        looped = period if period and all(slot.end for slot in slots) else None
        return cls(slots, looped, until)

    @classmethod
    def implied(cls, start: datetime, length: timedelta, until: datetime | None = None) -> "Grid":
        """Repeat one interval from *start* on, as events without intervals imply."""
        first = Slot(0, 0, start, shifted(start, length))
        return cls((first,), length, until, counted=True)

    def sliced(self, length: timedelta) -> "Grid":
        """Cut the same time into slices; each has the id of the slot it begins in."""
        if not self.base:
            return self
        first = Slot(0, 0, self.begin, shifted(self.begin, length))
        return Grid((first,), length, self.end, parent=self)

    @property
    def endless(self) -> bool:
        """Whether rounds follow each other for ever."""
        return self.period is not None and self.until is None

    @cached_property
    def count(self) -> int:
        """How many slots there are; of an endless grid, as many as the calendar has room for."""
        if not self.base or self.period is None:
            return len(self.base)
        until = min(self.until or LATEST, LATEST)
        rounds = -(-(until - self.begin) // self.period)
        if rounds <= 0:
            return 0
        shift = self.period * (rounds - 1)
        last = max(slot.number for slot in self.base if slot.start + shift < until)
        return (rounds - 1) * len(self.base) + last + 1

    @cached_property
    def begin(self) -> datetime:
        """When its first slot begins; of an empty grid, never."""
        return min((slot.start for slot in self.base), default=LATEST)

    @cached_property
    def end(self) -> datetime | None:
        """When it is over; None where it never is, or has no slots at all."""
        if self.until is not None or self.endless or not self.base:
            return self.until
        ends = [slot.end for slot in self.base]
        return None if None in ends else max(end for end in ends if end)

    def slot(self, number: int) -> Slot:
        """Place slot *number*, from 0 to `count` - 1."""
        if self.period is None:
            slot, shift = self.base[number], timedelta(0)
        else:
            turn, place = divmod(number, len(self.base))
            slot, shift = self.base[place], self.period * turn
        start = shifted(slot.start, shift)
        parts = tuple((shifted(a, shift), self._end(a, b, shift)) for a, b in slot.parts)
        end = self._end(slot.start, slot.end, shift)
        return Slot(number, self._id(number, slot, start), start, end, parts)

    def at(self, instant: datetime) -> Slot | None:
        """Find a slot that holds *instant*: the latest to begin, where several do."""
        turn = self.turn(instant)
        size = len(self.base)
        for number in reversed(
            range(max(0, (turn - 1) * size), min(self.count, (turn + 1) * size))
        ):
            slot = self.slot(number)
            if slot.holds(instant):
                return slot
        return None

    def turn(self, instant: datetime) -> int:
        """Say which round has begun by *instant*."""
        if self.period is None or not self.base:
            return 0
        return max(0, (instant - self.begin) // self.period)

    def _end(self, start: datetime, end: datetime | None, shift: timedelta) -> datetime | None:
        if end is None:
            return self.until
        end = shifted(end, shift)
        return end if self.until is None else max(shifted(start, shift), min(end, self.until))

    def _id(self, number: int, slot: Slot, start: datetime) -> int:
        if self.parent is not None:
            over = self.parent.at(start)
            return over.id if over else 0
        return number % ID_LIMIT if self.counted else slot.id
