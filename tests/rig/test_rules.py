"""The rules that tests/conftest.py lays on every test do catch who breaks them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_FILES = {
    "leaves_a_task": """
import asyncio

async def test_it():
    global kept
    kept = asyncio.create_task(asyncio.sleep(60), name="forgotten")
""",
    "ends_its_tasks": """
import asyncio
import pytest

@pytest.fixture
async def server():
    task = asyncio.create_task(asyncio.sleep(60))
    yield
    task.cancel()

async def test_it(server):
    await asyncio.sleep(0)
""",
    "is_skipped": """
import pytest

@pytest.mark.skip(reason="not today")
def test_it(): ...
""",
    "skips_itself": """
import pytest

pytest.skip("not here", allow_module_level=True)
""",
    "is_expected_to_fail": """
import pytest

@pytest.mark.xfail(reason="a known defect")
def test_it():
    assert False
""",
}

_LINE = r"^([A-Z]+) (?:\[\d+\] )?\S*test_(\w+)\.py(.*)"

Outcomes = Mapping[str, str]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How these files end on a developer's machine."""
    return _outcomes(tmp_path_factory.mktemp("here"), ci="")


@pytest.fixture(scope="module")
def in_ci(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How they end in CI."""
    return _outcomes(tmp_path_factory.mktemp("ci"), ci="true")


def _outcomes(folder: Path, ci: str) -> Outcomes:
    """Run all files in a pytest of its own, under our rules; give what the summary says of each."""
    for name, source in _FILES.items():
        (folder / f"test_{name}.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-rA", "-q")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--continue-on-collection-errors", folder],
        cwd=_ROOT,
        env={**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    summary = done.stdout.rpartition("short test summary info")[2]
    ended: dict[str, list[str]] = {name: [] for name in _FILES}
    for outcome, name, rest in re.findall(_LINE, summary, re.MULTILINE):
        ended[name].append(f"{outcome}{rest}")
    return {name: "\n".join(sorted(lines)) for name, lines in ended.items()}


def test_an_async_test_that_leaves_a_task_behind_fails_and_the_task_is_named(
    here: Outcomes,
) -> None:
    assert here["leaves_a_task"].startswith("ERROR")
    assert "forgotten" in here["leaves_a_task"]


def test_a_fixture_may_have_tasks_as_long_as_it_ends_them(here: Outcomes) -> None:
    assert here["ends_its_tasks"] == "PASSED::test_it"


@pytest.mark.parametrize("name", ["is_skipped", "skips_itself"])
def test_a_skip_is_a_skip_here_and_a_failure_with_its_reason_in_ci(
    here: Outcomes, in_ci: Outcomes, name: str
) -> None:
    assert here[name].startswith("SKIPPED")
    assert in_ci[name].startswith("ERROR")
    assert "not " in in_ci[name]


def test_a_failure_that_is_expected_stays_one_in_ci(in_ci: Outcomes) -> None:
    assert in_ci["is_expected_to_fail"].startswith("XFAIL")
