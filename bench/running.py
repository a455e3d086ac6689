"""Processes of a measurement: a VTN on one core, one worker after the other on the other."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

WITHIN = 60.0
"""Seconds that one worker may take."""

ROOT = Path(__file__).parent.parent
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Run:
    """One worker's figures: seconds, MiB, counts."""

    wall: float
    cpu: float
    opened: float
    rss: float
    resources: int
    writes: int

    @property
    def each(self) -> float:
        """Seconds per resource."""
        return self.wall / self.resources


def cores() -> tuple[int, int]:
    """Choose the core of the VTN and that of the client; one must do where there is one."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


@contextmanager
def vtn(delay: float, events: int = 0) -> Iterator[str]:
    """Run a stub that takes *delay* seconds for an answer; give its URL."""
    argv = [sys.executable, "-m", "bench.stub", "--core", str(cores()[0])]
    argv += ["--delay", str(delay), "--events", str(events)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def told(url: str, method: str = "GET") -> dict[str, int]:
    """Ask a stub what it holds; DELETE makes it forget that."""
    with OPENER.open(urllib.request.Request(f"{url}/", method=method), timeout=5) as answer:
        counts: dict[str, int] = json.load(answer)
        return counts


def work(shape: str, url: str, inventory: Path, folder: Path | None = None, *more: str) -> Run:
    """Run one worker to its end, in *folder* or in one that is thrown away."""
    with TemporaryDirectory(prefix="ven-bench-") as fresh:
        argv = [sys.executable, "-m", "bench.worker", shape, "--url", url]
        argv += ["--inventory", str(inventory), "--folder", str(folder or fresh), *more]
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, text=True, timeout=WITHIN, check=True, cwd=ROOT
        )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Run(**figures)


def pinned(shape: str, url: str, inventory: Path, folder: Path | None = None, *more: str) -> Run:
    """Run one worker on the client's core."""
    return work(shape, url, inventory, folder, "--core", str(cores()[1]), *more)


def ratios(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """Compare pair by pair: the median ratio, and the least and the largest."""
    pairs = [a / b for a, b in zip(over, under, strict=False)]
    return median(pairs), min(pairs), max(pairs)
