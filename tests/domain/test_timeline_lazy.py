"""Endless and enormous events cost neither memory nor a stall (F34, F35)."""

import tracemalloc
from itertools import islice
from time import process_time

from tests.domain.times import at, drawn, event, interval, period, placed
from ven_daemon.domain.events import Event
from ven_daemon.domain.timeline import INTERVAL_LIMIT

HOURLY = event(*[interval(PRICE=n) for n in range(24)], of=period("00:00", "PT1H"), lasts="P9999Y")
YEAR_9000 = "9000-06-15T12:34:56Z"


def huge() -> Event:
    return event(*[interval(PRICE=0.1)] * INTERVAL_LIMIT, of=period("00:00", "PT1M"))


def test_a_loop_of_seven_thousand_years_is_looked_into_at_once() -> None:
    """Unrolled it would be 61 million windows, which the time limit of a test does not bear."""
    timeline = placed(HOURLY)

    (window,) = timeline.at(at(YEAR_9000))

    assert window.payloads[0].values == (12,)
    assert window.turn == (at("9000-06-15T00:00:00Z") - at("00:00")).days


def test_a_loop_of_calendar_months_is_looked_into_at_once() -> None:
    given = event(interval(), of=period("2026-01-31T00:00:00Z", "P1M"), lasts="P9999Y")

    assert drawn(placed(given), "9000-02-15T00:00:00Z", 2) == [
        "9000-01-31T00:00-9000-02-28T00:00 0",
        "9000-02-28T00:00-9000-03-31T00:00 0",
    ]


def test_a_loop_ends_with_the_calendar() -> None:
    """F35: no OverflowError in the year 9999, and no year after it."""
    found = list(placed(HOURLY).windows(at("9999-12-31T20:00:00Z")))

    assert [window.start.hour for window in found] == [20, 21, 22, 23]
    assert found[-1].end is None


def test_an_endless_loop_takes_no_memory() -> None:
    timeline = placed(HOURLY)
    tracemalloc.start()

    for _ in islice(timeline.windows(), 20_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100_000


def test_an_event_as_long_as_the_limit_stalls_nothing() -> None:
    """F34: 34 ms where it was written; the bound is for a machine that is busy elsewhere."""
    given = huge()
    begin = process_time()

    timeline = placed(given)
    count = sum(1 for _ in timeline.windows())

    assert count == INTERVAL_LIMIT
    assert process_time() - begin < 0.25


def test_a_long_event_is_entered_in_its_middle() -> None:
    timeline = placed(huge())
    begin = process_time()

    for day in range(10, 14):
        assert len(timeline.at(at(f"2026-05-{day}T00:00:30Z"))) == 1

    assert process_time() - begin < 0.02


def test_ten_thousand_packed_prices_are_entered_in_their_middle() -> None:
    """F40: ten hours in parts of 3.6 s, again and again."""
    prices = interval(PRICE=tuple(range(10_000)))
    timeline = placed(event(prices, of=period("00:00", "PT10H"), lasts="P9999Y"))
    begin = process_time()

    (window,) = timeline.at(at("2026-05-04T15:00:02Z"))

    assert (window.turn, window.part, window.payloads[0].values) == (1, 5000, (5000,))
    assert process_time() - begin < 0.02
