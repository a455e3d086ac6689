"""When a reportDescriptor asks for its reports, and of which slots (docs/reports.md).

The fields are read one way, whatever the diagrams of the User Guide draw (T-30).
Report k stands at slot `first + k * step`: at its end where it looks back, at its start
where it looks ahead.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate, count
from typing import NamedTuple

from ven_daemon.domain.durations import FIRST_INSTANT, shifted
from ven_daemon.domain.events import ReportDescriptor
from ven_daemon.domain.reporting.slots import LATEST, Grid, Slot

INTERVALS_LIMIT = 10_000
"""Slots of one report; about a megabyte of JSON (T-29)."""


class Due(NamedTuple):
    """Report number `k` and the instant it is due; they sort by time."""

    at: datetime
    k: int


@dataclass(frozen=True)
class Schedule:
    """The reports of one descriptor over a grid, none of them made before it is asked for."""

    grid: Grid
    first: int
    """The slot that report 0 stands at."""
    span: int
    """How many slots a report covers."""
    step: int
    """How many slots lie from one report to the next; at least 1."""
    times: int | None
    """How many reports; None is for as long as the event lasts."""
    historical: bool = True

    @cached_property
    def count(self) -> int:
        """How many reports there are before the event's slots end."""
        reachable = max(0, (self.grid.count - 1 - self.first) // self.step + 1)
        return reachable if self.times is None else min(self.times, reachable)

    @property
    def cut(self) -> bool:
        """Whether its reports cover less than was asked for, by our limit."""
        return min(self.span, self.grid.count) > INTERVALS_LIMIT

    def due(self, k: int) -> datetime | None:
        """Give the instant of report *k*; None where its slot never ends."""
        slot = self.grid.slot(self.first + k * self.step)
        return slot.end if self.historical else slot.start

    def covers(self, k: int) -> tuple[Slot, ...]:
        """Give the slots of report *k*: those that end with its own, or begin with it."""
        at = self.first + k * self.step
        span = min(self.span, INTERVALS_LIMIT)
        low, high = (at - span + 1, at + 1) if self.historical else (at, at + span)
        return tuple(map(self.grid.slot, range(max(0, low), min(high, self.grid.count))))

    def after(self, instant: datetime) -> Iterator[Due]:
        """Give what is due after *instant*, in order; not walked to from the beginning."""
        waiting: list[Due] = []
        for k in count(self._first_after(instant)):
            if k >= self.count:
                break
            least = self._bounds(k)[0]
            while waiting and waiting[0].at <= least:
                yield heappop(waiting)
            at = self.due(k)
            if at is not None and at > instant:
                heappush(waiting, Due(at, k))
        while waiting:
            yield heappop(waiting)

    def latest(self, instant: datetime) -> Due | None:
        """Give the last that was due by *instant*."""
        best: Due | None = None
        for k in reversed(range(self._last_by(instant) + 1)):
            if best and self._bounds(k)[1] <= best.at:
                break
            at = self.due(k)
            if at is not None and at <= instant and (best is None or at > best.at):
                best = Due(at, k)
        return best

    @cached_property
    def _ats(self) -> list[datetime | None]:
        """When a report at each slot of the first round would be due."""
        slots = map(self.grid.slot, range(min(self.grid.count, len(self.grid.base))))
        return [slot.end if self.historical else slot.start for slot in slots]

    @cached_property
    def _reach(self) -> list[datetime]:
        """The latest of them up to each slot."""
        return list(accumulate((at or FIRST_INSTANT for at in self._ats), max))

    @cached_property
    def _floor(self) -> list[datetime]:
        """The earliest of them from each slot on."""
        backwards = accumulate((at or LATEST for at in reversed(self._ats)), min)
        return list(backwards)[::-1]

    def _bounds(self, k: int) -> tuple[datetime, datetime]:
        """No later report is due before the one instant, no earlier one after the other."""
        number = self.first + k * self.step
        if self.grid.period is None:
            return self._floor[number], self._reach[number]
        shift = self.grid.period * (number // len(self.grid.base))
        low = shifted(self._floor[0], shift)
        return min(low, self.grid.until or LATEST), shifted(self._reach[-1], shift)

    def _first_after(self, instant: datetime) -> int:
        """Give a report that no other due after *instant* comes before, by its number."""
        if self.grid.period is None:
            number = bisect_right(self._reach, instant)
        else:
            turns = -((self._reach[-1] - instant) // self.grid.period) if self._reach else 0
            number = turns * len(self.grid.base)
        return max(0, -((self.first - number) // self.step))

    def _last_by(self, instant: datetime) -> int:
        """Give a report that no other due by *instant* comes after, by its number."""
        until = self.grid.until
        if self.grid.period is None:
            last = bisect_right(self._floor, instant) - 1
        elif not self._floor or (until and instant >= until):
            last = self.grid.count - 1
        else:
            turn = (instant - self._floor[0]) // self.grid.period
            last = (turn + 1) * len(self.grid.base) - 1
        return min(self.count - 1, (last - self.first) // self.step)


def schedule(descriptor: ReportDescriptor, grid: Grid) -> Schedule:
    """Read the fields of *descriptor*, its -1 and its nonsense, against *grid*.

    "All intervals" are all of them where one report is asked for and they end, else one
    round. Counts that ask for nothing are read as their defaults.
    """
    once = descriptor.repeat in (0, 1)
    ends = not grid.endless
    every = grid.count if ends and (once or grid.period is None) else len(grid.base)
    span = descriptor.num_intervals if descriptor.num_intervals > 0 else every
    step = descriptor.frequency if descriptor.frequency > 0 else span
    if descriptor.start_interval >= 0:
        first = descriptor.start_interval
    elif not descriptor.historical:
        first = 0
    else:
        first = every - 1 if once else span - 1
    times = None if descriptor.repeat < 0 else max(1, descriptor.repeat)
    return Schedule(grid, max(0, first), max(1, span), max(1, step), times, descriptor.historical)


def in_seconds(descriptor: ReportDescriptor, grid: Grid) -> Schedule:
    """Read `frequency` as seconds, as some VTNs mean it (T-30): a report of each such slice.

    A repeat of 1, the default, is read as unset: for as long as the event lasts.
    """
    slices = grid.sliced(timedelta(seconds=descriptor.frequency))
    times = descriptor.repeat if descriptor.repeat > 1 else None
    return Schedule(slices, 0, 1, 1, times, descriptor.historical)
