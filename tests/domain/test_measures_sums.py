"""Values of several resources as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.readings import Quality
from ven_daemon.domain.reporting.measures import MISSING, Measure, summed


def test_the_sum_of_all_is_as_sure_as_its_parts() -> None:
    assert summed([Measure(1.0), Measure(2.0)], "KWH") == Measure(3.0)
    weak = [Measure(1.0), Measure(2.0, Quality.ESTIMATED)]
    assert summed(weak, "KWH") == Measure(3.0, Quality.ESTIMATED)


def test_the_sum_of_some_is_an_estimate_and_of_none_missing() -> None:
    assert summed([Measure(1.0), MISSING], "KWH") == Measure(1.0, Quality.ESTIMATED)
    assert summed([MISSING, MISSING], "KWH") == MISSING
    assert summed([], "KWH") == MISSING


def test_bad_values_are_summed_only_where_there_is_nothing_else() -> None:
    bad = Measure(50.0, Quality.BAD)

    assert summed([Measure(1.0), bad], "KWH") == Measure(1.0, Quality.ESTIMATED)
    assert summed([bad, MISSING], "KWH") == bad


def test_levels_are_averaged_by_what_stands_behind_them() -> None:
    levels = [Measure(0.2), Measure(0.8)]

    assert summed(levels, "PERCENT") == Measure(0.5)
    assert summed(levels, "PERCENT", [300.0, 100.0]) == Measure(0.35)


def test_words_and_steps_have_no_sum() -> None:
    assert summed([Measure("NORMAL"), Measure("NORMAL")], None) == Measure("NORMAL")
    assert summed([Measure("NORMAL"), Measure("ERROR")], None) == MISSING
    assert summed([Measure(2), Measure(2)], None) == Measure(2)


@given(st.lists(st.floats(-1e6, 1e6), max_size=8), st.randoms())
def test_the_order_of_resources_changes_no_sum(values: list[float], random: object) -> None:
    measures = [Measure(value) for value in values]
    shuffled = list(measures)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = summed(measures, "KW"), summed(shuffled, "KW")

    assert one.quality == other.quality
    assert (one.value is None) == (not values)
    assert other.value == (None if one.value is None else pytest.approx(one.value, abs=1e-5))
