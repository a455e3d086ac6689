"""What a start costs, and who has to wait for whom."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn
from ven_daemon.app.daemon import HEAD_START

FEWEST = ("ven_daemon.sandbox.server", "alembic", "psycopg")
"""What takes long to load, and is not needed by a daemon whose state is a file."""


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def loops(service: Service) -> dict[str, Any]:
    return {each["name"]: each for each in service.get("/api/v1/loops")[1]["loops"]}


def lacks(service: Service) -> list[str]:
    status, said = service.get("/readyz")
    return [] if status == 200 else sorted(said["concerns"])


def test_the_first_pass_goes_before_events_and_dispatch_for_a_while_and_no_longer(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    vtn.faults([{"kind": "hang"}])
    with Service(tmp_path, vtn.url, VEN_REQUEST_TIMEOUT="30") as service:
        service.wait(lambda: "daemon.listening" in service.log())
        began = time.monotonic()

        service.wait(lambda: "dispatch" in loops(service))
        service.wait(lambda: loops(service)["dispatch"]["runs"] > 0)

        assert time.monotonic() - began > HEAD_START - 1
        assert lacks(service) == ["registration"]
        vtn.faults([])


def test_what_waited_for_the_first_pass_begins_once_it_has_ended(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    with Service(tmp_path, vtn.url) as service:
        service.wait_until_ready()

        service.wait(lambda: all(loops(service)[n]["runs"] for n in ("dispatch", "reports due")))


def test_the_command_line_loads_what_it_needs_and_looks_after_its_memory_again() -> None:
    program = (
        "import sys, gc, ven_daemon.cli;"
        f"print([name for name in {FEWEST!r} if name in sys.modules], gc.isenabled())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "[] True"
