"""Status lines: what the daemon says of itself, when it changes."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scripts.demo.http import get

_COLOURS = {"vtn": "\033[36m", "fleet": "\033[32m", "note": "\033[33m"}


def say(who: str, words: str) -> None:
    """Print one line, with the time."""
    colour, off = (_COLOURS.get(who, ""), "\033[0m") if sys.stdout.isatty() else ("", "")
    now = f"{datetime.now():%H:%M:%S}"  # noqa: DTZ005 - a person's own clock
    sys.stdout.write(f"{now}  {colour}{who:<6}{off} {words}\n")
    sys.stdout.flush()


class Watch:
    """Asks the daemon, and says what is new."""

    def __init__(self, daemon: str) -> None:
        self._url = f"{daemon}/api/v1/status"
        self._last = ""
        self.ready = False

    def look(self) -> None:
        """Ask once; a line where something changed."""
        found = get(self._url)
        if found is None:
            return
        fleet = found["fleet"]
        if found["ready"] and not self.ready:
            self.ready = True
            done = f"{fleet['registered']} VENs, {fleet['resources_registered']:,} resources"
            say("fleet", f"ready: {done} registered")
        line = self._line(found)
        if self.ready and line and line != self._last:
            say("fleet", line)
            self._last = line

    def _line(self, found: Mapping[str, Any]) -> str:
        parts = [
            _counts("events", found.get("events"), "seen", "deleted", "quarantined"),
            _counts("dispatch", found.get("dispatch"), "resources", "commands"),
            _counts("reports", found.get("reports"), "queued", "reported", "quarantined"),
        ]
        return " · ".join(part for part in parts if part)


def _counts(name: str, counts: Mapping[str, Any] | None, *kinds: str) -> str:
    shown = [f"{counts[kind]:,} {kind}" for kind in kinds if counts and counts.get(kind)]
    return f"{name}: {', '.join(shown)}" if shown else ""
