"""Instants: all that VTNs write for a date-time, and for now."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.instants import format_instant, parse_instant


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01 00:00:00",
        "0001-01-01T00:00:00+02:00",
        "0001-01-01T00:00:00-05:00",
        "0000-12-31T19:00:00-05:00",
        "0000-00-00",
        "0000-00-00T00:00:00Z",
        "0000-01-01",
        "0000-01-01T00:00:00Z",
    ],
)
def test_the_start_of_time_means_now_however_it_is_spelled(text: str) -> None:
    """T-02, F36: 3.0.1, 3.1, the change log's slip, and what offsets make of them."""
    assert parse_instant(text) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-02-13T19:00:00Z", "2025-02-13T19:00:00"),
        ("2025-02-13 19:00:00.000Z", "2025-02-13T19:00:00"),  # User Guide L2563 (T-08)
        ("2025-02-13t19:00:00z", "2025-02-13T19:00:00"),
        ("2025-02-13T19:00:00", "2025-02-13T19:00:00"),  # naive is UTC (F36)
        ("2025-02-13T19:00Z", "2025-02-13T19:00:00"),
        ("2025-02-13", "2025-02-13T00:00:00"),
        ("2025-02-13T19:00:00+02:00", "2025-02-13T17:00:00"),  # T-42
        ("2025-02-13T19:00:00-0530", "2025-02-14T00:30:00"),
        ("2025-02-13T19:00:00 +02", "2025-02-13T17:00:00"),
        ("2025-02-13T19:00:00.123456789Z", "2025-02-13T19:00:00.123456"),
        ("2025-02-13T19:00:00,5Z", "2025-02-13T19:00:00.500000"),
        ("2025-02-13T24:00:00Z", "2025-02-14T00:00:00"),  # F36
        ("2025-12-31T24:00", "2026-01-01T00:00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999"),  # F36
        ("2017-01-01T01:59:60.5+02:00", "2016-12-31T23:59:59.999999"),
        ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999999"),
        ("9999-12-31T24:00:00Z", "9999-12-31T23:59:59.999999"),
        ("0001-01-02T00:00:00+14:00", "0001-01-01T10:00:00"),
        (" 2025-02-13T19:00:00Z ", "2025-02-13T19:00:00"),
    ],
)
def test_an_instant_is_read_as_utc_whatever_its_form(text: str, instant: str) -> None:
    """T-02, T-08, T-42, F36."""
    assert parse_instant(text) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "17:15:16", "2025-13-01T00:00:00Z", "2025-02-30", "2025-02-13T25:00:00Z"),
        *("2025-02-13T24:00:01Z", "2025-02-13T19:60:00Z", "2025-02-13T19:00:61Z"),
        *("2025-02-13T19:00:00+25:00", "2025-02-13T19:00:60+02:60", "2025-02-13T19:00:00 CET"),
    ],
)
def test_anything_else_is_refused_with_what_it_says(text: str) -> None:
    """F36: "that event quarantined, not the page"."""
    with pytest.raises(ValueError):  # noqa: PT011 - each form has words of its own
        parse_instant(text)


@given(st.datetimes(min_value=datetime(2, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_written_is_read_as_the_same_instant(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(st.text(alphabet="0123456789-:T Z+.,", max_size=40) | st.text(max_size=40))
def test_any_text_is_an_instant_or_is_none(text: str) -> None:
    """T-01: nothing but a ValueError, which quarantines one event."""
    try:
        instant = parse_instant(text)
    except ValueError:
        return

    assert instant is None or instant.tzinfo is UTC
