"""The image: small, nobody's user, a root file system that it never writes to."""

import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.packaging.engine import DockerError, Engine
from tests.packaging.images import OURS
from tests.packaging.ingredients import BASE_IMAGE

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

LARGEST = 300 * 10**6
_TIGHT = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true")
_OFTEN = ("--health-interval", "1s", "--health-timeout", "2s", "--health-retries", "2")


@pytest.fixture
def daemon(engine: Engine) -> Iterator[str]:
    """A container with a fleet and no VTN that answers, checked every second."""
    fleet = ("--volume", "alone:/var/lib/ven-daemon")
    alone = ("--tmpfs", "/tmp", *_TIGHT, *fleet)
    engine.docker("run", "--rm", *alone, OURS, "samples", "--out", "/tmp/samples")
    container = engine.docker("run", "--detach", *alone, *_OFTEN, OURS).strip()
    yield container
    engine.docker("rm", "--force", container)
    engine.docker("volume", "rm", "alone")


def _wait_for_health(engine: Engine, container: str, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while (health := engine.inspect(container)["State"]["Health"])["Status"] != wanted:
        assert time.monotonic() < deadline, health
        time.sleep(0.2)


def test_the_image_is_small(
    engine: Engine, print_at_the_end: Callable[[Iterable[str]], None]
) -> None:
    size, base = (engine.inspect(image)["Size"] for image in (OURS, BASE_IMAGE))

    print_at_the_end([f"image: {size / 1e6:.0f} MB, of which Debian {base / 1e6:.0f} MB"])
    assert size <= LARGEST


def test_it_runs_as_a_user_of_its_own_and_can_write_its_state_only(engine: Engine) -> None:
    def shell(*words: str) -> str:
        return engine.docker("run", "--rm", *_TIGHT, "--entrypoint", words[0], OURS, *words[1:])

    assert shell("id", "-u") == "10001\n"
    assert shell("touch", "/var/lib/ven-daemon/something") == ""
    with pytest.raises(DockerError, match="Read-only file system"):
        shell("touch", "/opt/ven-daemon/something")


def test_nothing_in_it_installs_or_downloads(engine: Engine) -> None:
    for program in ("pip", "curl", "wget", "gcc"):
        with pytest.raises(DockerError, match="not found"):
            engine.docker("run", "--rm", "--entrypoint", program, OURS, "--version")


def test_its_own_health_check_tells_a_live_daemon_from_a_frozen_one(
    engine: Engine, daemon: str
) -> None:
    _wait_for_health(engine, daemon, "healthy")

    engine.docker("kill", "--signal", "STOP", daemon)

    _wait_for_health(engine, daemon, "unhealthy")


def test_docker_stop_ends_it_with_0_within_10_s(engine: Engine, daemon: str) -> None:
    _wait_for_health(engine, daemon, "healthy")

    began = time.monotonic()
    engine.docker("stop", "--time", "10", daemon)

    assert time.monotonic() - began < 10
    assert engine.inspect(daemon)["State"]["ExitCode"] == 0
