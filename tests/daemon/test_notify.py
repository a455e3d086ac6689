"""What systemd hears, on a socket that stands in for its own."""

import socket
from pathlib import Path

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn


def test_a_standby_tells_systemd_that_it_is_one_and_that_it_lives(tmp_path: Path) -> None:
    heard: list[str] = []
    with (
        SandboxVtn("--open") as vtn,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        Service(tmp_path, vtn.url) as first,
    ):
        first.wait_until_ready()
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        with Service(tmp_path, vtn.url, NOTIFY_SOCKET=str(tmp_path / "notify")):
            while "READY=1\nSTATUS=standby" not in heard:
                heard.append(systemd.recv(4_096).decode())
            later = {systemd.recv(4_096).decode() for _ in range(6)}

    assert later == {"STATUS=standby", "WATCHDOG=1"}
