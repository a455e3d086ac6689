"""What becomes of a record: one line, no secret, whatever is in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from structlog import DropEvent

from ven_daemon.logs.form import as_json, as_text, flattened, redacted
from ven_daemon.logs.repeats import KNOWN, PERIOD, Repeats

SECRET = "hunter2-hunter2"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"

NASTY = [
    'Aalborg\n{"event":"forged","level":"info"}',
    "Aalborg\r2026-01-01 [info] forged",
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m\x85next\u2028line\u2029",
    "%s%d%(x)s {} {0.__class__}",
    "${jndi:ldap://evil/x}",
    "nul\x00 tab\t del\x7f",
    "byte \udce5 of an inventory",
    "ø æ å 東京 😀",
]


def text(event: dict[str, Any]) -> str:
    return str(as_text(colors=False)(None, "info", dict(event)))


def json_line(event: dict[str, Any]) -> str:
    return as_json(None, "info", dict(event))


def through(event: dict[str, Any], write: Callable[[dict[str, Any]], str]) -> str:
    return write(dict(redacted(None, "info", flattened(None, "info", event))))


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("write", [text, json_line])
def test_a_record_is_one_line_of_printable_characters(
    nasty: str, write: Callable[[dict[str, Any]], str]
) -> None:
    event = {"event": nasty, "ven": nasty, nasty: 1, "deep": {"list": [nasty]}}

    line = through(event, write)

    assert len(line.splitlines()) == 1
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in line)
    line.encode()


@pytest.mark.parametrize("nasty", NASTY)
def test_json_gives_back_what_was_said(nasty: str) -> None:
    read = json.loads(through({"event": "e", "ven": nasty}, json_line))

    assert read["ven"] == nasty.replace("\udce5", "\\udce5")


def test_a_traceback_in_text_is_set_in_so_that_it_can_be_no_record() -> None:
    traceback = "Traceback\nValueError: one\n2026-01-01 [info] forged \x1b[0m"

    lines = through({"event": "broke", "exception": traceback}, text).split("\n")

    assert len(lines) == 4
    assert all(line.startswith("    ") for line in lines[1:])
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    "event",
    [
        {"key": SecretStr(SECRET)},
        {"deep": {"of": [{"some": SecretStr(SECRET)}]}},
        {"client_secret": SECRET},
        {"settings": {"operator_token": SECRET, "headers": {"Authorization": f"Bearer {SECRET}"}}},
        {"error": ValueError(f"sent Authorization: Bearer {SECRET}")},
        {"exception": f"ValueError: postgresql://ven:{SECRET}@db/ven is no URL"},
        {"error": f"POST grant_type=client_credentials&client_secret={SECRET}&scope=x"},
        {"error": f'answer {{"access_token": "{SECRET}"}}'},
        {"event": f"password={SECRET}"},
        {"url": f"https://vtn/x?token={SECRET}"},
    ],
)
@pytest.mark.parametrize("write", [text, json_line])
def test_no_secret_is_shown(event: dict[str, Any], write: Callable[[dict[str, Any]], str]) -> None:
    line = through({"event": "e", **event}, write)

    assert SECRET not in line
    assert "***" in line


def test_a_bare_token_within_a_text_is_hidden() -> None:
    assert JWT not in through({"event": f"the VTN said {JWT} is stale"}, json_line)


@pytest.mark.parametrize(
    "words", ["token expired", "403 invalid token: expired", "the token endpoint http://x:8000"]
)
def test_words_about_tokens_are_left(words: str) -> None:
    assert json.loads(through({"event": "e", "error": words}, json_line))["error"] == words


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value", [2**80, -(2**80), float("nan"), {1: {2: 3}}, object(), Broken(), b"\xff", {"x"}]
)
def test_no_value_can_make_a_record_fail(value: object) -> None:
    json.loads(through({"event": "e", "value": value}, json_line))
    through({"event": "e", "value": value}, text)


def test_what_refers_to_itself_and_what_is_endless_is_cut() -> None:
    itself: dict[str, object] = {}
    itself["itself"] = itself

    line = through({"event": "e", "value": itself, "long": "x" * 10**6}, json_line)

    assert len(line) < 10_000


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_same_error_passes_once_a_minute_with_how_often_it_was() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    error = {"event": "loop.failed", "level": "warning", "ven": "A", "error": "down for 3 s"}

    assert repeats(None, "", dict(error)) == error
    for seconds in range(4, 14):
        with pytest.raises(DropEvent):
            repeats(None, "", {**error, "error": f"down for {seconds} s"})
    clock.now += PERIOD

    assert repeats(None, "", dict(error))["repeated"] == 10


def test_other_errors_other_vens_and_what_is_no_error_pass() -> None:
    repeats = Repeats(Clock())
    error = {"event": "loop.failed", "level": "warning", "ven": "A", "error": "down"}
    for other in (error, {**error, "ven": "B"}, {**error, "error": "no"}, {**error, "event": "x"}):
        assert repeats(None, "", dict(other)) == other
    for _ in range(3):
        said = {"event": "polled", "level": "info", "error": None}
        assert repeats(None, "", dict(said)) == said


def test_what_is_remembered_of_errors_is_bounded() -> None:
    repeats = Repeats(Clock())
    for number in range(KNOWN + 10):
        repeats(None, "", {"event": "e", "level": "error", "error": f"no {number}"})

    assert len(repeats._seen) == KNOWN
    with pytest.raises(DropEvent):
        repeats(None, "", {"event": "e", "level": "error", "error": f"no {KNOWN + 9}"})
