"""A failed step never ends its loop; a loop that ends by itself ends the process.

What ends a root of ours is a state that is lost or was taken over (test_store_faults.py);
no loop ends by itself.
"""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn
from tests.vtn.certificates import Authority


@pytest.fixture(scope="module")
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def loop(service: Service, name: str) -> Any:
    loops = service.get("/api/v1/loops")[1]["loops"]
    return next(each for each in loops if each["name"] == name)


@pytest.mark.parametrize("name", ["inventory", "certificates"])
def test_the_first_loop_that_ends_by_itself_ends_the_process_and_is_named(
    vtn: SandboxVtn, tmp_path: Path, name: str
) -> None:
    losing = {"VEN_LOSES_LOOP": name}
    with Service(tmp_path, vtn.url, module="tests.daemon.losing", **losing) as service:
        assert service.wait_for_exit() == 1

    lines = [json.loads(line) for line in service.log().splitlines()]
    assert lines[-1]["event"] == "daemon.broke"
    assert f"RootEndedError: {name} ended" in lines[-1]["exception"]


def test_a_certificate_file_that_cannot_be_looked_at_is_said_and_ends_nothing(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    authority, trusted = Authority(tmp_path), tmp_path / "trusted.pem"
    trusted.write_bytes(authority.file.read_bytes())
    with Service(tmp_path, vtn.url, VEN_TLS_CA_FILE=str(trusted)) as service:
        service.wait_until_ready()
        trusted.unlink()
        trusted.symlink_to("n" * 300)  # as a place that may no longer be read: not "no such file"

        service.wait(lambda: "tls.files_refused" in service.log())
        runs = loop(service, "certificates")["runs"]
        service.wait(lambda: loop(service, "certificates")["runs"] > runs)
        assert service.get("/readyz")[0] == 200


def test_without_a_free_file_descriptor_systemd_hears_nothing_and_all_goes_on(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        with Service(tmp_path, vtn.url, **told) as service:
            service.wait_until_ready()
            pid = service.process.pid
            most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, most[1]))
            heard(systemd, 0.5)
            assert "WATCHDOG=1" not in heard(systemd, 1.0)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, most)

            assert "WATCHDOG=1" in heard(systemd, 1.0)
            assert service.get("/readyz")[0] == 200


def heard(systemd: socket.socket, seconds: float) -> str:
    """Give what it is told for so long."""
    said, until = "", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        systemd.settimeout(left)
        with suppress(TimeoutError):
            said += systemd.recv(4096).decode() + "\n"
    return said
