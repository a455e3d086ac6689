"""The daemon on clocks that run fast: `python -m tests.daemon.hurried run …`.

Every clock that it has, the wall's, the monotonic one and that of its event loop, runs
`HURRY` times as fast as ours, so that all its waits, time limits, periods and ages shrink by
one factor. Everything else is the product as it is.
"""

import importlib
import pkgutil
import selectors
import sys
import time
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

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


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Datetime(datetime, metaclass=_Kind):
    """Stand in for `datetime.datetime`: every one is one of these, and `now` is now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Datetime":
        """Say what time it is by the clock that runs fast."""
        return cls.fromtimestamp(wall(), tz)


def everything(*packages: str) -> Iterable[Any]:
    """Import all there is, so that nothing comes later that has not seen these clocks."""
    for package in map(importlib.import_module, packages):
        yield package
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "sandbox" not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def hurry() -> None:
    """Put these clocks in the place of the machine's, for the whole process."""
    time.monotonic, time.time = ticks, wall
    selectors.DefaultSelector = Selector  # type: ignore[misc]
    sys.modules["uvloop"] = None  # type: ignore[assignment] # its clock is out of reach
    for module in [*everything("ven_daemon"), sys.modules["apscheduler.schedulers.base"]]:
        if getattr(module, "datetime", None) is datetime:
            module.datetime = Datetime


if __name__ == "__main__":
    hurry()
    from ven_daemon.cli import main

    main()
