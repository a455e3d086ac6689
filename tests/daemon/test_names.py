"""A VTN by its name, and a name server in trouble (faults.md F31)."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.daemon.test_outages import CONVERGED, failures, insist_on_probes, is_registered
from tests.rig.names import NameServer
from tests.rig.sandbox import SandboxVtn


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture
def names(tmp_path: Path) -> Iterator[NameServer]:
    with NameServer(tmp_path) as server:
        yield server


def named(vtn: SandboxVtn) -> str:
    """Give its URL with a name in it."""
    return f"http://vtn.example:{vtn.url.rpartition(':')[2]}"


def test_f31_a_name_that_cannot_be_resolved_is_said_and_asked_for_again(
    vtn: SandboxVtn, names: NameServer, tmp_path: Path
) -> None:
    names.knows = False
    with Service(tmp_path, named(vtn), through=names.through) as service:
        service.wait_until_ready()
        service.wait(lambda: "name cannot be resolved" in str(failures(service)))
        names.knows = True  # but has no address yet
        service.pass_over()
        assert "name cannot be resolved" in str(failures(service))
        insist_on_probes(service)
        names.addresses = ["127.0.0.1"]

        service.wait(lambda: is_registered(vtn), seconds=CONVERGED)


@contextmanager
def black_hole(port: int) -> Iterator[str]:
    """Give an address at which nobody takes connections, and nobody refuses them either."""
    address = "127.0.0.3"
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind((address, port))
        listening.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex((address, port))
        yield address


def test_f31_an_address_that_swallows_connections_is_passed_over_for_the_next(
    vtn: SandboxVtn, names: NameServer, tmp_path: Path
) -> None:
    with black_hole(int(vtn.url.rpartition(":")[2])) as hole:
        names.addresses = [hole, "127.0.0.1"]
        with Service(tmp_path, named(vtn), through=names.through) as service:
            service.wait_until_ready()

            assert is_registered(vtn)


def test_f31_a_vtn_that_moves_to_another_address_is_followed(
    vtn: SandboxVtn, names: NameServer, tmp_path: Path
) -> None:
    names.addresses = ["127.0.0.1"]
    port = int(vtn.url.rpartition(":")[2])
    with Service(tmp_path, named(vtn), through=names.through) as service:
        service.wait(lambda: is_registered(vtn))
        vtn.program.kill()
        with SandboxVtn("--open", "--host", "127.0.0.2", port=port) as moved:
            names.addresses = ["127.0.0.2"]
            service.send("POST", "/api/v1/reconcile")

            service.wait(lambda: is_registered(moved), seconds=CONVERGED)
            insist_on_probes(service)


def test_f31_a_name_that_leads_elsewhere_is_followed_though_the_old_place_still_answers(
    vtn: SandboxVtn, names: NameServer, tmp_path: Path
) -> None:
    """Within five minutes, which the daemon's clocks hurry through."""
    names.addresses = ["127.0.0.1"]
    port = int(vtn.url.rpartition(":")[2])
    hurried = "tests.daemon.hurried"
    settings = {"VEN_REQUEST_TIMEOUT": "30", "VEN_RECONCILE_INTERVAL": "PT1M"}
    with Service(
        tmp_path, named(vtn), module=hurried, through=names.through, **settings
    ) as service:
        service.wait(lambda: is_registered(vtn))
        with SandboxVtn("--open", "--host", "127.0.0.2", port=port) as other:
            names.addresses = ["127.0.0.2"]

            service.wait(lambda: is_registered(other), seconds=CONVERGED)
            asked = vtn.summary()["requests"]
            service.pass_over()
            assert vtn.summary()["requests"] == asked


def test_f31_a_name_server_that_never_answers_holds_nothing_up_not_even_the_end(
    vtn: SandboxVtn, names: NameServer, tmp_path: Path
) -> None:
    names.addresses, names.silent = ["127.0.0.1"], True
    with Service(tmp_path, named(vtn), through=names.through) as service:
        service.wait_until_ready()
        service.wait(lambda: "no answer in time" in str(failures(service)))
        insist_on_probes(service)
        assert service.get("/health")[1]["event_loop_worst_stall_seconds"] < 0.25
        names.silent = False
        service.wait(lambda: is_registered(vtn), seconds=CONVERGED)

        asked, names.silent = names.asked, True
        vtn.program.kill()
        service.send("POST", "/api/v1/reconcile")
        service.wait(lambda: names.asked > asked)
        began = time.monotonic()

        assert service.terminate() == 0
        assert time.monotonic() - began < 7
