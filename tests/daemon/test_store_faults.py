"""A state database in trouble under a running daemon (F55 to F61)."""

import ctypes
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.rig.postgres import Database, Postgres
from tests.rig.sandbox import SandboxVtn

LIBC = ctypes.CDLL(None, use_errno=True)


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, of *size*."""
    folder.mkdir()
    options = f"size={size}".encode()
    if LIBC.mount(b"none", bytes(folder), b"tmpfs", 0, options):
        pytest.skip(f"no file system can be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        yield folder
    finally:
        LIBC.umount2(bytes(folder), 2)  # lazily: whoever still has a file open may keep it


def pause(service: Service, ven: str = "Vejle") -> int:
    return service.send("POST", f"/api/v1/vens/{ven}/pause")[0]


def measured(service: Service, kw: float) -> int:
    """Bring a reading, as a device would."""
    at = datetime.now(UTC).isoformat()
    reading = {"resource_id": "Vejle/bar 0", "quantity": "power", "value": kw, "at": at}
    return service.send("POST", "/api/v1/readings", body=reading)[0]


def is_paused(state: Path) -> bool:
    with closing(sqlite3.connect(state)) as connection:
        return bool(connection.execute("SELECT count(*) FROM paused_vens").fetchone()[0])


def test_f55_a_state_that_another_process_locks_is_said_and_used_again(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asked = threading.Thread(target=pause, args=(service, "Aalborg"))
            asked.start()
            service.wait(lambda: "state" in service.get("/readyz")[1]["concerns"])
            assert "locked" in service.get("/readyz")[1]["concerns"]["state"]
            assert service.get("/livez")[0] == 200
            other.execute("ROLLBACK")
            asked.join(20)
        service.wait_until_ready()

        assert pause(service) == 200


def test_f56_a_full_disk_is_said_loses_nothing_and_is_used_again(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        state = disk / "state.db"
        settings = {"VEN_STATE_URL": f"sqlite:///{state}", "VEN_STATE_RESERVE": "1000000"}
        with Service(tmp_path, vtn.url, **settings) as service:
            service.wait_until_ready()
            service.wait((disk / "state.db.reserve").exists)
            room = os.statvfs(disk)
            (disk / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize))

            answers = [pause(service, ven) for ven in ("Vejle", "Aalborg") * 20]
            taken = answers.index(503) if 503 in answers else None
            service.wait(lambda: not (disk / "state.db.reserve").exists())
            (disk / "filler").unlink()
            service.wait_until_ready()

            assert taken is not None
            assert pause(service) == 200
            assert service.terminate() == 0
        assert is_paused(state)
        with closing(sqlite3.connect(state)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_f57_a_failed_write_ends_it_with_3_and_the_state_is_whole(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        size = (tmp_path / "state.db-wal").stat().st_size
        limit = (size, resource.RLIM_INFINITY)
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, limit)

        pause(service)

        assert service.wait_for_exit() == 3
        assert "disk I/O error" in service.log()
        service.start()
        service.wait_until_ready()


def test_f57_a_sync_that_fails_is_trusted_never_again_and_nothing_acknowledged_is_lost(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, module="tests.daemon.failing_disk") as service:
        service.wait_until_ready()
        assert pause(service, "Vejle") == 200
        assert measured(service, 3.5) == 202
        service.process.send_signal(signal.SIGUSR2)

        assert measured(service, 4.5) == 503
        assert pause(service, "Aalborg") == 503
        assert service.wait_for_exit() == 3
        assert "disk I/O error" in service.log()
        service.start()
        service.wait_until_ready()
        assert service.get("/api/v1/vens/Vejle")[1]["state"] == "paused"
        assert service.terminate() == 0
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert (3.5,) in connection.execute("SELECT value FROM readings").fetchall()


def test_f58_a_place_that_cannot_be_written_is_refused_with_3(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url, VEN_STATE_URL="sqlite:////proc/nowhere/state.db") as service:
        assert service.wait_for_exit() == 3

    assert "/proc/nowhere" in service.log()


def test_f59_a_state_emptied_under_it_ends_it_and_is_refused_after(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        service.kill()
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"state.db{suffix}").unlink(missing_ok=True)
        (tmp_path / "state.db").write_bytes(b"")
        service.start()

        assert service.wait_for_exit() == 3
        assert "db forget" in service.log()
        assert (tmp_path / "state.db").stat().st_size == 0


def test_f59_a_state_that_turns_corrupt_under_it_ends_it_with_3(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()
        state = tmp_path / "state.db"
        with closing(sqlite3.connect(state)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with state.open("r+b") as file:
            file.write(b"\xff" * state.stat().st_size)

        pause(service)

        assert service.wait_for_exit() == 3


def test_f61_a_postgresql_that_is_restarted_all_the_time_loses_nothing(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Postgres() as server:
        database = server.fresh_database()
        with Service(tmp_path, vtn.url, VEN_STATE_URL=database.url) as service:
            service.wait_until_ready()
            answers = []
            for number in range(4):
                server.crash_and_restart()
                for ven in ("Vejle", "Aalborg"):
                    what = "pause" if number % 2 == 0 else "resume"
                    answers.append(
                        service.send("POST", f"/api/v1/vens/{ven}/{what}", seconds=60)[0]
                    )
            service.wait_until_ready()

            assert set(answers) == {200}, service.log()
            assert service.get("/livez")[0] == 200
            assert _paused(database) == 0
            assert service.terminate() == 0


def test_f64_a_daemon_that_was_frozen_and_succeeded_ends_with_3(
    vtn: SandboxVtn, tmp_path: Path, postgres_database: Database
) -> None:
    settings = {"VEN_STATE_URL": postgres_database.url}
    with Service(tmp_path, vtn.url, **settings) as first:
        first.wait_until_ready()
        with Service(tmp_path, vtn.url, **settings) as second:
            second.wait(lambda: "lease" in second.get("/readyz")[1]["concerns"])
            first.freeze()
            began = time.monotonic()
            second.wait_until_ready()
            assert time.monotonic() - began < 15
            before = vtn.summary()
            first.thaw()

            assert first.wait_for_exit() == 3
            assert "has taken" in first.log()
            assert vtn.summary()["writes"] == before["writes"]


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_f64_a_standby_takes_over_in_time(
    vtn: SandboxVtn, tmp_path: Path, postgres_database: Database, how: str
) -> None:
    settings = {"VEN_STATE_URL": postgres_database.url}
    with Service(tmp_path, vtn.url, **settings) as first:
        first.wait_until_ready()
        with Service(tmp_path, vtn.url, **settings) as second:
            second.wait(lambda: "lease" in second.get("/readyz")[1]["concerns"])
            getattr(first, how)()
            began = time.monotonic()
            second.wait(lambda: "lease" not in second.get("/readyz")[1]["concerns"])
            seconds = time.monotonic() - began

    assert seconds < (15 if how == "kill" else 1.5)


def _paused(database: Database) -> int:
    with database.connect() as connection:
        found = connection.execute("SELECT count(*) FROM paused_vens").fetchone()
    assert found is not None
    return int(found[0])
