"""Figures that parts of the daemon keep and a scrape reads; Prometheus is the surface's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: a name without the product's prefix, and its samples by label values."""

    name: str
    words: str
    samples: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"

    @classmethod
    def gauge(cls, name: str, words: str, value: float) -> "Figure":
        """Make a figure without labels that goes up and down."""
        return cls(name, words, {(): value})

    @classmethod
    def counter(cls, name: str, words: str, value: float) -> "Figure":
        """Make a figure without labels that only goes up."""
        return cls(name, words, {(): value}, kind="counter")
