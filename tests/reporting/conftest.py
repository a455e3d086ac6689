"""A sandbox and a daemon that reports to it, each a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.reporting.vtn import Publisher
from tests.rig.sandbox import SandboxVtn

QUICK = {
    "VEN_POLL_INTERVAL": "PT1S",
    "VEN_REPORT_GRACE": "PT0.2S",
}


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


@pytest.fixture
def publisher(vtn: SandboxVtn) -> Publisher:
    return Publisher(vtn)


@pytest.fixture
def service(vtn: SandboxVtn, tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, vtn.url, **QUICK) as running:
        running.wait_until_ready()
        yield running
