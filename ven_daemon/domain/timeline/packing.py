"""Several values packed into one interval: each is a sub-interval of its own (User Guide 7.3).

`PRICE: [0.17, 0.03, 0.11]` over three hours is three prices of an hour each.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush, heapreplace
from math import lcm
from typing import NamedTuple

from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Payload
from ven_daemon.domain.windows import Window

PACKED = frozenset({"PRICE", "PRICE_ALTERNATE", "EXPORT_PRICE", "GHG", "OLS"})
"""Types of one number, whose further values are later ones.

Never CURVE (its values are the points of one curve), never DISPATCH_INSTRUCTION (one
instruction of several words), never a type that is not known.
"""

_MICROSECOND = timedelta(microseconds=1)


class Part(NamedTuple):
    """One sub-interval: where between the interval's ends it lies, and what holds in it."""

    number: int
    start: datetime
    end: datetime
    payloads: tuple[Payload, ...]


class PartQueue:
    """Windows of packed intervals, waiting for their turn where intervals overlap."""

    def __init__(self) -> None:
        self._heads: list[tuple[datetime, int, Window, Iterator[Window]]] = []
        self._count = 0

    def put(self, parts: Iterator[Window]) -> None:
        """Let the parts of one more interval, which come in order, wait."""
        first = next(parts, None)
        if first is not None:
            self._count += 1
            heappush(self._heads, (first.nominal_start, self._count, first, parts))

    def until(self, start: datetime | None) -> Iterator[Window]:
        """Give what begins no later than *start*, in order; all of it where that is None."""
        while self._heads and (start is None or self._heads[0][0] <= start):
            _, number, window, parts = self._heads[0]
            following = next(parts, None)
            if following is None:
                heappop(self._heads)
            else:
                heapreplace(self._heads, (following.nominal_start, number, following, parts))
            yield window


def is_packed(payloads: tuple[Payload, ...]) -> bool:
    """Whether any of *payloads* holds more than its type can mean at one time."""
    for kind, values in payloads:  # noqa: SIM110 - asked for every window; any() is slower
        if len(values) > 1 and kind in PACKED:
            return True
    return False


def unpacked(
    start: datetime,
    end: datetime,
    duration: Duration,
    payloads: tuple[Payload, ...],
    since: datetime,
) -> Iterator[Part]:
    """Divide an interval by its packed payloads; what is not packed holds in every part.

    Payloads packed differently meet in parts that are as short as the finest needs.
    Parts that were over before *since* may be left out.
    """
    marks, grid = _marks(payloads)
    skipped = 0 if duration.months else _over(start, end, since, marks, grid)
    numbers = range(skipped, len(marks))
    left = _edge(start, end, duration, marks[numbers.start], grid)
    for number in numbers:
        following = marks[number + 1] if number + 1 < len(marks) else grid
        right = _edge(start, end, duration, following, grid)
        yield Part(number, left, right, _at(payloads, marks[number], grid))
        left = right


def _marks(payloads: tuple[Payload, ...]) -> tuple[Sequence[int], int]:
    """Give where parts begin, on a grid that is as fine as all payloads need."""
    counts = {len(values) for kind, values in payloads if kind in PACKED and len(values) > 1}
    grid = lcm(*counts)
    if len(counts) == 1:
        return range(grid), grid
    return sorted({place * (grid // count) for count in counts for place in range(count)}), grid


def _over(start: datetime, end: datetime, since: datetime, marks: Sequence[int], grid: int) -> int:
    """Count the parts before the one that holds *since*."""
    if since <= start:
        return 0
    whole = (end - start) // _MICROSECOND
    reached = min(since - start, end - start) // _MICROSECOND * grid // whole
    return max(0, bisect_right(marks, reached) - 1)


def _edge(start: datetime, end: datetime, duration: Duration, mark: int, grid: int) -> datetime:
    """Find where a part begins: twelve prices in a year are months, not twelfths of it."""
    part = duration.divided(grid) if duration.months else None
    edge = part.times(mark).after(start) if part else None
    # In whole microseconds, so that no rounding adds up.
    return edge or start + (end - start) // _MICROSECOND * mark // grid * _MICROSECOND


def _at(payloads: tuple[Payload, ...], mark: int, grid: int) -> tuple[Payload, ...]:
    return tuple(
        Payload(kind, values[(place := mark * len(values) // grid) : place + 1])
        if kind in PACKED and len(values) > 1
        else Payload(kind, values)
        for kind, values in payloads
    )
