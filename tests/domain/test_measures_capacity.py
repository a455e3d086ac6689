"""What a resource can do, and what of that is available."""

from dataclasses import replace

import pytest

from tests.domain.measured import DRAWING, EMPTY, NOON, ONE, asked, over, subject
from ven_daemon.domain.reporting.measures import MISSING, Measure, Series, Spell, Subject, measure


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("STORAGE_USABLE_CAPACITY", 100.0),
        ("STORAGE_MAX_CHARGE_POWER", 22.0),
        ("STORAGE_MAX_DISCHARGE_POWER", 10.0),
    ],
)
def test_what_a_store_can_do_is_in_the_inventory(kind: str, value: float) -> None:
    assert measure(EMPTY, asked(kind)) == Measure(value)
    assert measure(Subject(), asked(kind)) == MISSING


def test_a_charge_level_is_a_share_or_an_energy() -> None:
    store = subject(soc=Series([NOON], [33.0]))

    assert measure(store, asked("STORAGE_CHARGE_LEVEL")) == Measure(0.33)
    assert measure(store, asked("STORAGE_CHARGE_LEVEL", units="KWH")) == Measure(33.0)
    assert measure(store, asked("STORAGE_DISPATCH_FORECAST")) == Measure(23.0)


@pytest.mark.parametrize(
    ("kind", "drawn", "value"),
    [
        ("LOAD_SHED_DELTA_AVAILABLE", 4.0, 4.0),
        ("LOAD_SHED_DELTA_AVAILABLE", -3.0, 0.0),
        ("GENERATION_DELTA_AVAILABLE", 4.0, 10.0),
        ("GENERATION_DELTA_AVAILABLE", -3.0, 7.0),
        ("UP_REGULATION_AVAILABLE", 4.0, 14.0),
        ("DOWN_REGULATION_AVAILABLE", 4.0, 18.0),
    ],
)
def test_what_is_available_follows_from_rating_and_power(
    kind: str, drawn: float, value: float
) -> None:
    assert measure(subject(power=over(NOON, ONE, drawn)), asked(kind)) == Measure(value)


def test_who_has_opted_out_has_nothing_available() -> None:
    out = replace(DRAWING, spells=[Spell(NOON, None, opted_out=True)])

    assert measure(out, asked("LOAD_SHED_DELTA_AVAILABLE")) == Measure(0.0)
