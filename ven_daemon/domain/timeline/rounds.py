"""event.duration: how often an event's intervals repeat, and where they are cut (3.1)."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from ven_daemon.domain.durations import LAST_INSTANT, Duration, later
from ven_daemon.domain.timeline.placing import Offset, Slot

SHORTEST_ROUND = timedelta(seconds=1)
"""A loop that turns faster than this is refused: it asks for work without end."""

_MOST_TURNS = 2**60
_STILL = Offset(0, timedelta(0))


@dataclass(frozen=True, slots=True)
class Rounds:
    """When the first round begins, how long each is, and when there is an end to them."""

    first: datetime
    stop: datetime | None
    """Nothing begins here or later, and what still lasts is cut; None is never."""
    step: Duration | None = None
    """The length of a round; None where there is but one."""

    @property
    def are_too_short(self) -> bool:
        """Whether they would turn faster than anybody can follow."""
        return self.step is not None and not self.step.months and self.step.length < SHORTEST_ROUND

    def offset(self, turn: int) -> Offset | None:
        """Say how far after the first round another begins; None is beyond the calendar."""
        if self.step is None:
            return _STILL if turn == 0 else None
        moved = self.step.times(turn)
        return None if moved.is_endless else Offset(moved.months, moved.length)

    def begin(self, turn: int) -> datetime:
        """Say when a round begins, or the calendar's last instant where it never does."""
        offset = self.offset(turn)
        return (later(self.first, *offset) if offset else None) or LAST_INSTANT

    def turns(self, since: datetime) -> Iterator[tuple[int, Offset]]:
        """Count the rounds, from one that is not over at *since*."""
        if self.step is None:
            yield 0, _STILL
            return
        # One round earlier: what happens at the very end of a round is still to be done.
        first = max(0, bisect_right(range(_MOST_TURNS), since, key=self.begin) - 2)
        for turn in count(first):
            offset = self.offset(turn)
            if offset is None or self.begin(turn) >= (self.stop or LAST_INSTANT):
                return
            yield turn, offset


def rounds_of(slots: Sequence[Slot], span: Duration | None) -> Rounds:
    """Decide what event.duration, if it is set, makes of one round of intervals.

    *slots* are in order of time. Intervals that end before *span* does begin again, as
    often as it takes, unless together they last no time or have no end.
    """
    if not slots:
        return Rounds(LAST_INSTANT, None)
    first = slots[0].start
    last = max(slot.stop or LAST_INSTANT for slot in slots)
    stop = span.after(first) if span else None
    if span is None or not first < last < (stop or LAST_INSTANT):
        return Rounds(first, stop)
    return Rounds(first, stop, _length(slots, last))


def _length(slots: Sequence[Slot], last: datetime) -> Duration:
    """Measure a round: in months, where it is one chain that is counted in them."""
    first = slots[0]
    final = next(slot for slot in slots if slot.stop == last)
    if final.end is not None and all(slot.anchor == first.anchor for slot in slots):
        return Duration(*final.end)
    return Duration(length=last - first.start)
