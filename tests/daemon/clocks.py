"""Clocks to put in the place of the machine's, in the process of a daemon."""

import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Datetime(datetime, metaclass=_Kind):
    """Stands in for `datetime.datetime`: every one is one of these, and `now` asks our clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Datetime":
        """Say what time it is by the clock that was put in place."""
        return cls.fromtimestamp(time.time(), tz)


def set_wall(wall: Callable[[], float]) -> None:
    """Make *wall* the clock that the whole process has on its wall."""
    time.time = wall
    for module in [*_everything(), sys.modules["apscheduler.schedulers.base"]]:
        if getattr(module, "datetime", None) is datetime:
            module.datetime = Datetime


def _everything() -> Iterable[Any]:
    """Import all that there is of ours, so that nothing comes later and asks another clock."""
    package = importlib.import_module("ven_daemon")
    yield package
    for found in pkgutil.walk_packages(package.__path__, "ven_daemon."):
        if "sandbox" not in found.name and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)
