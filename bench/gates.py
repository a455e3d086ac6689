"""Gates: what must be reached, what we aim for, and what is said of a figure."""

from collections.abc import Iterable
from dataclasses import dataclass

SLACK = 0.10
"""How far a gate may be missed on a noisy machine before it counts."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure with what is asked of it."""

    bench: str
    what: str
    value: float
    must: float | None = None
    goal: float | None = None
    is_limit: bool = False
    """Whether less is better."""
    unit: str = ""
    spread: tuple[float, float] | None = None

    @property
    def missed(self) -> bool:
        """Whether it fails by more than the slack."""
        return self.must is not None and not self._reaches(self.must, SLACK)

    @property
    def verdict(self) -> str:
        """Say it in a word or two."""
        if self.must is None and self.goal is None:
            return ""
        if self.goal is not None and self._reaches(self.goal):
            return "goal"
        if self.must is None:
            return "short of the goal"
        if self._reaches(self.must):
            return "ok"
        return "MISSED" if self.missed else "missed within slack"

    def _reaches(self, mark: float, slack: float = 0.0) -> bool:
        if self.is_limit:
            return self.value <= mark * (1 + slack)
        return self.value >= mark * (1 - slack)


def table(gates: Iterable[Gate]) -> list[str]:
    """Lay the figures out in columns."""
    rows: list[tuple[str, ...]] = [
        ("", "figure", "measured", "spread", "must", "goal", "verdict"),
        *map(_row, gates),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _row(gate: Gate) -> tuple[str, ...]:
    low_high = " - ".join(map(shown, gate.spread)) if gate.spread else ""
    sign = "<=" if gate.is_limit else ">="
    must = "" if gate.must is None else f"{sign} {gate.must:g}"
    goal = "" if gate.goal is None else f"{sign} {gate.goal:g}"
    measured = shown(gate.value) + gate.unit
    return (gate.bench, gate.what, measured, low_high, must, goal, gate.verdict)


def shown(value: float) -> str:
    """Write three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
