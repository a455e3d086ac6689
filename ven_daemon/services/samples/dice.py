"""Chance that every Python deals alike."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws from a seed with `random()` alone, whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - repeatable on purpose

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to *limit* - 1."""
        return int(self._random() * limit)

    def pick(self, faces: Sequence[T]) -> T:
        """Draw one of *faces*."""
        return faces[self.below(len(faces))]

    def between(self, least: float, most: float) -> float:
        """Draw a number of that range."""
        return least + (most - least) * self._random()

    def shuffle(self, deck: list[str]) -> None:
        """Put *deck* into another order, in place."""
        for last in range(len(deck) - 1, 0, -1):
            other = self.below(last + 1)
            deck[last], deck[other] = deck[other], deck[last]
