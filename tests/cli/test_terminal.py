"""What commands print arrives whole, whoever reads it and however slowly."""

import json
import os
import subprocess
import sys
import time
from io import StringIO

import pytest
from rich.console import Console

from ven_daemon.cli import terminal
from ven_daemon.domain.errors import ConfigurationError

PRINTING = """
import signal
from ven_daemon.cli import terminal

signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
terminal.print_json({"numbers": list(range(200_000))})
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_a_long_document_arrives_whole_though_writing_it_is_interrupted() -> None:
    """Unbuffered, as in the container image, a write that is interrupted writes a part."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", PRINTING]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, bufsize=0, stdout=pipe, env=environment) as printing:
        assert printing.stdout is not None
        first = printing.stdout.read(1)  # it has begun; now the pipe fills up
        time.sleep(0.2)
        rest, _ = printing.communicate(timeout=30)

    assert printing.returncode == 0
    assert json.loads(first + rest) == {"numbers": list(range(200_000))}


EVIL = "\x1b[2Jred\nline\tof \u202ethree \N{NULL}"
ESCAPED = r"\x1b[2Jred\nline\tof \u202ethree \x00"


def test_words_of_others_end_no_row_and_steer_no_terminal(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F42, F43."""
    monkeypatch.setattr(terminal, "output", lambda: Console(file=StringIO()))

    terminal.print_table("Events", ("name", "town"), [(EVIL, "Ærøskøbing")])

    assert capfdbinary.readouterr().out.decode() == f"{ESCAPED}\tÆrøskøbing\n"


@pytest.mark.parametrize("name", ["[/no]", "[bold]loud[/bold]", "[link=http://x]y", ":boom:"])
def test_words_of_others_are_no_markup(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    monkeypatch.setattr(
        terminal, "output", lambda: Console(file=screen, force_terminal=True, width=120)
    )

    terminal.print_table("Events", ("name",), [(name,)])

    assert name in screen.getvalue()


def test_an_error_in_the_words_of_others_is_escaped_line_by_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        terminal, "notes", lambda: Console(stderr=True, soft_wrap=True, highlight=False)
    )

    with pytest.raises(terminal.typer.Exit):
        terminal.fail(ConfigurationError("first\n\x1b[2Jsecond"))

    assert capsys.readouterr().err == "ven-daemon: first\n\\x1b[2Jsecond\n"
