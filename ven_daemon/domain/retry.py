"""When to try again: full jitter between nothing and a doubling ceiling."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full-jitter backoff. All times in seconds."""

    base: float = 1.0
    factor: float = 2.0
    cap: float = 60.0

    def delay(self, attempt: int, dice: float) -> float:
        """Wait this long before try number *attempt* + 1 (the first try is 0).

        *dice* is uniform in [0, 1), brought by the caller.
        """
        # The exponent is bounded: 2.0 ** 1024 would overflow after a long outage.
        ceiling = min(self.cap, self.base * self.factor ** min(attempt, 32))
        return ceiling * dice


RETRY_AFTER_LEAST = 1.0
RETRY_AFTER_MOST = 3600.0


def clamp_retry_after(seconds: float) -> float:
    """Hold what a VTN asks for within one second and one hour."""
    return min(max(seconds, RETRY_AFTER_LEAST), RETRY_AFTER_MOST)
