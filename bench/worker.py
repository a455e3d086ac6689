"""One shape doing one job, in a process of its own: `python -m bench.worker SHAPE …`.

What is imported and opened before the clock starts belongs to the start of a program;
what the clock sees is cold.
"""

import argparse
import importlib
import json
import os
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path

import uvloop

from bench.shapes import Job, Shape
from ven_daemon.cli.terminal import spare_the_collector

SHAPES = ("ours", "bare", "ancestor")


def main() -> None:
    """Do the job and say on one line what it took."""
    chosen = vars(_options())
    core = chosen.pop("core")
    if core is not None:
        os.sched_setaffinity(0, {core})
    shape: Shape = importlib.import_module(f"bench.{chosen.pop('shape')}").opened
    spare_the_collector()  # of every shape alike
    sys.stdout.write(json.dumps(uvloop.run(measured(shape, Job(**chosen)))) + "\n")


async def measured(shape: Shape, job: Job) -> dict[str, float]:
    """Run the clocks around the work alone."""
    start = time.perf_counter()
    async with shape(job) as work:
        opened = time.perf_counter() - start
        cpu, wall = time.process_time(), time.perf_counter()
        done = await work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = _peak()
    return {"wall": wall, "cpu": cpu, "opened": opened, "rss": peak, **asdict(done)}


def _peak() -> float:
    """Give the most memory that this program had, in MiB: getrusage counts its parent's, too."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser()
    options.add_argument("shape", choices=SHAPES)
    options.add_argument("--core", type=int)
    options.add_argument("--url", required=True)
    options.add_argument("--inventory", type=Path, required=True)
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--workers", type=int, default=64)
    options.add_argument("--ven")
    options.add_argument("--client-id", default="bench")
    options.add_argument("--client-secret", default="bench")
    return options.parse_args()


if __name__ == "__main__":
    main()
