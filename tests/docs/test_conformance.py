"""The pages of conformance and of faults name tests; they must be there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAPS = {f"T-{number:02}" for number in (*range(1, 24), *range(34, 45))}
"""Those about events, targets, and one fleet at one VTN."""


@pytest.mark.parametrize("page", ["conformance.md", "faults.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    sources = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]

    named = set(re.findall(r"`(test_\w+)`", text))

    written = set(re.findall(r"^\s*(?:async )?def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert named
    assert named - written == set()


def test_every_fault_that_the_code_speaks_of_is_on_the_page() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()
    sources = [path.read_text() for path in (ROOT / "ven_daemon").rglob("*.py")]

    spoken_of = set(re.findall(r"\bF[0-7]\d\b", "\n".join(sources)))

    assert len(spoken_of) > 10
    assert spoken_of - set(re.findall(r"\bF[0-7]\d\b", page)) == set()


def test_every_trap_is_on_the_page_beside_a_test_and_is_carried_by_one() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    rows = [line for line in page.splitlines() if line.startswith("|") and "`test_" in line]

    assert set(re.findall(r"T-\d\d", "".join(rows))) >= TRAPS
    assert set(re.findall(r"T-\d\d", tests)) >= TRAPS
