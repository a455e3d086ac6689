"""VTNs to crash in front of, and the two stores."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.service import ROOT, Service
from tests.rig.sandbox import SandboxVtn

PATIENCE = 1.0
"""Seconds after which neither we nor the VTN hold on to a request."""

CLIENT = {"VEN_CLIENT_ID": "boss", "VEN_CLIENT_SECRET": "secret"}


def ends(
    module: str, *arguments: str, folder: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a process of ours to its end, whatever that is."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VEN_")}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**clean, "PYTHONPATH": str(ROOT), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def dies_in(module: str, *arguments: str, folder: Path | None = None, **settings: str) -> None:
    """Run a process of ours; it must kill itself."""
    done = ends(module, *arguments, folder=folder, **settings)
    assert done.returncode == -9, f"it did not die: {done.stderr}"


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the state is kept."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="module")
def _vtns() -> Iterator[dict[str, SandboxVtn]]:
    options = ("--open", "--client", "boss:secret:bl", "--request-limit", str(PATIENCE))
    with SandboxVtn(*options) as strict, SandboxVtn("--lenient", *options) as lenient:
        yield {"strict": strict, "lenient": lenient}


@pytest.fixture(params=["strict", "lenient"])
def vtn(request: pytest.FixtureRequest, _vtns: dict[str, SandboxVtn]) -> SandboxVtn:
    """An empty VTN that minds names, and one that takes a name twice."""
    vtn = _vtns[request.param]
    vtn.reset()
    return vtn


class Doomed(Service):
    """A running daemon that dies by itself."""

    def __init__(
        self, folder: Path, vtn_url: str, *, at: str, hit: int = 1, **environment: str
    ) -> None:
        dying = {"DIE_AT": at, "DIE_HIT": str(hit), **environment}
        super().__init__(folder, vtn_url, module="tests.crash.dying", **dying)

    def dies(self) -> None:
        """Wait until it has."""
        assert self.wait_for_exit() == -9, self.log()
