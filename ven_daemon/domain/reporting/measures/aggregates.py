"""One value for many resources: "the data from a set of resources are summed" (User Guide 7.7)."""

from collections.abc import Iterable, Sequence

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.readings import Quality
from ven_daemon.domain.reporting.measures.subjects import MISSING, Measure, worst
from ven_daemon.domain.reporting.measures.units import known

_LEVELS = frozenset({"PERCENT", "VOLTS", "HZ"})
"""Units of what resources share rather than add up to."""


def summed(
    measures: Sequence[Measure], units: str | None, weights: Sequence[float] | None = None
) -> Measure:
    """Sum what is known; the sum of a part is an estimate of the whole.

    Levels (percent, volts, hertz) are averaged, by *weights* where they are given. Words
    and steps have no sum: the one that all share, or none.
    """
    good = [one.quality is not Quality.BAD and one.value is not None for one in measures]
    # Bad values count where there is nothing else.
    taken = good if any(good) else [one.value is not None for one in measures]
    numbers = [
        (one.value, weight)
        for one, weight, take in zip(measures, weights or [1.0] * len(measures), taken, strict=True)
        if take and isinstance(one.value, float)
    ]
    if not any(taken):
        return MISSING
    if len(numbers) < sum(taken):
        return _shared(measures)
    unit = known(units)
    level = unit is not None and unit.of in _LEVELS
    value = _mean(numbers) if level else sum(number for number, _ in numbers)
    quality = worst(*(one.quality for one, take in zip(measures, taken, strict=True) if take))
    partial = quality is Quality.OK and not all(taken)
    return Measure(round(value, 6) + 0.0, Quality.ESTIMATED if partial else quality)


def _mean(numbers: Sequence[tuple[float, float]]) -> float:
    weight = sum(weight for _, weight in numbers)
    if weight <= 0:
        return sum(number for number, _ in numbers) / len(numbers)
    return sum(number * each for number, each in numbers) / weight


def _shared(measures: Iterable[Measure]) -> Measure:
    values: set[Value | None] = {one.value for one in measures}
    return Measure(values.pop()) if len(values) == 1 else MISSING
