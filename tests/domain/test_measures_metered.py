"""What was metered of a resource: usage, demand, readings."""

from dataclasses import replace

import pytest

from tests.domain.measured import DRAWING, HOUR, NOON, ONE, asked, over, subject
from ven_daemon.domain.readings import Quality
from ven_daemon.domain.reporting.measures import MISSING, Measure, Series, measure


def test_usage_is_the_energy_of_its_hour() -> None:
    assert measure(DRAWING, asked("USAGE")) == Measure(4.0)


def test_usage_comes_in_the_unit_that_is_asked_for() -> None:
    assert measure(DRAWING, asked("USAGE", units="WH")) == Measure(4000.0)
    assert measure(DRAWING, asked("USAGE", units="MWH")) == Measure(0.004)


def test_a_counter_is_believed_before_the_power() -> None:
    both = subject(power=over(NOON, ONE, 4.0), energy=Series([NOON, ONE], [100.0, 104.2]))

    assert measure(both, asked("USAGE")) == Measure(4.2)


def test_power_is_believed_where_the_counter_stopped() -> None:
    both = subject(power=over(NOON, ONE, 4.0), energy=Series([NOON, NOON + 60], [100.0, 100.1]))

    assert measure(both, asked("USAGE")) == Measure(4.0)


def test_usage_known_in_part_is_an_estimate() -> None:
    most = subject(power=over(NOON, NOON + 0.75 * HOUR, 4.0))

    assert measure(most, asked("USAGE")) == Measure(3.0, Quality.ESTIMATED)


def test_usage_hardly_known_is_missing() -> None:
    little = subject(power=over(NOON, NOON + 0.25 * HOUR, 4.0))

    assert measure(little, asked("USAGE")) == MISSING


def test_an_estimate_among_the_readings_makes_an_estimate() -> None:
    weak = replace(over(NOON, ONE, 4.0), weak=[NOON + 60])

    assert measure(subject(power=weak), asked("USAGE")).quality is Quality.ESTIMATED


def test_bad_readings_alone_make_a_bad_value() -> None:
    bad = subject(power=Series(bad=over(NOON, ONE, 4.0)))

    assert measure(bad, asked("USAGE")) == Measure(4.0, Quality.BAD)
    assert measure(bad, asked("READING")) == Measure(4.0, Quality.BAD)


def test_bad_readings_beside_good_ones_are_not_counted() -> None:
    mixed = replace(over(NOON, ONE, 4.0), bad=Series([NOON + 30], [9999.0]))

    assert measure(subject(power=mixed), asked("USAGE")) == Measure(4.0)


@pytest.mark.parametrize("reading_type", ["DIRECT_READ", "MEAN", "AVERAGE"])
def test_demand_is_the_mean_power(reading_type: str) -> None:
    rising = subject(power=Series([NOON, NOON + 900, NOON + 1800], [0.0, 4.0, 8.0]))
    half = asked("DEMAND", end=NOON + 1800, reading_type=reading_type)

    assert measure(rising, half) == Measure(4.0)


def test_demand_at_its_peak_is_the_greatest_reading() -> None:
    rising = subject(power=Series([NOON, NOON + 900, NOON + 1800], [0.0, 9.0, 8.0]))

    peak = asked("DEMAND", end=NOON + 1800, reading_type="PEAK")
    assert measure(rising, peak) == Measure(9.0)
    assert measure(rising, peak._replace(end=ONE)).quality is Quality.ESTIMATED


def test_demand_of_a_part_is_the_mean_of_that_part() -> None:
    most = subject(power=over(NOON, NOON + 0.75 * HOUR, 4.0))

    assert measure(most, asked("DEMAND")) == Measure(4.0, Quality.ESTIMATED)


def test_a_reading_is_the_last_of_its_stretch() -> None:
    series = Series([NOON, NOON + 60, ONE + 60], [1.0, 2.0, 3.0])

    assert measure(subject(power=series), asked("READING")) == Measure(2.0)


@pytest.mark.parametrize(
    ("units", "value"),
    [("VOLTS", 230.0), ("AMPS", 16.0), ("HZ", 50.0), ("PERCENT", 0.33), ("KWH", 7.0), ("W", 4000)],
)
def test_a_reading_is_of_what_its_unit_says(units: str, value: float) -> None:
    read = {"voltage": 230.0, "current": 16.0, "frequency": 50.0, "soc": 33.0, "energy": 7.0}
    device = subject(**{name: Series([NOON], [one]) for name, one in (read | {"power": 4}).items()})

    assert measure(device, asked("READING", units=units)) == Measure(value)


def test_a_reading_from_before_its_stretch_is_less_sure() -> None:
    early = subject(power=Series([NOON - 300], [2.0]))

    assert measure(early, asked("READING", end=NOON + 60)) == Measure(2.0, Quality.ESTIMATED)
    assert measure(early, asked("READING")) == MISSING


def test_a_reading_in_a_unit_that_is_not_measured_is_missing() -> None:
    assert measure(DRAWING, asked("READING", units="KVAR")) == MISSING
