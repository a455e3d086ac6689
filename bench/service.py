"""B6 and B12: the running daemon, seen from its VTN's ledger and its own figures."""

import time
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.daemon import installed, ledger, ledger_lines, many_vens, metric, running
from bench.gates import Gate

INTERVAL = 30.0
"""Seconds between two polls of a VEN: the default."""

WATCHED = 60.0
MANY = 10_000


def few(inventory: Path) -> list[Gate]:
    """B12 and the idle part of B6: the sample fleet, each VEN with a credential of its own."""
    with TemporaryDirectory(prefix="ven-bench-") as name:
        folder = Path(name)
        with installed(folder, inventory) as (vtn, settings):
            gates = _started(settings)
            with running(settings):
                time.sleep(5)
                gates += _watched("B6", "158 VENs", vtn, 158, must_cpu=5.0, must_rss=150.0)
            return gates


def many() -> list[Gate]:
    """The large part of B6: ten thousand VENs, each with a credential of its own."""
    with TemporaryDirectory(prefix="ven-bench-") as name:
        folder = Path(name)
        inventory = folder / "many.db"
        many_vens(inventory, MANY)
        with installed(folder, inventory) as (vtn, settings), running(settings):
            # By then the first pass is over, and everybody has been polled once.
            time.sleep(1.5 * INTERVAL)
            return _watched("B6", f"{MANY:,} VENs", vtn, MANY)


def _started(settings: Mapping[str, str]) -> list[Gate]:
    times, sizes = [], []
    for _ in range(3):
        began = time.monotonic()
        with running(settings):
            times.append(time.monotonic() - began)
            sizes.append(metric("resident_memory_bytes") / 2**20)
    spread = (min(times), max(times))
    return [
        Gate(
            "B12", "start to ready, 9,714 resources", sorted(times)[1], 3.0, 1.5, True, " s", spread
        ),
        Gate("B12", "memory when ready", max(sizes), 120.0, 90.0, True, " MiB"),
    ]


def _watched(
    bench: str,
    what: str,
    vtn: str,
    vens: int,
    must_cpu: float | None = None,
    must_rss: float | None = None,
) -> list[Gate]:
    """Watch for a minute: who was polled when, and what that took."""
    line = ledger_lines(vtn)
    cpu = metric("cpu_seconds_total")
    time.sleep(WATCHED)
    used = (metric("cpu_seconds_total") - cpu) / WATCHED * 100
    stall = metric("event_loop_recent_stall_seconds") * 1000
    rss = metric("resident_memory_bytes") / 2**20
    polls = _polls(vtn, line)
    count = sum(len(times) for times in polls.values())
    return [
        Gate(
            bench,
            f"{what}: polled within 1.5 intervals",
            _fresh(polls, vens),
            99.9,
            99.99,
            unit=" %",
        ),
        Gate(bench, f"{what}: polls", count / WATCHED, unit=" /s"),
        Gate(bench, f"{what}: CPU of a core", used, must_cpu, 2.0, True, " %"),
        Gate(bench, f"{what}: CPU of a poll", used * WATCHED * 1e4 / count, unit=" us"),
        Gate(bench, f"{what}: worst stall", stall, 250.0, 50.0, True, " ms"),
        Gate(bench, f"{what}: memory", rss, must_rss, None, True, " MiB"),
    ]


def _fresh(polls: Mapping[str, list[float]], vens: int) -> float:
    """Say how many VENs, in percent, were never left alone for longer than 1.5 intervals."""
    longest = 1.5 * INTERVAL
    begin = min(times[0] for times in polls.values())
    end = max(times[-1] for times in polls.values())
    fresh = 0
    for times in polls.values():
        marks = [begin, *times, end]
        gaps = [after - before for before, after in pairwise(marks)]
        fresh += max(gaps) <= longest
    return 100 * fresh / vens


def _polls(vtn: str, after: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for said in ledger(vtn, after):
        if said["method"] == "GET" and said["path"].startswith("/events"):
            found[said["client"]].append(said["monotonic"])
    return found
