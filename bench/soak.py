"""B15: does the daemon grow? A minute at thirty times the pace, or two hours at its own."""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.daemon import installed, metric, running
from bench.gates import Gate
from bench.service import INTERVAL

PACE = 30.0
"""How much more often VENs are polled and readings come in the short form."""

MINUTE, HOURS = 50.0, 7200.0
WARM_UP = 15.0
"""Seconds until what is kept is there: caches, connections, threads."""


class _Size(NamedTuple):
    rss: float
    """MiB."""
    files: int
    threads: int


def soak(inventory: Path) -> list[Gate]:
    """Watch the sample fleet for a minute in which half an hour happens."""
    return _watched(inventory, PACE, MINUTE, WARM_UP)


def soak_for_hours(inventory: Path) -> list[Gate]:
    """Watch it for two hours, as it is."""
    return _watched(inventory, 1.0, HOURS, 20 * WARM_UP)


def _watched(inventory: Path, pace: float, seconds: float, warm_up: float) -> list[Gate]:
    hurried = {
        "VEN_POLL_INTERVAL": str(INTERVAL / pace),
        "VEN_RECONCILE_INTERVAL": str(300 / pace),
        "VEN_SIMULATOR": "true",
        "VEN_SIMULATOR_INTERVAL": str(60 / pace),
    }
    with (
        TemporaryDirectory(prefix="ven-bench-") as name,
        installed(Path(name), inventory) as (_, settings),
        running({**settings, **hurried}) as process,
    ):
        time.sleep(warm_up)
        polls = metric("event_polls_total")
        sizes = _sizes(process, seconds)
        polls = metric("event_polls_total") - polls
    return _gates(sizes, seconds * pace, polls)


def _sizes(process: int, seconds: float) -> list[_Size]:
    """Look at a process sixty times, or once a second where that is more."""
    until, sizes = time.monotonic() + seconds, list[_Size]()
    while time.monotonic() < until:
        sizes.append(_size(Path(f"/proc/{process}")))
        time.sleep(min(1.0, seconds / 60))
    return sizes


def _size(process: Path) -> _Size:
    found = dict(re.findall(r"(VmRSS|Threads):\s+(\d+)", (process / "status").read_text()))
    files = sum(1 for _ in (process / "fd").iterdir())
    return _Size(int(found["VmRSS"]) / 1024, files, int(found["Threads"]))


def _gates(sizes: Sequence[_Size], seconds: float, polls: float) -> list[Gate]:
    """Compare the least of the last third with the least of the first: what rises is a leak."""
    third = len(sizes) // 3
    first, last = sizes[:third], sizes[-third:]
    more = min(each.rss for each in last) - min(each.rss for each in first)
    files = min(each.files for each in last) - min(each.files for each in first)
    threads = min(each.threads for each in last) - min(each.threads for each in first)
    spread = (min(each.rss for each in sizes), max(each.rss for each in sizes))
    slope = more / (seconds * 2 / 3) * 600
    what = "memory more in ten minutes' work"
    return [
        Gate("B15", what, slope, 1.0, 0.0, True, " MiB"),
        Gate("B15", "memory meanwhile", spread[1], unit=" MiB", spread=spread),
        Gate("B15", "open files more", files, 0, 0, True),
        Gate("B15", "threads more", threads, 0, 0, True),
        Gate("B15", "polls meanwhile", polls),
    ]
