"""What a resource has to say to each payload type."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.measures import (
    MISSING,
    Ask,
    Baseline,
    Measure,
    Series,
    Spell,
    Stance,
    Subject,
    answered_in,
    measure,
    summed,
)
from ven_daemon.domain.reporting.measures.states import WORDS

HOUR = 3600.0
DAY = 24 * HOUR
NOON = 10 * DAY + 12 * HOUR
ONE = NOON + HOUR
RATED = {"P_max_kw": 22.0, "P_min_kw": -10.0, "E_max_kwh": 100.0, "E_min_kwh": 10.0}


def over(start: float, end: float, value: float, every: float = 60.0) -> Series:
    count = int((end - start) / every) + 1
    return Series([start + n * every for n in range(count)], [value] * count)


def subject(**series: Series) -> Subject:
    known = {Quantity(name): one for name, one in series.items()}
    return Subject(series=known, capacities=RATED)


def asked(kind: str, **changed: object) -> Ask:
    return Ask(kind, NOON, ONE)._replace(**changed)  # type: ignore[arg-type]


DRAWING = subject(power=over(NOON, ONE, 4.0))
EMPTY = Subject(capacities=RATED, silent_after=None)


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


def test_a_forecast_is_what_was_used_at_that_time_on_the_days_before() -> None:
    yesterday = subject(power=over(NOON - DAY, ONE - DAY, 4.0))

    for kind in ("USAGE_FORECAST", "USAGE", "DEMAND", "LOAD_SHED_DELTA_AVAILABLE"):
        assert measure(yesterday, asked(kind, ahead=True)) == Measure(4.0, Quality.ESTIMATED)
        assert measure(DRAWING, asked(kind, ahead=True)) == MISSING


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


@pytest.mark.parametrize(
    "name",
    ["IMPORT_RESERVATION_CAPACITY", "IMPORT_CAPACITY_RESERVATION", "CAPACITY_RESERVATION"],
)
def test_t31_a_reservation_is_known_by_the_names_of_reports_and_of_events(name: str) -> None:
    wants = Subject(reservations={"IMPORT_RESERVATION_CAPACITY": 242.0})

    assert measure(wants, asked(name)) == Measure(242.0)
    assert measure(Subject(), asked(name)) == MISSING


def test_a_type_that_is_the_vtns_own_is_missing() -> None:
    assert measure(DRAWING, asked("X-PRIVATE")) == MISSING


@pytest.mark.parametrize(
    ("kind", "said", "answered"),
    [
        ("USAGE", None, "KWH"),
        ("USAGE", "WH", "WH"),
        ("USAGE", "KW", "KWH"),
        ("USAGE", "THERMS", "KWH"),
        ("STORAGE_CHARGE_LEVEL", "PERCENTAGE", "PERCENTAGE"),
        ("STORAGE_MAX_CHARGE_POWER", "KWH", "KW"),
        ("LOAD_SHED_DELTA_AVAILABLE", "KWH", "KWH"),
        ("READING", None, "KW"),
        ("READING", "KVAR", "KVAR"),
        ("SETPOINT", "VOLTAGE", "VOLTAGE"),
    ],
)
def test_t08_a_unit_that_we_cannot_give_values_in_is_not_claimed(
    kind: str, said: str | None, answered: str
) -> None:
    assert answered_in(kind, said) == answered


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


kinds = st.sampled_from(
    [
        *("READING", "USAGE", "DEMAND", "SETPOINT", "BASELINE", "DELTA_USAGE", "USAGE_FORECAST"),
        *("OPERATING_STATE", "SIMPLE_LEVEL", "STORAGE_CHARGE_LEVEL", "STORAGE_DISPATCH_FORECAST"),
        *("LOAD_SHED_DELTA_AVAILABLE", "UP_REGULATION_AVAILABLE", "REGULATION_SETPOINT"),
    ]
)
columns = st.lists(
    st.tuples(
        st.integers(0, 4000).map(lambda at: NOON - 200 + at),
        st.floats(-100, 100),
        st.sampled_from(Quality),
    ),
    max_size=6,
)


@given(
    st.dictionaries(st.sampled_from(Quantity), columns),
    kinds,
    st.sampled_from(["DIRECT_READ", "MEAN", "PEAK", "odd"]),
    st.sampled_from([None, "KW", "KWH", "PERCENT", "VOLTS", "odd"]),
    st.integers(0, 4000),
    st.booleans(),
)
def test_a_value_is_missing_exactly_where_its_quality_says_so(
    read: dict[Quantity, list[tuple[float, float, str]]],
    kind: str,
    reading_type: str,
    units: str | None,
    length: int,
    ahead: bool,
) -> None:
    series = {quantity: Series.of(column) for quantity, column in read.items()}
    one = Subject(series, capacities=RATED, baseline=Baseline())

    value, quality = measure(
        one, Ask(kind, NOON, NOON + length, reading_type, answered_in(kind, units), ahead)
    )

    assert (value is None) == (quality is Quality.MISSING)
    assert not isinstance(value, str) or value in WORDS
