"""Kill -9 at every step between an event and its sink: nothing lost, nothing done twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rig.postgres import Postgres

MINUTES = "6,10,40,130"
POINTS = 60
"""At least as many as a whole life has."""

Line = list[Any]


def live(folder: Path, minutes: str, fatal: int | str, *url: str) -> int:
    """Run a process, with a state of its own unless told where it is; give its exit code."""
    argv = [sys.executable, "-m", "tests.dispatch.dying", str(folder), minutes, str(fatal), *url]
    return subprocess.run(argv, timeout=60, capture_output=True, check=False).returncode


def journal(folder: Path) -> list[Line]:
    file = folder / "journal"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def carried_out(lines: list[Line]) -> list[Line]:
    """What a receiver does that honours the keys: each key and do once.

    A draw that was made anew would be another start, hence another key, hence one more.
    """
    done: dict[tuple[str, str], Line] = {}
    for line in lines:
        done.setdefault((line[0], line[1]), line[1:4])
    return sorted(done.values())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert live(folder, MINUTES, 0) == 0
    return carried_out(journal(folder))


@pytest.mark.parametrize("fatal", range(1, 15, 2))
def test_whatever_step_a_process_dies_at_the_next_one_makes_up_for_it(
    tmp_path: Path, undisturbed: list[Line], fatal: int
) -> None:
    _dies_and_is_made_up_for(tmp_path, undisturbed, fatal)


@pytest.mark.soak
@pytest.mark.parametrize("fatal", [*range(2, 15, 2), *range(15, POINTS)])
def test_whatever_later_step_a_process_dies_at_the_next_one_makes_up_for_it(
    tmp_path: Path, undisturbed: list[Line], fatal: int
) -> None:
    _dies_and_is_made_up_for(tmp_path, undisturbed, fatal)


NAMED = ["dispatch_before_commit", "dispatch_after_commit_before_device"]
"""F66."""


@pytest.mark.parametrize("point", NAMED)
def test_a_process_that_dies_at_a_named_point_is_made_up_for(
    tmp_path: Path, undisturbed: list[Line], point: str
) -> None:
    _dies_and_is_made_up_for(tmp_path, undisturbed, point)


@pytest.mark.parametrize("point", NAMED)
def test_a_process_that_dies_over_postgresql_is_made_up_for_too(
    tmp_path: Path, undisturbed: list[Line], postgres: Postgres, point: str
) -> None:
    _dies_and_is_made_up_for(tmp_path, undisturbed, point, postgres.fresh_database().url)


@pytest.mark.soak
@pytest.mark.parametrize("fatal", range(1, POINTS))
def test_whatever_step_a_process_dies_at_over_postgresql_the_next_one_makes_up_for_it(
    tmp_path: Path, undisturbed: list[Line], postgres: Postgres, fatal: int
) -> None:
    _dies_and_is_made_up_for(tmp_path, undisturbed, fatal, postgres.fresh_database().url)


def _dies_and_is_made_up_for(
    folder: Path, undisturbed: list[Line], fatal: int | str, *url: str
) -> None:
    died = live(folder, MINUTES, fatal, *url)
    before = journal(folder)

    assert live(folder, MINUTES, 0, *url) == 0

    lines = journal(folder)
    keys = {tuple(line[:2]) for line in before}
    assert died == -9 or (died == 0 and fatal not in NAMED)
    assert carried_out(lines) == undisturbed
    assert all(line[5] for line in lines[len(before) :] if tuple(line[:2]) in keys)
