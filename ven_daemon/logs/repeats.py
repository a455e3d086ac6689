"""The same trouble again and again is one line a minute, with how often it was."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable

from structlog import DropEvent
from structlog.typing import EventDict, WrappedLogger

PERIOD = 60.0
KNOWN = 4096
"""Different troubles that are remembered at a time; beyond them the oldest is forgotten."""

_LIMITED = frozenset(("warning", "error", "critical"))
_SECONDS = re.compile(r"\d+(\.\d+)? ?s\b")
"""Errors that say for how long something has been going on differ by that alone."""


class Repeats:
    """A processor: of the same (event, ven, error) it lets one pass per `PERIOD`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Let it pass, with how many were held back before; or hold it back."""
        error = event.get("error") or event.get("exception")
        if event.get("level") not in _LIMITED or error is None:
            return event
        key = (event.get("event"), event.get("ven"), _SECONDS.sub("s", str(error)))
        now = self._clock()
        since, held_back = self._seen.get(key, (float("-inf"), 0))
        if now - since < PERIOD:
            self._seen[key] = (since, held_back + 1)
            raise DropEvent
        self._seen[key] = (now, 0)
        self._seen.move_to_end(key)
        if len(self._seen) > KNOWN:
            self._seen.popitem(last=False)
        return {**event, "repeated": held_back} if held_back else event
