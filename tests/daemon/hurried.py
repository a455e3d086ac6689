"""The daemon in a hurry: `python -m tests.daemon.hurried run …`, where a minute of waiting
for a VTN takes a second. Everything else is the product as it is."""

from ven_daemon.cli import main
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn import budget, transport

HURRY = 60.0

_delay = Backoff.delay


def _hurried(self: Backoff, attempt: int, dice: float) -> float:
    return _delay(self, attempt, dice) / HURRY


if __name__ == "__main__":
    Backoff.delay = _hurried  # type: ignore[method-assign]
    transport.SKEW_EVERY /= HURRY
    budget.WINDOW = 1
    main()
