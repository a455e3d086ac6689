"""The daemon in a hurry: `python -m bench.hurried run`, while a file is there.

Then a minute of waiting for a VTN takes three seconds. Once it is gone, everything takes its
time again, so that what is measured after an outage is what an operator would see.
"""

import os
from pathlib import Path

from ven_daemon.cli import main
from ven_daemon.domain.retry import Backoff

HURRY = 20.0
FLAG = "BENCH_HURRY"
"""Names the file in the environment."""

_delay = Backoff.delay


def _hurried(self: Backoff, attempt: int, dice: float) -> float:
    delay = _delay(self, attempt, dice)
    return delay / HURRY if Path(os.environ[FLAG]).exists() else delay


if __name__ == "__main__":
    Backoff.delay = _hurried  # type: ignore[method-assign]
    main()
