"""What was to be expected of a resource: setpoints, baselines, what goes beyond them, forecasts."""

from dataclasses import replace

from tests.domain.measured import DAY, DRAWING, EMPTY, HOUR, NOON, ONE, asked, over, subject
from ven_daemon.domain.readings import Quality
from ven_daemon.domain.reporting.measures import MISSING, Baseline, Measure, Series, Spell, measure


def test_a_setpoint_holds_until_it_changes() -> None:
    told = subject(setpoint=Series([NOON - DAY], [3.0]))

    assert measure(told, asked("SETPOINT")) == Measure(3.0)


def test_a_setpoint_that_no_device_tells_is_what_was_dispatched() -> None:
    sent = replace(EMPTY, spells=[Spell(NOON, ONE, setpoint=5.0)])

    assert measure(sent, asked("SETPOINT")) == Measure(5.0)
    assert measure(EMPTY, asked("SETPOINT")) == MISSING


def test_a_baseline_is_where_somebody_configured_it() -> None:
    steady = replace(EMPTY, baseline=Baseline(6.0))

    assert measure(EMPTY, asked("BASELINE")) == MISSING
    assert measure(steady, asked("BASELINE", start=NOON, end=NOON + HOUR / 2)) == Measure(3.0)
    assert measure(steady, asked("BASELINE", units="KW")) == Measure(6.0)


def test_a_baseline_of_history_is_the_mean_of_the_days_before() -> None:
    days = Series.of(
        (at - day * DAY, float(day), "OK") for day in (1, 2, 3) for at in over(NOON, ONE, 0.0).times
    )
    history = replace(subject(power=days), baseline=Baseline())

    assert measure(history, asked("BASELINE")) == Measure(2.0, Quality.ESTIMATED)


def test_delta_usage_is_what_was_used_beyond_the_baseline() -> None:
    steady = replace(DRAWING, baseline=Baseline(6.0))

    assert measure(steady, asked("DELTA_USAGE")) == Measure(-2.0)
    assert measure(DRAWING, asked("DELTA_USAGE")) == MISSING


def test_a_forecast_is_what_was_used_at_that_time_on_the_days_before() -> None:
    yesterday = subject(power=over(NOON - DAY, ONE - DAY, 4.0))

    for kind in ("USAGE_FORECAST", "USAGE", "DEMAND", "LOAD_SHED_DELTA_AVAILABLE"):
        assert measure(yesterday, asked(kind, ahead=True)) == Measure(4.0, Quality.ESTIMATED)
        assert measure(DRAWING, asked(kind, ahead=True)) == MISSING
