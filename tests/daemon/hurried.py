"""The daemon on clocks that run fast: `python -m tests.daemon.hurried run …`.

Every clock that it has, the wall's, the monotonic one and that of its event loop, runs
`HURRY` times as fast as ours, so that all its waits, time limits, periods and ages shrink by
one factor. Everything else is the product as it is.
"""

import selectors
import sys
import time
from typing import Any

from tests.daemon.clocks import set_wall

HURRY = 30.0

_monotonic = time.monotonic
_since, _wall = _monotonic(), time.time()


def ticks() -> float:
    """Stand in for `time.monotonic`."""
    return _since + (_monotonic() - _since) * HURRY


def wall() -> float:
    """Stand in for `time.time`."""
    return _wall + ticks() - _since


class Selector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Waits on our clock for what an event loop asks for on its own."""

    def select(self, timeout: float | None = None) -> Any:
        """Wait for so many of its seconds."""
        return super().select(timeout / HURRY if timeout else timeout)


if __name__ == "__main__":
    time.monotonic = ticks
    selectors.DefaultSelector = Selector  # type: ignore[misc]
    sys.modules["uvloop"] = None  # type: ignore[assignment] # its clock is out of reach
    set_wall(wall)
    from ven_daemon.cli import main

    main()
