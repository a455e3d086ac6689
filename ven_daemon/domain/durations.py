"""ISO 8601 durations as OpenADR writes them: by value, never by spelling.

`PT1H`, `P0Y0M0DT1H0M0S` and `PT60M` are one value (T-03). Years and months stay
calendar units until they meet a start; `P9999Y`, in all its spellings, is not a length
but for ever, and is told before any arithmetic could overflow.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, with the calendar units that have none of their own."""

    months: int = 0
    """Calendar months, years included as twelve each."""
    length: timedelta = timedelta(0)
    endless: bool = False
    """For ever: nothing else of it counts."""

    @property
    def is_zero(self) -> bool:
        """Whether it is no time at all, as an unset duration is written by some VTNs (T-18)."""
        return not self.endless and self.months == 0 and self.length == timedelta(0)


ENDLESS = Duration(endless=True)
ZERO = Duration()
