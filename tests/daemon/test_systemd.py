"""What systemd is told, by a daemon that believes it was started by it."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


class Systemd:
    """Listens at NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.2)
        self.settings = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"}

    def said(self, seconds: float) -> list[str]:
        """Collect what is said from now on for so long."""
        lines: list[str] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            lines += self._next()
        return lines

    def wait_for(self, word: str, seconds: float = 20) -> list[str]:
        """Collect what is said until *word* is."""
        lines: list[str] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            lines += self._next()
            if word in lines:
                return lines
        raise AssertionError(f"{word} was not said, but {lines}")

    def _next(self) -> list[str]:
        try:
            return self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return []

    def close(self) -> None:
        self._socket.close()


@contextmanager
def systemd(folder: Path, name: str = "notify") -> Iterator[Systemd]:
    listening = Systemd(folder / name)
    try:
        yield listening
    finally:
        listening.close()


def test_it_says_ready_its_status_that_it_lives_and_that_it_stops(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with systemd(tmp_path) as manager, Service(tmp_path, vtn.url, **manager.settings) as service:
        before = manager.wait_for("READY=1")
        after = manager.said(2.5)
        service.process.send_signal(signal.SIGTERM)
        stopping = manager.wait_for("STOPPING=1")

        assert "WATCHDOG=1" in before + after
        assert after.count("WATCHDOG=1") >= 3
        assert "STATUS=5 of 5 resources registered" in after
        assert "READY=1" not in after
        assert "STATUS=stopping" in stopping + manager.said(0.5)
        assert service.wait_for_exit() == 0


def test_one_that_is_frozen_says_nothing_so_that_the_watchdog_bites(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with systemd(tmp_path) as manager, Service(tmp_path, vtn.url, **manager.settings) as service:
        manager.wait_for("READY=1")
        service.freeze()
        manager.said(0.5)

        assert manager.said(2) == []
        service.thaw()
        manager.wait_for("WATCHDOG=1")


def test_a_reload_is_announced_and_ended(vtn: SandboxVtn, tmp_path: Path) -> None:
    with systemd(tmp_path) as manager, Service(tmp_path, vtn.url, **manager.settings) as service:
        manager.wait_for("READY=1")
        service.process.send_signal(signal.SIGHUP)

        said = manager.wait_for("RELOADING=1")
        assert any(line.startswith("MONOTONIC_USEC=") for line in said)
        if "READY=1" not in said[said.index("RELOADING=1") :]:
            manager.wait_for("READY=1")


def test_a_standby_is_ready_says_so_lives_and_stops_in_order(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with systemd(tmp_path) as manager, Service(tmp_path, vtn.url) as first:
        first.wait_until_ready()
        with Service(tmp_path, vtn.url, **manager.settings) as second:
            said = manager.wait_for("READY=1")
            said += manager.said(1.5)

            stood = [line for line in said if line.startswith("STATUS=")]
            assert set(stood[stood.index("STATUS=standby") :]) == {"STATUS=standby"}
            assert said.count("WATCHDOG=1") >= 2
            assert second.get("/livez")[0] == 200
            assert second.terminate() == 0
