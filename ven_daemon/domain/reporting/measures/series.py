"""Readings of one quantity of one resource, folded over a stretch of time.

Instants are seconds since 1970 as floats, and readings are two columns: there is no
object per reading where there are a million of them. What lies between two readings is
taken for a straight line, unless they are further apart than the gap that a power is
believed over. What was not measured is not counted: the fold says how much it knows.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import floor, log10
from operator import lt
from typing import NamedTuple

from ven_daemon.domain.readings import Quality

GAP = 900.0
"""Seconds between two readings over which a power, or a counter's share, is believed."""

SLACK = 1.1
"""How far beyond its rating a resource is believed to go."""

RESOLUTION = 1.0
"""kWh: the coarsest step of a counter."""

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Series:
    """Readings in the order of time, the good ones apart from the bad."""

    times: Sequence[float] = ()
    values: Sequence[float] = ()
    weak: Sequence[float] = ()
    """When those were read that are estimates themselves, in order."""
    bad: "Series | None" = field(default=None, repr=False)

    @classmethod
    def of(cls, rows: Iterable[tuple[float, float | None, str]]) -> "Series":
        """Take (seconds, value, quality) in any order; what is missing is not there.

        Of several at one instant the greatest is taken, so that order means nothing.
        """
        rows = list(rows)
        times, values, qualities = zip(*rows, strict=True) if rows else ((), (), ())
        if set(qualities) <= {Quality.OK} and None not in values and _rises(times):
            return cls([*times], [*values], [])
        good: dict[float, float] = {}
        bad: dict[float, float] = {}
        weak = set()
        for at, value, quality in rows:
            if value is None or quality == Quality.MISSING:
                continue
            column = bad if quality == Quality.BAD else good
            column[at] = max(value, column.get(at, value))
            if quality == Quality.ESTIMATED:
                weak.add(at)
        known = sorted(good)
        wrong = cls(sorted(bad), [bad[at] for at in sorted(bad)]) if bad else None
        return cls(known, [good[at] for at in known], sorted(weak), wrong)

    def is_weak(self, start: float, end: float) -> bool:
        """Whether an estimate is among what was read from *start* to *end*."""
        return bisect_left(self.weak, start) < bisect_right(self.weak, end)

    def last(self, start: float, end: float) -> tuple[float, float] | None:
        """Give the last reading from *start* to *end*, both included."""
        place = bisect_right(self.times, end) - 1
        if place < 0 or self.times[place] < start:
            return None
        return self.times[place], float(self.values[place])

    def most(self, start: float, end: float) -> float | None:
        """Give the greatest value that was read from *start* to *end*, both included."""
        values = self.values[bisect_left(self.times, start) : bisect_right(self.times, end)]
        return float(max(values)) if values else None


def _rises(times: Sequence[float]) -> bool:
    """Whether instants are in order and none is there twice, as those of a store are."""
    return all(map(lt, times, times[1:]))


class Fold(NamedTuple):
    """Energy over a stretch of time, as far as it is known."""

    kwh: float
    known: float
    """Seconds that it is known of."""
    rough: bool = False
    """Whether something of it was inferred: a counter that began anew, a long gap shared out."""


class Rating(NamedTuple):
    """What a resource can draw at most, and at least (negative where it can export), in kW."""

    most: float | None = None
    least: float | None = None


def integrated(series: Series, start: float, end: float, gap: float = GAP) -> Fold:
    """Sum power (kW) to energy: trapezia between readings no further apart than *gap*.

    Adjacent stretches add up: each counts its share of the line across their border.
    """
    low, high = _around(series.times, start, end)
    times, values = series.times[low:high], series.values[low:high]
    doubled = known = 0.0
    before, power = (times[0], values[0]) if times else (0.0, 0.0)
    for at, value in zip(times[1:], values[1:], strict=True):
        span = at - before
        if span <= gap:
            if before >= start and at <= end:
                doubled += (power + value) * span
                known += span
            else:
                a, b = max(before, start), min(at, end)
                slope = (value - power) / span
                doubled += (2 * power + slope * (a - before + b - before)) * (b - a)
                known += b - a
        before, power = at, value
    return Fold(doubled / (2 * HOUR), known)


def counted(series: Series, start: float, end: float, rating: Rating, gap: float = GAP) -> Fold:
    """Take energy (kWh) from a counter; its increments are shared out over time.

    However far apart two readings are, what lies wholly between them is known; only a
    border within a long gap makes a share of it rough.
    """
    low, high = _around(series.times, start, end)
    times, values = series.times[low:high], series.values[low:high]
    kwh = known = 0.0
    rough = False
    before, count = (times[0], values[0]) if times else (0.0, 0.0)
    for at, value in zip(times[1:], values[1:], strict=True):
        span, gained = at - before, value - count if value >= count else None
        if gained is None:
            gained = risen(count, value, span / HOUR, rating)
            rough = rough or (gained is not None and gained >= 0)
        if gained is not None:
            inside = min(at, end) - max(before, start)
            kwh += gained * (inside / span)
            known += inside
            rough = rough or (span > gap and inside < span)
        before, count = at, value
    return Fold(kwh, known, rough)


def risen(count: float, value: float, hours: float, rating: Rating) -> float | None:
    """Say what a counter that fell from *count* to *value* has counted; None is not known.

    A fall that the resource can have exported is that of a net counter. Else it ran over
    its last digit, or began at zero, where its rating allows what that would mean.
    """
    exported = max(0.0, -(rating.least or 0.0)) * hours * SLACK
    if exported and count - value <= exported + RESOLUTION:
        return value - count
    if rating.most is None or value < 0:
        return None
    believed = max(0.0, rating.most) * hours * SLACK + RESOLUTION
    over = 10.0 ** (floor(log10(count)) + 1) - count + value if count >= 1 else value
    if over <= believed:
        return over
    return value if value <= believed else None


def seconds(at: datetime) -> float:
    """Give an instant as series count it."""
    return at.timestamp()


def _around(times: Sequence[float], start: float, end: float) -> tuple[int, int]:
    """Find the readings from the last by *start* to the first from *end* on."""
    if end <= start:
        return 0, 0
    return max(0, bisect_right(times, start) - 1), bisect_left(times, end) + 1
