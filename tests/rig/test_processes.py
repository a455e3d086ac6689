"""Programs under test end when told, by their id, and failures quote what they said."""

import sys
from pathlib import Path

import pytest

from tests.rig.processes import NotReadyError, Program, free_port, port_is_taken, url_answers

_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf to the signal", flush=True)
time.sleep(60)
"""


def _python(source: str, folder: Path) -> Program:
    return Program([sys.executable, "-c", source], folder / "program.log")


def test_a_line_is_waited_for_and_given_with_its_groups(tmp_path: Path) -> None:
    with _python(
        "import time; print('port 4711', flush=True); time.sleep(60)", tmp_path
    ) as program:
        assert program.wait_for_line(r"port (\d+)")[1] == "4711"


def test_a_program_that_ends_too_early_fails_the_test_with_its_own_words(tmp_path: Path) -> None:
    program = _python("raise SystemExit('no such folder')", tmp_path)

    with pytest.raises(NotReadyError, match=r"(?s)ended with 1 before.*no such folder"):
        program.wait_for_line("ready")


def test_a_program_that_never_says_it_is_waited_for_no_longer_than_allowed(tmp_path: Path) -> None:
    with (
        _python("import time; time.sleep(60)", tmp_path) as program,
        pytest.raises(NotReadyError, match=r"took over 0\.2 s"),
    ):
        program.wait_for_line("ready", within=0.2)


def test_a_program_deaf_to_the_gentle_signal_is_killed(tmp_path: Path) -> None:
    program = _python(_STUBBORN, tmp_path)
    program.wait_for_line("deaf")

    assert program.stop(within=0.2) == -9


def test_a_paused_program_can_still_be_stopped(tmp_path: Path) -> None:
    program = _python("import time; print('on', flush=True); time.sleep(60)", tmp_path)
    program.wait_for_line("on")
    program.pause()

    assert program.stop() == -15


def test_nobody_answers_at_a_free_port() -> None:
    port = free_port()

    assert not port_is_taken(port)
    assert not url_answers(f"http://127.0.0.1:{port}/")
