"""How much of what a VTN gets may be repetition: an outage must not be amplified (P7)."""

import time
from collections import deque
from collections.abc import Callable

SHARE = 0.1
"""Of the requests of the last minute, how many may be sent again."""

LEAST = 10
"""How many may be, however few there were."""

WINDOW = 60


class RetryBudget:
    """Counts first tries and repetitions over a sliding minute, second by second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.retries = 0
        """Requests that were sent again, since the start."""
        self.refused = 0
        """Requests that were not, because the budget was spent."""
        self._clock = clock
        self._seconds: deque[list[int]] = deque()
        self._firsts = 0
        self._again = 0

    def first(self) -> None:
        """Count a request that is sent for the first time."""
        self._now()[1] += 1
        self._firsts += 1

    def take(self) -> bool:
        """Count one that would be sent again; False where it may not be."""
        now = self._now()
        if self._again >= max(LEAST, SHARE * self._firsts):
            self.refused += 1
            return False
        now[2] += 1
        self._again += 1
        self.retries += 1
        return True

    def _now(self) -> list[int]:
        """Give the second that is, and forget those that are over."""
        second = int(self._clock())
        if self._seconds and self._seconds[-1][0] == second:
            return self._seconds[-1]
        while self._seconds and self._seconds[0][0] <= second - WINDOW:
            _, firsts, again = self._seconds.popleft()
            self._firsts -= firsts
            self._again -= again
        self._seconds.append([second, 0, 0])
        return self._seconds[-1]
