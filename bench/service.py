"""B6 and B12: the running daemon, seen from its VTN's ledger and its own figures."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

from bench.gates import Gate
from bench.running import OPENER, ROOT, cores

INTERVAL = 30.0
"""Seconds between two polls of a VEN: the default."""

WATCHED = 60.0
MANY = 10_000
PORT = 18_081

_PROGRAM = (sys.executable, "-m", "ven_daemon")


def few(inventory: Path) -> list[Gate]:
    """B12 and the idle part of B6: the sample fleet, each VEN with a credential of its own."""
    with TemporaryDirectory(prefix="ven-bench-") as name:
        folder = Path(name)
        with _installed(folder, inventory) as (vtn, settings):
            gates = _started(settings)
            with _running(settings):
                time.sleep(5)
                gates += _watched("B6", "158 VENs", vtn, 158, must_cpu=5.0, must_rss=150.0)
            return gates


def many() -> list[Gate]:
    """The large part of B6: ten thousand VENs, each with a credential of its own."""
    with TemporaryDirectory(prefix="ven-bench-") as name:
        folder = Path(name)
        inventory = folder / "many.db"
        _inventory(inventory, MANY)
        with _installed(folder, inventory) as (vtn, settings), _running(settings):
            # By then the first pass is over, and everybody has been polled once.
            time.sleep(1.5 * INTERVAL)
            return _watched("B6", f"{MANY:,} VENs", vtn, MANY)


def _started(settings: Mapping[str, str]) -> list[Gate]:
    times, sizes = [], []
    for _ in range(3):
        began = time.monotonic()
        with _running(settings):
            times.append(time.monotonic() - began)
            sizes.append(_metric("resident_memory_bytes") / 2**20)
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
    line = _lines(vtn)
    cpu = _metric("cpu_seconds_total")
    time.sleep(WATCHED)
    used = (_metric("cpu_seconds_total") - cpu) / WATCHED * 100
    stall = _metric("event_loop_recent_stall_seconds") * 1000
    rss = _metric("resident_memory_bytes") / 2**20
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
    with OPENER.open(f"{vtn}/sandbox/ledger?after={after}", timeout=60) as answer:
        for line in answer:
            said = json.loads(line)
            if said["method"] == "GET" and said["path"].startswith("/events"):
                found[said["client"]].append(said["monotonic"])
    return found


def _lines(vtn: str) -> int:
    """Count the lines of the ledger: all but the control plane's requests are in it."""
    with OPENER.open(f"{vtn}/sandbox/summary", timeout=10) as answer:
        counts = json.load(answer)
        return int(counts["requests"] + counts["tokens"])


@contextmanager
def _installed(folder: Path, inventory: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A sandbox that knows a client for each VEN, and a state in which all are registered."""
    clients, given = folder / "clients.csv", folder / "given.csv"
    with closing(sqlite3.connect(inventory)) as connection:
        rows = connection.execute("SELECT DISTINCT ven FROM resources ORDER BY ven").fetchall()
    pairs = [(name, f"client-{number}", f"secret-{number}") for number, (name,) in enumerate(rows)]
    clients.write_text(
        "client_id,client_secret,role\n" + "".join(f"{i},{s},ven\n" for _, i, s in pairs)
    )
    given.write_text(
        "ven,client_id,client_secret\n" + "".join(f"{n},{i},{s}\n" for n, i, s in pairs)
    )
    with _sandbox(folder, clients) as vtn:
        settings = {
            "VEN_VTN_URL": vtn,
            "VEN_CREDENTIAL_MODE": "per-ven",
            "VEN_CREDENTIALS_KEY": Fernet.generate_key().decode(),
            "VEN_INVENTORY_URL": f"sqlite:///{inventory}",
            "VEN_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "VEN_HTTP_PORT": str(PORT),
            "VEN_RECONCILE_INTERVAL": "PT1H",
            "VEN_LOG_FORMAT": "json",
        }
        _run(settings, "credentials", "import", str(given))
        _run(settings, "register", "--json")
        yield vtn, settings


@contextmanager
def _sandbox(folder: Path, clients: Path) -> Iterator[str]:
    argv = [sys.executable, "-m", "ven_daemon.sandbox", "--port", "0", "--clients", str(clients)]
    with (
        (folder / "sandbox.log").open("wb") as log,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT) as process,
    ):
        os.sched_setaffinity(process.pid, {cores()[0]})
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield "http://" + line.partition("http://")[2].split()[0]
        finally:
            process.terminate()


@contextmanager
def _running(settings: Mapping[str, str]) -> Iterator[None]:
    """Run the daemon on the client's core, from ready to stopped."""
    environment = {**os.environ, **settings}
    log = Path(settings["VEN_STATE_URL"].removeprefix("sqlite:///")).with_name("daemon.log")
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [*_PROGRAM, "run"], env=environment, stdout=out, stderr=out, cwd=ROOT
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {cores()[1]})
        try:
            _wait(lambda: process.poll() is None)
            yield
        finally:
            process.terminate()


def _wait(lives: Callable[[], bool], within: float = 180.0) -> None:
    """Wait until the daemon says that it is ready."""
    until = time.monotonic() + within
    while time.monotonic() < until and lives():
        try:
            with OPENER.open(f"http://127.0.0.1:{PORT}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError("the daemon did not become ready: see its log")


def _metric(name: str) -> float:
    with OPENER.open(f"http://127.0.0.1:{PORT}/metrics", timeout=30) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"ven_daemon_{name} "):
                return float(line.rpartition(" ")[2])
    raise KeyError(name)


def _run(settings: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [*_PROGRAM, *words],
        env={**os.environ, **settings},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")


def _inventory(file: Path, vens: int) -> None:
    """VENs with one resource each: what costs is how many there are, not what they have."""
    columns = (
        "id INTEGER PRIMARY KEY, resource_id VARCHAR UNIQUE NOT NULL,"
        " resource_name VARCHAR NOT NULL, resource_type VARCHAR,"
        " resource_sub_type VARCHAR, meter_point_id VARCHAR,"
        " connection_id INTEGER, capacities TEXT, location TEXT, address VARCHAR, ven VARCHAR,"
        " enabled BOOLEAN DEFAULT 1, reporting TEXT, created_at DATETIME, updated_at DATETIME"
    )
    rows = [(f"r{n}", f"meter {n}", f"VEN {n:05}") for n in range(vens)]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE resources ({columns})")
        connection.executemany(
            "INSERT INTO resources (resource_id, resource_name, resource_type, ven)"
            " VALUES (?, ?, 'DSR', ?)",
            rows,
        )
