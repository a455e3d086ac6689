"""The page of conformance names tests; they must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_of_conformance_names_exists() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    sources = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]

    named = set(re.findall(r"`(test_\w+)`", page))

    written = set(re.findall(r"^\s*(?:async )?def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert named
    assert named - written == set()
