"""Durations: what is read, what it is worth, where it leads, how it is written."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.durations import ENDLESS, ZERO, Duration, later, parse_duration, shifted

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
INSTANTS = st.datetimes(timezones=st.just(UTC))
WHOLE = st.integers(0, 4000)
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=10_000))
DURATIONS = st.builds(Duration, WHOLE, LENGTHS) | st.just(ENDLESS)
TEXTS = st.from_regex(
    r"\A[+-]?P(\d{1,6}Y)?(\d{1,6}M)?(\d{1,6}[DW])?(T(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}(\.\d{1,9})?S)?)?\Z",
    alphabet=string.printable,
)


def lasting(**parts: float) -> Duration:
    return Duration(length=timedelta(**parts))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PT1H", lasting(hours=1)),
        ("P0Y0M0DT1H0M0S", lasting(hours=1)),  # as openleadr-vtn re-serialises it (T-03)
        ("PT60M", lasting(hours=1)),
        ("PT3600S", lasting(hours=1)),
        ("P1D", lasting(hours=24)),  # T-42
        ("P1W", lasting(days=7)),
        ("P1W2D", lasting(days=9)),
        ("P1M", Duration(1)),
        ("P1Y6M", Duration(18)),
        ("P1Y2M3DT4H5M6.5S", Duration(14, timedelta(days=3, hours=4, minutes=5, seconds=6.5))),
        ("PT0.25S", lasting(milliseconds=250)),
        ("PT0,25S", lasting(milliseconds=250)),
        ("PT0.0000004S", ZERO),
        ("PT1.5H", lasting(minutes=90)),
        ("P0.5D", lasting(hours=12)),
        ("-PT5M", lasting(minutes=-5)),
        ("-P1M", Duration(-1)),
        ("+PT5M", lasting(minutes=5)),
        ("PT0S", ZERO),
        ("PT0H", ZERO),
        ("P0S", ZERO),  # User Guide L718 (T-04)
        ("P1H", lasting(hours=1)),  # User Guide of 3.0.1, L1456 (T-04)
        ("P1H30M", lasting(minutes=90)),
        ("P30M", Duration(30)),
        ("P1DT", lasting(days=1)),
        ("pt1h", lasting(hours=1)),
        (" PT1H ", lasting(hours=1)),
        ("P9999Y", ENDLESS),
        ("P9999Y0M0DT0H0M0S", ENDLESS),  # openleadr-vtn (T-03)
        ("P9999Y0M0DT1H", ENDLESS),
        ("P10000Y", ENDLESS),
        ("P119988M", ENDLESS),
        ("P99999999999999999999D", ENDLESS),
    ],
)
def test_a_duration_is_read_by_its_value(text: str, value: Duration) -> None:
    """T-03, T-04, T-42, F35."""
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "-P", "1H", "PT1", "-1", "P1S2H", "PT1H1H", "PT1D", "P0.5M", "P1.5Y"),
        *("PTxS", "PT١S", "P" + "1" * 99 + "D", "PT1H PT1H", "PT-5M"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_it_says(text: str) -> None:
    """T-01: the one event is quarantined for it; `-1` is the User Guide's own slip (8.8)."""
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2026-03-31", "P1M", "2026-04-30"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2026-12-15", "P1M", "2027-01-15"),
        ("2026-01-31", "P1MT24H", "2026-03-01"),  # months first
        ("2026-01-31", "P13M", "2027-02-28"),
        ("2026-03-31", "-P1M", "2026-02-28"),
        ("2026-03-01", "-P1D", "2026-02-28"),
        ("0001-01-31", "-P1M", "0001-01-01"),
        ("0001-01-31", "-P9999Y", "0001-01-01"),
    ],
)
def test_calendar_months_are_clipped_at_their_end(start: str, text: str, end: str) -> None:
    """F35: "P1M" across month ends; before the calendar there is its first instant."""
    begin, expected = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end))

    assert parse_duration(text).after(begin) == expected


@pytest.mark.parametrize("text", ["P9999Y", "P8000Y", "P95699M", "P2919000D", "PT9999999999999S"])
def test_what_reaches_beyond_the_calendar_never_ends(text: str) -> None:
    """T-03, F35: Python counts to the year 9999 and raises OverflowError after it."""
    assert parse_duration(text).after(NOON) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ZERO, "PT0S"),
        (ENDLESS, "P9999Y"),
        (Duration(14), "P1Y2M"),
        (lasting(minutes=90), "PT1H30M"),
        (lasting(days=1, seconds=0.5), "P1DT0.5S"),
        (lasting(minutes=-5), "-PT5M"),
        (lasting(seconds=10), "PT10S"),
    ],
)
def test_each_value_is_written_in_one_way(value: Duration, text: str) -> None:
    """Reports carry what the schema's pattern allows."""
    assert str(value) == text


def test_durations_multiply_and_divide() -> None:
    """Rounds of a loop, and packed values in an interval."""
    assert parse_duration("P1MT1H").times(3) == parse_duration("P3MT3H")
    assert parse_duration("P1Y").divided(12) == parse_duration("P1M")
    assert parse_duration("P1M").divided(2) is None
    assert lasting(hours=3).divided(3) == lasting(hours=1)
    assert ENDLESS.divided(7) == ENDLESS.times(2) == ENDLESS
    assert ENDLESS.times(0) == ZERO.times(10**30) == ZERO
    assert lasting(hours=1).times(10**30) == ENDLESS


@given(DURATIONS)
def test_what_is_written_is_read_as_the_same_value(value: Duration) -> None:
    assert parse_duration(str(value)) == value


@given(TEXTS, INSTANTS, st.integers(0, 10**12))
def test_no_duration_of_any_length_raises_anything_but_that_it_is_none(
    text: str, start: datetime, count: int
) -> None:
    """F35."""
    try:
        value = parse_duration(text)
    except ValueError:
        assert not any(letter.isdigit() for letter in text)
        return

    end = value.after(start)

    assert end is None or (end <= start if value.is_negative else end >= start)
    assert parse_duration(str(value.times(count))) == value.times(count)


@given(INSTANTS, st.integers(-200_000, 200_000), st.timedeltas())
def test_moving_an_instant_never_leaves_the_calendar(
    start: datetime, months: int, length: timedelta
) -> None:
    """F35."""
    moved = later(start, months, length)

    assert moved is None or moved.tzinfo is UTC
    assert shifted(start, length).tzinfo is UTC
