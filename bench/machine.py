"""B0: what the machine can do, so that a figure can be read years later."""

import os
import subprocess
import time
from pathlib import Path
from statistics import median

import orjson

from bench.gates import Gate
from bench.running import pinned, vtn


def commit() -> str:
    """Name the commit that is measured, with a + where the tree differs from it."""
    said = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    done = subprocess.run(said, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def calibrate(inventory: Path, folder: Path) -> list[Gate]:
    """Measure a sync, a parser and a loop."""
    with vtn(0.0) as url:
        run = pinned("bare", url, inventory)
    return [
        Gate("B0", "fsync of 4 kB", _fsync(folder) * 1e3, unit=" ms"),
        Gate("B0", "orjson reads", _parse(), unit=" MB/s"),
        Gate("B0", "bare loop", run.writes / run.wall, unit=" requests/s"),
    ]


def _fsync(folder: Path) -> float:
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times)


def _parse() -> float:
    body = orjson.dumps([{"type": f"T{n}", "values": [n / 7, "text"]} for n in range(1000)])
    times = []
    for _ in range(50):
        start = time.perf_counter()
        orjson.loads(body)
        times.append(time.perf_counter() - start)
    return len(body) / 1e6 / median(times)
