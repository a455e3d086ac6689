"""The traps of time that VTNs set, by their ids, and what each reading of zero is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.domain.times import SEEN, at, drawn, event, interval, period, placed, windows
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Dialect, Event, ReportDescriptor
from ven_daemon.domain.instants import parse_instant
from ven_daemon.domain.timeline import (
    INTERVAL_LIMIT,
    EventStatus,
    Unplaceable,
    first_seen,
    is_cancelled,
    place,
)

LATER = SEEN + timedelta(hours=3)
RUNNING = event(interval(), of=period("06:00", "PT4H"))
ALERT = event(interval(ALERT_OTHER="storm"), of=period(lasts="P9999Y"))
ZEROED = event(interval(), of=period(lasts="PT0S"))
EMPTIED = event(replace(interval(), payloads=()), of=period(lasts="PT0S"))
STANDING = event(interval(), of=period("06:00"))


@pytest.mark.parametrize(
    ("now", "before", "was", "cancelled"),
    [
        pytest.param(ZEROED, RUNNING, False, True, id="known, then zeroed"),
        pytest.param(ZEROED, ALERT, False, True, id="endless, then zeroed"),
        pytest.param(EMPTIED, RUNNING, False, True, id="known, then zeroed and emptied"),
        pytest.param(ZEROED, STANDING, False, True, id="until further notice, then zeroed"),
        pytest.param(ZEROED, ZEROED, True, True, id="cancelled, and sent again"),
        pytest.param(RUNNING, ZEROED, True, False, id="cancelled, and given time again"),
        pytest.param(ZEROED, None, False, False, id="new with payloads: once, now"),
        pytest.param(ZEROED, ZEROED, False, False, id="once, now, and sent again"),
        pytest.param(EMPTIED, None, False, True, id="new with nothing to do"),
        pytest.param(RUNNING, None, False, False, id="new"),
        pytest.param(ALERT, RUNNING, False, False, id="changed to an endless one"),
    ],
)
def test_zero_takes_back_what_was_known_and_is_now_in_what_is_new(
    now: Event, before: Event | None, was: bool, cancelled: bool
) -> None:
    """T-16, 7.9: "set to minimal values" cancels; the same in a new event is 'do it now'."""
    assert is_cancelled(now, before, was_cancelled=was) is cancelled


def test_a_start_of_its_own_does_not_save_an_event_whose_time_is_set_to_zero() -> None:
    """T-16: its duration was some and is none; nobody lengthens an event by zero."""
    zeroed = event(interval(), of=period("06:00", "PT0S"))

    assert is_cancelled(zeroed, RUNNING)


def test_a_vtn_that_begins_to_fill_in_defaults_cancels_nothing() -> None:
    """T-18: absent, and then PT0S, is the same."""
    filled = event(interval(), of=period("06:00", "PT0S"))

    assert not is_cancelled(filled, STANDING)
    assert drawn(placed(filled)) == drawn(placed(STANDING)) == ["06:00-... 0"]


def test_a_new_event_that_asks_for_reports_is_not_a_cancellation() -> None:
    """T-16: Example 8.10.2-2 has zeros, no payloads and no frequency, and wants reports."""
    asks = event(of=period(lasts="PT0H"), report_descriptors=(ReportDescriptor("RESERVED"),))

    assert not is_cancelled(asks, None)


def test_a_new_event_of_now_and_zero_is_done_once() -> None:
    """T-16: the capacity reservation of Example 8.10.2-4."""
    given = event(interval(lasts="PT0H", CAPACITY_RESERVATION=242), of=period(lasts="PT0H"))

    (window,) = windows(placed(given))

    assert window.is_instant
    assert window.start == SEEN


def test_zeros_in_the_event_leave_an_interval_its_own_time() -> None:
    """T-16: Example 8.10.2-5 has `0001-01-01` and `PT0H` over an interval of an hour."""
    given = event(interval("08:00", "PT1H"), of=period(lasts="PT0H"))

    assert not is_cancelled(given, RUNNING)
    assert drawn(placed(given)) == ["08:00-09:00 0"]


def test_a_cancelled_event_has_no_windows() -> None:
    """T-16: the caller keeps that it was cancelled."""
    timeline = placed(ZEROED, cancelled=True)

    assert windows(timeline) == []
    assert timeline.at(SEEN) == ()
    assert timeline.status(SEEN) is EventStatus.CANCELLED


@pytest.mark.parametrize(
    ("now", "before", "was", "anchor"),
    [
        pytest.param(ALERT, None, False, LATER, id="new"),
        pytest.param(ALERT, ALERT, False, SEEN, id="the same again"),
        pytest.param(replace(ALERT, duration=Duration(3)), ALERT, False, SEEN, id="longer"),
        pytest.param(ALERT, RUNNING, False, LATER, id="had a start, has none"),
        pytest.param(ALERT, ZEROED, True, LATER, id="cancelled and revived"),
        pytest.param(RUNNING, ALERT, False, SEEN, id="has a start now"),
        pytest.param(ZEROED, ZEROED, False, SEEN, id="done once"),
        pytest.param(
            ZEROED,
            replace(ZEROED, intervals=(interval(SIMPLE=2),)),
            False,
            LATER,
            id="once, and once more with something else",
        ),
    ],
)
def test_now_stays_what_it_was_when_the_event_was_first_seen(
    now: Event, before: Event | None, was: bool, anchor: datetime
) -> None:
    """T-02: "now" is anchored, so that a poll or an update does not begin it anew."""
    assert first_seen(now, before, SEEN, LATER, was_cancelled=was) == anchor


@pytest.mark.parametrize(
    ("kind", "end"), [("SIMPLE", None), ("IMPORT_CAPACITY_LIMIT", None), ("CTA2045_REBOOT", SEEN)]
)
def test_without_a_duration_the_payload_s_type_says_whether_it_is_held_or_done_once(
    kind: str, end: datetime | None
) -> None:
    """T-17: "instantaneous or infinity, depending on payloadType" (3.0.1)."""
    (window,) = windows(placed(event(interval(**{kind: 1}))))

    assert (window.start, window.end) == (SEEN, end)


def test_without_a_duration_an_interval_is_held_until_another_begins() -> None:
    """T-17: "until replaced", by whichever interval begins next in time."""
    given = event(interval("08:00"), interval("12:00"), interval("10:00"))

    assert drawn(placed(given)) == ["08:00-10:00 0", "10:00-12:00 2", "12:00-... 1"]


def test_zero_durations_are_unset_and_take_the_event_s() -> None:
    """T-18, T-19: an interval's PT0S is the schema's default, not its length."""
    given = event(interval(lasts="PT0S"), interval("12:00", "P0D"), of=period("08:00", "PT1H"))

    assert drawn(placed(given)) == ["08:00-09:00 0", "12:00-13:00 1"]


def test_an_endless_event_of_3_0_stays_open_while_its_intervals_end() -> None:
    """3.0.1's `P9999Y` is not each interval's duration."""
    intervals = (interval(lasts="PT1H"), interval(lasts="PT30M"))
    given = event(*intervals, of=period("08:00", "P9999Y"))

    timeline = placed(given, dialect=Dialect.V3_0)

    assert drawn(timeline) == ["08:00-09:00 0", "09:00-09:30 1"]
    assert timeline.status(at("23:00")) is EventStatus.ACTIVE
    assert placed(given).status(at("23:00")) is EventStatus.COMPLETED


def test_an_interval_of_an_endless_event_of_3_0_without_a_duration_is_held() -> None:
    """Where it breaks "must include … duration", until replaced (T-17)."""
    given = event(interval("08:00"), interval("09:00"), of=period("08:00", "P9999Y"))

    assert drawn(placed(given, dialect=Dialect.V3_0)) == ["08:00-09:00 0", "09:00-... 1"]
    assert drawn(placed(given)) == ["08:00-... 0", "09:00-... 1"]


def test_an_endless_interval_cut_by_the_event_s_duration_ends_there() -> None:
    given = event(interval(), of=period("08:00", "P9999Y"), lasts="PT2H")

    assert drawn(placed(given)) == ["08:00-10:00 0"]


@pytest.mark.parametrize("lasts", ["P1M", "P1Y", "P9999Y", "PT1H"])
def test_packed_values_of_an_endless_interval_stay_together(lasts: str) -> None:
    """What has no length cannot be divided, and is not guessed at."""
    found = windows(placed(event(interval("08:00", lasts, PRICE=(1, 2)))))

    assert len(found) == (1 if lasts == "P9999Y" else 2)


def test_twelve_prices_in_a_year_are_months() -> None:
    """F35: calendar months divide as such."""
    prices = tuple(range(1, 13))
    found = windows(placed(event(interval("2027-01-01T00:00:00Z", "P1Y", PRICE=prices))))

    assert [(w.start.month, w.start.day) for w in found] == [(m, 1) for m in prices]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (event(interval(lasts="-PT1H")), "a duration of interval 0 is negative: -PT1H"),
        (event(interval(), of=period(lasts="-P1D")), "negative: -P1D"),
        (event(interval(), lasts="-P9999Y"), "a duration of the event is negative"),
        (event(interval(random="P9999Y")), "the randomizeStart of interval 0 has no bound"),
        (event(interval(lasts="PT0.1S"), lasts="P1D"), "repeat more often than every 1 s"),
        (event(*[interval()] * (INTERVAL_LIMIT + 1)), "20001 intervals, the limit is 20000"),
    ],
)
def test_what_has_no_sense_is_refused_with_the_reason(given: Event, reason: str) -> None:
    """F34, F35: a value that names what is wrong, for the quarantine."""
    refused = place(given, SEEN)

    assert isinstance(refused, Unplaceable)
    assert reason in refused.reason


def test_an_event_of_as_many_intervals_as_the_limit_is_borne() -> None:
    """F34."""
    timeline = placed(event(*[interval()] * INTERVAL_LIMIT, of=period("08:00", "PT1M")))

    assert len(windows(timeline, most=30_000)) == INTERVAL_LIMIT


def test_a_chain_of_months_from_the_31st_loses_no_day() -> None:
    """F35: months are clipped at the end of each, and counted from the start (7.3: avoid them)."""
    given = event(interval(), of=period("2027-01-31T00:00:00Z", "P1M"), lasts="P5M")

    assert [w.start.strftime("%m-%d") for w in windows(placed(given))] == [
        "01-31",
        "02-28",
        "03-31",
        "04-30",
        "05-31",
    ]
    ends, starts = zip(*[(w.end, w.start) for w in windows(placed(given))], strict=True)
    assert ends[:-1] == starts[1:]


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        ("2026-03-28T23:30:00+01:00", [22, 23, 0, 1, 2, 3]),
        ("2026-03-29T01:30:00+01:00", [0, 1, 2, 3, 4, 5]),
        ("2026-10-24T23:30:00+02:00", [21, 22, 23, 0, 1, 2]),
        ("2026-10-25T02:30:00+02:00", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_in_a_night_of_oslo_that_changes_the_clock_every_hour_is_an_hour(
    start: str, hours: list[int]
) -> None:
    """F37, T-41, T-42: offsets are read and forgotten; all arithmetic is of UTC."""
    timeline = placed(event(*[interval()] * 6, of=period(start, "PT1H")))

    found = windows(timeline)

    assert [w.start.hour for w in found] == hours
    assert {w.end - w.start for w in found if w.end} == {timedelta(hours=1)}
    assert {w.start.tzinfo for w in found} == {UTC}


def test_a_day_is_24_hours_even_when_the_clock_changes() -> None:
    """T-42."""
    given = event(interval(), of=period("2026-03-28T12:00:00+01:00", "P1D"))

    assert windows(placed(given))[0].end == parse_instant("2026-03-29T13:00:00+02:00")
