"""A registration that is killed loses nothing and leaves nothing twice (F66).

Each round begins at a wiped VTN, with the state kept or lost; the command dies after a
random number of writes, and a second run of it must complete what the first began.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn

SAMPLE_VENS, SAMPLE_RESOURCES = 158, 9_714
SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
"""Printed by every round; set KILL_SEED to have the same rounds again."""

LOST_ANSWERS = (
    {"method": "POST", "kind": "delay", "seconds": 0.3, "ratio": 0.02},
    {"method": "POST", "kind": "accept-then-reset", "ratio": 0.02},
)


class Arena:
    """A VTN, and an installation that is killed in it."""

    def __init__(self, vtn: SandboxVtn, installation: Installation) -> None:
        self.vtn = vtn
        self.installation = installation

    def round(self, number: int) -> None:
        """Begin, kill, complete, judge."""
        dice = random.Random(f"{SEED}/{number}")
        keeps_state, loses_answers = number % 2 == 0, number % 3 != 0
        # Where answers are lost, the command rightly goes slow: it dies early there.
        victim = dice.randrange(1_000 if loses_answers else SAMPLE_VENS + SAMPLE_RESOURCES)
        print(f"KILL_SEED={SEED}: round {number} kills after {victim} writes")  # noqa: T201
        self._begin(keeps_state=keeps_state, loses_answers=loses_answers, seed=number)

        self._kill_after(victim, dice.random() * 0.05)
        self.vtn.faults([])
        summary = self.installation.register(within=90)

        held = self.vtn.summary()
        assert (held["vens"], held["resources"]) == (SAMPLE_VENS, SAMPLE_RESOURCES)
        assert held["duplicates"] == 0
        assert summary["resources"]["registered"] == SAMPLE_RESOURCES

    def _begin(self, *, keeps_state: bool, loses_answers: bool, seed: int) -> None:
        self.vtn.reset()
        if not keeps_state:
            self.installation.lose_state()
        if loses_answers:
            self.vtn.faults([{**rule, "seed": seed} for rule in LOST_ANSWERS])

    def _kill_after(self, writes: int, pause: float) -> None:
        command = self.installation.start("register")
        try:
            command.wait_until(
                lambda: self.vtn.summary()["writes"] > writes, f"{writes} writes", within=60
            )
            time.sleep(pause)
        finally:
            command.kill()


@pytest.fixture(scope="module", params=["strict", "lenient"])
def arena(
    request: pytest.FixtureRequest,
    sample_inventory: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arena]:
    options = ["--lenient"] if request.param == "lenient" else []
    with SandboxVtn("--open", "--request-limit", "2", *options) as vtn:
        folder = tmp_path_factory.mktemp(f"kill-{request.param}")
        settings = {"VEN_VTN_URL": vtn.url, "VEN_REQUEST_TIMEOUT": "2"}
        yield Arena(vtn, Installation(folder, sample_inventory, **settings))


@pytest.mark.parametrize("number", range(1, 6))
def test_a_killed_registration_is_completed_with_nothing_twice(arena: Arena, number: int) -> None:
    arena.round(number)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(101, 151))
def test_a_killed_registration_is_completed_with_nothing_twice_fifty_times(
    arena: Arena, number: int
) -> None:
    arena.round(number)
