"""Report types and units: whose names are known, and what is said of the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.measured import DRAWING, NOON, RATED, asked
from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.measures import (
    MISSING,
    Ask,
    Baseline,
    Measure,
    Series,
    Subject,
    answered_in,
    measure,
)
from ven_daemon.domain.reporting.measures.states import WORDS


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
