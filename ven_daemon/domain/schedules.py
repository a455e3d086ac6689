"""When a reportDescriptor asks for its reports, and of which slots (docs/reports.md).

The fields are read one way, whatever the diagrams of the User Guide draw (T-30).
Report k stands at slot `first + k * step`: at its end where it looks back, at its start
where it looks ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from ven_daemon.domain.durations import shifted
from ven_daemon.domain.events import ReportDescriptor
from ven_daemon.domain.slots import LATEST, Grid, Slot

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
        for k in reversed(range(self._last_before(instant) + 1)):
            if best and self._bounds(k)[1] <= best.at:
                break
            at = self.due(k)
            if at is not None and at <= instant and (best is None or at > best.at):
                best = Due(at, k)
        return best

    @cached_property
    def _edges(self) -> tuple[datetime, datetime] | None:
        ats = [slot.end if self.historical else slot.start for slot in self.grid.base]
        known = [at for at in ats if at]
        return (min(known), max(known)) if known else None

    def _bounds(self, k: int) -> tuple[datetime, datetime]:
        """Between which instants report *k* and, as to the first, all later ones are due."""
        if self._edges is None:
            return LATEST, LATEST
        low, high = self._edges
        until = self.grid.until or LATEST
        if self.grid.period is None:
            return min(low, until), high
        shift = self.grid.period * ((self.first + k * self.step) // len(self.grid.base))
        return min(shifted(low, shift), until), shifted(high, shift)

    def _first_after(self, instant: datetime) -> int:
        if self._edges is None or self.grid.period is None:
            return 0
        turn = max(0, -((self._edges[1] - instant) // self.grid.period))
        return max(0, -((self.first - turn * len(self.grid.base)) // self.step))

    def _last_before(self, instant: datetime) -> int:
        until = self.grid.until
        if self._edges is None or self.grid.period is None or (until and instant >= until):
            return self.count - 1
        turn = (instant - self._edges[0]) // self.grid.period
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
