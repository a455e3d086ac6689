"""What resources can do, alone and together: the limits that no dispatch leaves."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

SENSIBLE = 1e9
"""kW or kWh from which on a capacity is taken for a slip of the pen."""

Bounds = tuple[float, float]
"""The least and the most, both zero or above."""


class Rating(NamedTuple):
    """What a resource can do, kW and kWh; None is not known."""

    p_max: float | None = None
    p_min: float | None = None
    e_max: float | None = None
    e_min: float | None = None
    problem: str = ""

    @staticmethod
    def of(capacities: Mapping[str, float]) -> "Rating":
        """Read the inventory's capacities; of two that contradict, the safer one counts."""
        names = ("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh")
        return _rated(*(_sensible(capacities.get(name)) for name in names))

    @property
    def low(self) -> float:
        """The least it may draw, in kW: below zero is export."""
        return self.p_min if self.p_min is not None else min(0.0, self.p_max or 0.0)

    @property
    def imports(self) -> Bounds:
        """What it must, and may at the most, consume."""
        return max(0.0, self.low), max(0.0, self.p_max or 0.0)

    @property
    def exports(self) -> Bounds:
        """What it must, and may at the most, export."""
        return max(0.0, -(self.p_max or 0.0)), max(0.0, -self.low)


@lru_cache(maxsize=1024)
def _rated(
    p_max: float | None, p_min: float | None, e_max: float | None, e_min: float | None
) -> Rating:
    """Leave out what contradicts; a fleet has few different ratings, and shares them."""
    problems = []
    if e_max is not None and e_max < 0:
        e_max = None
        problems.append("E_max_kwh is below zero and is left out")
    if p_max is not None and p_min is not None and p_min > p_max:
        p_min = None
        problems.append("P_min_kw is above P_max_kw and is left out")
    if e_max is not None and e_min is not None and e_min > e_max:
        e_min = None
        problems.append("E_min_kwh is above E_max_kwh and is left out")
    return Rating(p_max, p_min, e_max, e_min, ", ".join(problems))


class Pool(NamedTuple):
    """What the resources of a VEN that share a value can do together."""

    imports: Bounds = (0.0, 0.0)
    exports: Bounds = (0.0, 0.0)

    @classmethod
    def of(cls, ratings: Iterable[Rating]) -> "Pool":
        """Add up; who has no P_max_kw takes no part."""
        known = [rating for rating in ratings if rating.p_max is not None]
        return cls(_sum(r.imports for r in known), _sum(r.exports for r in known))


def _sum(bounds: Iterable[Bounds]) -> Bounds:
    least, most = 0.0, 0.0
    for low, high in bounds:
        least, most = least + low, most + high
    return least, most


def _sensible(value: float | None) -> float | None:
    return value if value is not None and abs(value) < SENSIBLE else None
