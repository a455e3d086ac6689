"""ARCHITECTURE.md says where everything is; it must be there."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ven_daemon"
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
NO_MODULES = {"doctor", "Settings"}
"""Words of the table that are a command and a class."""


def test_the_drawing_shows_the_rooms_of_the_package_and_no_others() -> None:
    drawing = (ROOT / "ARCHITECTURE.md").read_text().split("```")[1]

    drawn = set(re.findall(r"\b([a-z]+)/", drawing))

    assert drawn == ROOMS


def test_the_table_has_every_room_but_those_that_are_drawn_only() -> None:
    rooms = {room for room, _ in _rows()}

    assert {room for room in rooms if not _folder(room).is_dir()} == set()
    assert rooms >= ROOMS - {"cli", "sandbox"}


def test_every_module_that_the_table_names_is_in_its_room() -> None:
    named = [(room, word) for room, words in _rows() for word in words - NO_MODULES]

    absent = {(room, word) for room, word in named if not _is_in(_folder(room), word)}

    assert len(named) > 100
    assert absent == set()


def _rows() -> Iterator[tuple[str, set[str]]]:
    """Give each row of the table: its room, and what it names in it."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    for room, words in re.findall(r"^\| `([\w/]+)/`.*? \| (.*) \|$", page, re.MULTILINE):
        inside = (PACKAGE / room).is_dir()
        yield room, set(re.findall(r"`([\w*]+)/?`", words)) if inside else set()


def _folder(room: str) -> Path:
    return PACKAGE / room if (PACKAGE / room).is_dir() else ROOT / room


def _is_in(room: Path, word: str) -> bool:
    return any(fnmatch(path.stem, word) for path in room.iterdir())
