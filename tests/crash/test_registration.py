"""A registration that dies at a named point (F66) is completed by the next one."""

from pathlib import Path

import pytest

from tests.crash.conftest import CLIENT, PATIENCE, dies_in, ends
from tests.registration.fleet import SmallFleet
from tests.rig.sandbox import SandboxVtn

POINTS = [
    "token_got",
    "ven_before_post",
    "ven_after_post",
    "ven_after_commit",
    "res_before_post",
    "res_after_post_before_commit",
    "res_mid_batch_commit",
]
FLEET = {"Aalborg": 3, "Vejle": 2}


@pytest.fixture
def settings(vtn: SandboxVtn, state_url: str, tmp_path: Path) -> dict[str, str]:
    """Those of a small fleet."""
    fleet = SmallFleet(tmp_path / "resources.db")
    for ven, count in FLEET.items():
        for number in range(count):
            fleet.add(ven, f"bar {number}")
    return {
        "VEN_VTN_URL": vtn.url,
        "VEN_INVENTORY_URL": fleet.url,
        "VEN_STATE_URL": state_url,
        "VEN_REQUEST_TIMEOUT": str(PATIENCE),
        **CLIENT,
    }


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("vtn", ["lenient"], indirect=True)
@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
def test_a_registration_that_dies_is_completed_with_nothing_twice(
    settings: dict[str, str], vtn: SandboxVtn, point: str
) -> None:
    _dies_and_is_completed(settings, vtn, point, 1)


ONCE = {"token_got", "ven_after_commit", "res_mid_batch_commit"}
"""What a run of so small a fleet comes to once only."""

AGAIN = [(point, hit) for point in POINTS for hit in ((1,) if point in ONCE else (1, 2))]


@pytest.mark.soak
@pytest.mark.parametrize(("point", "hit"), AGAIN)
def test_a_registration_that_dies_is_completed_with_nothing_twice_everywhere(
    settings: dict[str, str], vtn: SandboxVtn, point: str, hit: int
) -> None:
    _dies_and_is_completed(settings, vtn, point, hit)


def _dies_and_is_completed(settings: dict[str, str], vtn: SandboxVtn, point: str, hit: int) -> None:
    dies_in("tests.crash.dying", "register", DIE_AT=point, DIE_HIT=str(hit), **settings)

    done = ends("ven_daemon", "register", **settings)

    assert done.returncode == 0, done.stderr
    summary = vtn.summary()
    assert (summary["vens"], summary["resources"]) == (len(FLEET), sum(FLEET.values()))
    assert summary["duplicates"] == 0
