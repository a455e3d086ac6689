"""The running daemon and its sandbox: installed with a credential for each VEN, and asked."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bench.running import OPENER, ROOT, cores

PORT = 18_081


def faults(vtn: str, rules: list[dict[str, object]]) -> None:
    """Put a sandbox into trouble; none heals it."""
    body = json.dumps(rules).encode()
    asked = urllib.request.Request(f"{vtn}/sandbox/faults", data=body, method="PUT")
    with OPENER.open(asked, timeout=10):
        pass


def ledger(vtn: str, after: int = 0) -> Iterator[Mapping[str, Any]]:
    """Give the lines of the ledger: all that was asked, in order."""
    with OPENER.open(f"{vtn}/sandbox/ledger?after={after}", timeout=60) as answer:
        for line in answer:
            yield json.loads(line)


def ledger_lines(vtn: str) -> int:
    """Count the lines of the ledger: all but the control plane's requests are in it."""
    with OPENER.open(f"{vtn}/sandbox/summary", timeout=10) as answer:
        counts = json.load(answer)
        return int(counts["requests"] + counts["tokens"])


@contextmanager
def installed(
    folder: Path, inventory: Path, *, registered: bool = True
) -> Iterator[tuple[str, dict[str, str]]]:
    """A sandbox that knows a client for each VEN, and a state in which all are registered.

    Where they shall not be *registered*, the daemon finds everything still to do.
    """
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
        command(settings, "credentials", "import", str(given))
        if registered:
            command(settings, "register", "--json")
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
def running(settings: Mapping[str, str], module: str = "ven_daemon") -> Iterator[int]:
    """Run the daemon on the client's core, from ready to stopped; give its process id."""
    environment = {**os.environ, **settings}
    log = Path(settings["VEN_STATE_URL"].removeprefix("sqlite:///")).with_name("daemon.log")
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [sys.executable, "-m", module, "run"],
            env=environment,
            stdout=out,
            stderr=out,
            cwd=ROOT,
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {cores()[1]})
        try:
            _wait(lambda: process.poll() is None)
            yield process.pid
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


def metric(name: str) -> float:
    """Read one of the daemon's own figures."""
    with OPENER.open(f"http://127.0.0.1:{PORT}/metrics", timeout=30) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"ven_daemon_{name} "):
                return float(line.rpartition(" ")[2])
    raise KeyError(name)


def command(settings: Mapping[str, str], *words: str) -> None:
    """Run a command of ours to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "ven_daemon", *words],
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


def many_vens(file: Path, vens: int) -> None:
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
