"""The commands that the pages print are ours, with the options they have."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from ven_daemon.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
PRINTED = re.compile(r"^(?:.*\s)?ven-daemon ((?:[a-z-]+).*?)(?:\s+&)?(?:\s{2,}#.*)?$")


def commands(page: str) -> list[str]:
    """Give what follows `ven-daemon` in the page's blocks, and what stands between ticks."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    found = [match[1] for line in lines if (match := PRINTED.match(line))]
    return found + re.findall(
        r"`ven-daemon ([a-z][^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_prints_is_there_with_its_options(page: str) -> None:
    root = typer.main.get_command(app)

    wrong = [line for line in commands(page) if not _is_ours(root, line)]

    assert wrong == []


def test_pages_print_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 30


def _is_ours(command: Any, line: str) -> bool:
    words = shlex.split(line.translate({ord("["): None, ord("]"): None}))
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return words[0].startswith("--")
        command, words = command.commands[words[0]], words[1:]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return options <= known | {"--help"}
