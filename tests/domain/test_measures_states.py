"""The state of a resource, and its level."""

from dataclasses import replace

import pytest

from tests.domain.measured import HOUR, NOON, ONE, asked, over, subject
from ven_daemon.domain.reporting.measures import Measure, Spell, Stance, Subject, measure


@pytest.mark.parametrize(
    ("spell", "power", "state", "level"),
    [
        (None, 4.0, "NORMAL", 0),
        (Spell(NOON, ONE, Stance.CURTAILED, 2), 4.0, "RUNNING_CURTAILED", 2),
        (Spell(NOON, ONE, Stance.CURTAILED, 3), 0.1, "IDLE_CURTAILED", 3),
        (Spell(NOON, ONE, Stance.HEIGHTENED), 4.0, "RUNNING_HEIGHTENED", 0),
        (Spell(NOON, None, Stance.CURTAILED, 2, opted_out=True), 4.0, "RUNNING_OPTED_OUT", 0),
        (Spell(NOON, None, opted_out=True), 0.0, "IDLE_OPTED_OUT", 0),
        (Spell(NOON - HOUR, NOON, Stance.CURTAILED, 2), 4.0, "NORMAL", 0),
        (Spell(ONE, None, Stance.CURTAILED, 2), 4.0, "NORMAL", 0),
    ],
)
def test_state_and_level_follow_from_what_was_dispatched(
    spell: Spell | None, power: float, state: str, level: int
) -> None:
    one = replace(subject(power=over(NOON, ONE, power)), spells=[spell] if spell else [])

    assert measure(one, asked("OPERATING_STATE")) == Measure(state)
    assert measure(one, asked("SIMPLE_LEVEL")) == Measure(level)


def test_a_silent_resource_is_in_error() -> None:
    early = subject(power=over(NOON - HOUR, NOON, 4.0))

    assert measure(early, asked("OPERATING_STATE")) == Measure("ERROR")
    assert measure(replace(early, silent_after=None), asked("OPERATING_STATE")).value == "NORMAL"


@pytest.mark.parametrize("word", ["ERROR", "SGD_ERROR_CONDITION", "IDLE_NORMAL"])
def test_a_device_that_tells_its_state_is_believed(word: str) -> None:
    told = Subject(words=[(NOON + 3000, word)])

    assert measure(told, asked("OPERATING_STATE")) == Measure(word)


def test_a_word_that_openadr_has_not_says_only_that_the_device_lives() -> None:
    told = Subject(words=[(NOON + 3000, "purring")])

    assert measure(told, asked("OPERATING_STATE")) == Measure("NORMAL")
