"""B7 and B8: readings over HTTP into a real daemon, against a loop that keeps nothing."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.gates import Gate
from bench.running import WITHIN, cores
from tests.rig.postgres import Postgres
from tests.rig.processes import free_port

ROUNDS = 3
SINGLES = 100_000
BATCHED = 500_000

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ROOT = Path(__file__).parent.parent
Figures = dict[str, float]


def singles(inventory: Path) -> list[Gate]:
    """B7: one reading a request, 32 connections."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        with _bare() as url:
            bare.append(_load(url, inventory, SINGLES, 1, 32))
        with (
            TemporaryDirectory(prefix="ven-bench-") as folder,
            _daemon(inventory, Path(folder)) as url,
        ):
            ours.append(_load(url, inventory, SINGLES, 1, 32))
    shares = [a["rate"] / b["rate"] for a, b in zip(ours, bare, strict=True)]
    return [
        _middle("B7", "single readings, C=32, FULL", [run["rate"] for run in ours], 10_000, 14_000),
        _middle("B7", "p99", [run["p99"] for run in ours], 15, 5, " ms", is_limit=True),
        _middle("B7", "p50", [run["p50"] for run in ours], unit=" ms"),
        _middle("B7", "of the no-store loop", shares, 0.5, None, " x"),
        _middle("B7", "no-store loop", [run["rate"] for run in bare]),
    ]


def batches(inventory: Path) -> list[Gate]:
    """B8: a hundred readings a request, 8 connections, on both databases."""
    gates = [*_batches(inventory, "SQLite FULL", None, 100_000, 200_000)]
    with Postgres(durable=True) as server:
        gates += _batches(inventory, "PostgreSQL", server, 40_000, 80_000)
    return gates


def _batches(
    inventory: Path, name: str, server: Postgres | None, must: float, goal: float
) -> Iterator[Gate]:
    ours, raw, p99 = [], [], []
    for _ in range(ROUNDS):
        with TemporaryDirectory(prefix="ven-bench-") as folder:
            place = Path(folder) / "raw.db" if server is None else server.fresh_database().libpq_url
            raw.append(_raw(str(place)))
            state = None if server is None else server.fresh_database().url
            with _daemon(inventory, Path(folder), state) as url:
                run = _load(url, inventory, BATCHED, 100, 8)
            ours.append(run["rate"])
            p99.append(run["p99"])
    shares = [a / b for a, b in zip(ours, raw, strict=True)]
    yield _middle("B8", f"batches of 100, {name}", ours, must, goal)
    yield _middle("B8", f"p99, {name}", p99, unit=" ms")
    yield _middle("B8", f"of raw executemany, {name}", shares, 0.5, None, " x")
    yield _middle("B8", f"raw executemany, {name}", raw)


@contextmanager
def _daemon(inventory: Path, folder: Path, state: str | None = None) -> Iterator[str]:
    """Run the daemon on the first core, with a VTN that is down."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("VEN_")},
        "VEN_VTN_URL": f"http://127.0.0.1:{free_port()}",
        "VEN_INVENTORY_URL": f"sqlite:///{inventory}",
        "VEN_STATE_URL": state or f"sqlite:///{folder}/state.db",
        "VEN_HTTP_PORT": str(port),
    }
    argv = [sys.executable, "-m", "ven_daemon", "run"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        os.sched_setaffinity(process.pid, {cores()[0]})
        url = f"http://127.0.0.1:{port}"
        _wait(url, folder / "log")
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {cores()[0]})
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, log: Path) -> None:
    request = urllib.request.Request(f"{url}/api/v1/readings", b"[]", method="POST")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with _OPENER.open(request, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@contextmanager
def _bare() -> Iterator[str]:
    argv = [sys.executable, "-m", "bench.ingest_bare"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        try:
            os.sched_setaffinity(process.pid, {cores()[0]})
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def _load(url: str, inventory: Path, count: int, batch: int, connections: int) -> Figures:
    return _run(
        *("bench.ingest_load", "--core", cores()[1], "--url", url, "--inventory", inventory),
        *("--count", count, "--batch", batch, "--connections", connections),
    )


def _raw(place: str) -> float:
    arguments = ("--core", cores()[0], "--url", place, "--count", BATCHED, "--batch", 100)
    return _run("bench.ingest_raw", *arguments)["rate"]


def _run(module: str, *arguments: Any) -> Figures:
    argv = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, text=True, timeout=WITHIN, check=True, cwd=_ROOT
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _middle(
    bench: str,
    what: str,
    values: list[float],
    must: float | None = None,
    goal: float | None = None,
    unit: str = "/s",
    *,
    is_limit: bool = False,
) -> Gate:
    spread = (min(values), max(values))
    return Gate(bench, what, median(values), must, goal, is_limit, unit, spread)
