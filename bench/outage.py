"""B13: a VTN that was down for ten minutes, and what becomes of the fleet when it is back."""

import json
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.daemon import faults, installed, ledger, ledger_lines, metric, running
from bench.gates import Gate
from bench.hurried import FLAG
from bench.running import OPENER

VENS, RESOURCES = 158, 9714
CHANGED = 97
"""Resources that somebody changes in the inventory meanwhile: one in a hundred."""

DOWN = 30.0
"""Seconds that stand for ten minutes (`bench.hurried`): each VEN misses a poll at least."""

UNHURRIED = 2.0
"""Seconds at the end of the outage that are seconds: what is waited for then is waited out."""

CONVERGED = 60.0


def outage(inventory: Path) -> list[Gate]:
    """Register everything, take the VTN away, change the world, and give it back."""
    with TemporaryDirectory(prefix="ven-bench-") as name:
        folder = Path(name)
        own = folder / "own.db"
        own.write_bytes(inventory.read_bytes())
        flag = folder / "hurry"
        with installed(folder, own, registered=False) as (vtn, settings):
            its = {**settings, "VEN_RECONCILE_INTERVAL": "PT5M", FLAG: str(flag)}
            with running(its, "bench.hurried"):
                time.sleep(5)
                start = [*ledger(vtn)]
                down = _take_away(vtn, flag, own)
                line = ledger_lines(vtn)
                faults(vtn, [])
                back = time.monotonic()
                seconds = _converge(vtn, line, back)
            return _gates(start, [*ledger(vtn, line)], down, back, seconds)


def _take_away(vtn: str, flag: Path, inventory: Path) -> int:
    """Let the VTN drop every connection for a while; give how often it was asked."""
    before = ledger_lines(vtn)
    flag.touch()
    faults(vtn, [{"kind": "reset"}])
    with closing(sqlite3.connect(inventory)) as connection, connection:
        connection.execute(
            "UPDATE resources SET address = 'moved' WHERE id % 100 = 1 AND id <= ?",
            (RESOURCES - 14,),
        )
    _publish(vtn)
    time.sleep(DOWN)
    flag.unlink()
    time.sleep(UNHURRIED)
    return ledger_lines(vtn) - before


def _publish(vtn: str) -> None:
    """Put an event there that everybody is to follow."""
    period = {"start": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(), "duration": "PT2H"}
    payloads = [{"type": "SIMPLE", "values": [2]}]
    objects: list[Mapping[str, Any]] = [
        {"kind": "program", "object": {"id": "tariff", "programName": "Tariff"}},
        {
            "kind": "event",
            "object": {
                "id": "peak",
                "programID": "tariff",
                "intervalPeriod": period,
                "intervals": [{"id": 0, "payloads": payloads}],
            },
        },
    ]
    body = "\n".join(map(json.dumps, objects)).encode()
    asked = urllib.request.Request(f"{vtn}/sandbox/objects", data=body, method="POST")
    with OPENER.open(asked, timeout=10):
        pass


def _converge(vtn: str, line: int, back: float) -> float:
    """Wait until everything is as it must be; give the seconds since the VTN was back."""
    while (now := time.monotonic() - back) < CONVERGED * 1.5:
        with suppress(KeyError):
            if metric("dispatch_resources") == RESOURCES and _moved(ledger(vtn, line)) == CHANGED:
                return now
        time.sleep(0.5)
    return float("inf")


def _moved(lines: Any) -> int:
    """Count the resources that were replaced."""
    return len(
        {each["path"] for each in lines if each["method"] == "PUT" and each["status"] == 200}
    )


def _gates(
    start: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    down: int,
    back: float,
    seconds: float,
) -> list[Gate]:
    first: dict[str, float] = {}
    for each in after:
        if each["path"] == "/events" and each["status"] == 200:
            first.setdefault(each["client"], each["monotonic"] - back)
    latest = max(first.values()) if len(first) == VENS else float("inf")
    pressed = _busiest(after) / _busiest(start)
    what = "busiest second afterwards, of that of a first start"
    return [
        Gate("B13", "converged after an outage of 10 min", seconds, 60.0, 20.0, True, " s"),
        Gate("B13", "first poll of every VEN", latest, 30.0, None, True, " s"),
        Gate("B13", what, pressed, 1.0, None, True, " x"),
        Gate("B13", "requests while it was down", down, 1000, 100, True),
    ]


def _busiest(lines: Sequence[Mapping[str, Any]]) -> int:
    """Give the most requests that came within one second."""
    return max(Counter(int(each["monotonic"]) for each in lines).values())
