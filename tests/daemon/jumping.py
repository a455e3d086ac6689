"""The daemon under a clock that can be set: `python -m tests.daemon.jumping run …`.

Its wall clock is off by as many seconds as the file says that VEN_CLOCK_FILE names, which is
read at the start and at every SIGUSR1. Everything else is the product as it is.
"""

import os
import signal
import time
from pathlib import Path

from tests.daemon.clocks import set_wall

FILE = Path(os.environ.pop("VEN_CLOCK_FILE"))

_time = time.time
_off = 0.0


def wall() -> float:
    """Stand in for `time.time`."""
    return _time() + _off


def read(*_: object) -> None:
    """Set the clock."""
    global _off  # noqa: PLW0603 - a machine has one clock
    _off = float(FILE.read_text())


if __name__ == "__main__":
    read()
    signal.signal(signal.SIGUSR1, read)
    set_wall(wall)
    from ven_daemon.cli import main

    main()
