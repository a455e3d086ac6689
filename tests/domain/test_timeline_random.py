"""randomizeStart: what a VEN draws, and what its draw moves (User Guide 7.3)."""

from datetime import timedelta

import pytest

from tests.domain.times import SEEN, at, drawn, event, interval, period, placed, windows
from ven_daemon.domain.durations import parse_duration
from ven_daemon.domain.events import Event
from ven_daemon.domain.timeline import Draw, draws_needed

FIVE, TEN = parse_duration("PT5M"), parse_duration("PT10M")
CHAIN = event(interval(), interval(), of=period("08:00", "PT1H", "PT10M"))
MIXED = event(
    interval(),
    interval("10:00"),
    interval("12:00", random="PT5M"),
    interval(),
    of=period("08:00", "PT1H", "PT10M"),
)


@pytest.mark.parametrize(
    ("given", "draws"),
    [
        pytest.param(event(interval("08:00")), (), id="none asked for"),
        pytest.param(event(interval("08:00", random="PT0S")), (), id="zero is none (T-18)"),
        pytest.param(event(), (), id="no intervals"),
        pytest.param(CHAIN, (Draw(0, TEN),), id="the event's, once for its chain"),
        pytest.param(
            event(interval(random="PT5M"), of=period("08:00", "PT1H", "PT10M")),
            (Draw(0, FIVE),),
            id="the first interval's own wins",
        ),
        pytest.param(MIXED, (Draw(0, TEN), Draw(2, FIVE)), id="a later one's own, with a start"),
        pytest.param(
            event(interval("08:00", "PT1H"), interval(random="PT5M")),
            (),
            id="what follows immediately has none of its own",
        ),
    ],
)
def test_a_draw_is_needed_where_a_randomized_start_is_given(
    given: Event, draws: tuple[Draw, ...]
) -> None:
    """F39: one draw for each interval that begins to move anew."""
    assert draws_needed(given) == draws


def test_a_draw_shifts_the_first_interval_and_all_that_follow_it() -> None:
    """The User Guide: "shifting one start necessarily shifts all subsequent"."""
    assert drawn(placed(CHAIN, draws={0: 0.5})) == ["08:05-09:05 0", "09:05-10:05 1"]
    assert drawn(placed(CHAIN, draws={0: -1.0})) == ["07:50-08:50 0", "08:50-09:50 1"]


def test_absolute_starts_are_shifted_by_the_same_amount_until_one_has_its_own() -> None:
    """UG: "by the same amount as the first … unless it too included … randomizeStart"."""
    assert drawn(placed(MIXED, draws={0: 0.5, 2: -1.0})) == [
        "08:05-09:05 0",
        "10:05-11:05 1",
        "11:55-12:55 2",
        "12:55-13:55 3",
    ]


def test_a_shift_keeps_where_the_window_would_have_been() -> None:
    """Design 9: `nominal_start` is without the draw, and so is a timeline without draws."""
    moved, nominal = placed(MIXED, draws={0: 1.0, 2: 1.0}), placed(MIXED)

    assert [w.nominal_start for w in windows(moved)] == [w.start for w in windows(nominal)]


@pytest.mark.parametrize(
    ("start", "begins"), [("06:33", "06:30"), ("06:30", "06:30"), ("06:00", "06:00")]
)
def test_nothing_is_moved_to_before_it_could_be_known(start: str, begins: str) -> None:
    """Clipped at now; what had begun when it was first seen keeps its start."""
    given = event(interval(), interval(), of=period(start, "PT1H", "PT10M"))

    first, second = windows(placed(given, draws={0: -1.0}))

    assert first.start == at(begins)
    assert second.start == at(begins) + timedelta(hours=1)


def test_do_it_now_may_be_moved_later_and_not_earlier() -> None:
    given = event(interval(), of=period(lasts="PT1H", random="PT10M"))

    assert drawn(placed(given, draws={0: 0.3})) == ["06:33-07:33 0"]
    assert drawn(placed(given, draws={0: -0.3})) == ["06:30-07:30 0"]


def test_a_draw_keeps_within_an_extent_that_an_update_changed() -> None:
    """F39: what is kept is a fraction, so no version needs another draw."""
    shorter = event(interval(), of=period("08:00", "PT1H", "PT2M"))

    assert drawn(placed(shorter, draws={0: 0.5})) == ["08:01-09:01 0"]


@pytest.mark.parametrize("extent", ["-PT10M", "PT10M"])
def test_an_extent_is_taken_by_its_absolute_value(extent: str) -> None:
    """The User Guide: "within the bounds of the absolute value of randomizeStart"."""
    given = event(interval(), of=period("08:00", "PT1H", extent))

    assert drawn(placed(given, draws={0: 0.5})) == ["08:05-09:05 0"]


def test_a_loop_is_moved_with_all_its_rounds() -> None:
    """Looked into anywhere, it is where it should be."""
    given = event(interval(), interval(), of=period("08:00", "PT1H", "PT30M"), lasts="P9999Y")

    timeline = placed(given, draws={0: 1.0})

    assert drawn(timeline, "2126-01-01T00:15:00Z", 2) == [
        "2125-12-31T23:30-2126-01-01T00:30 1",
        "2126-01-01T00:30-2126-01-01T01:30 0",
    ]
    assert [w.index for w in timeline.at(at("2126-01-01T00:29:59Z"))] == [1]


def test_a_loop_is_found_where_it_is_even_if_moved_by_rounds() -> None:
    """An hour, repeated, five hours late."""
    given = event(interval(), of=period("08:00", "PT1H", "PT5H"), lasts="PT3H")

    assert drawn(placed(given, draws={0: 1.0}), "14:30") == ["14:00-15:00 0", "15:00-16:00 0"]


def test_packed_prices_move_together() -> None:
    given = event(interval(PRICE=(1, 2)), of=period("08:00", "PT2H", "PT10M"))

    assert drawn(placed(given, draws={0: 1.0})) == ["08:10-09:10 0", "09:10-10:10 0"]


def test_what_event_duration_cuts_is_cut_before_it_is_moved() -> None:
    """The draw moves the event, it does not shorten it."""
    given = event(interval(), interval(), of=period("08:00", "PT1H", "PT10M"), lasts="PT90M")

    timeline = placed(given, draws={0: -1.0})

    assert drawn(timeline) == ["07:50-08:50 0", "08:50-09:20 1"]
    assert timeline.ends == at("09:20")


def test_an_endless_interval_that_is_moved_back_is_still_endless() -> None:
    """F35 with 4.2."""
    timeline = placed(event(interval("08:00", "P9999Y", "PT10M")), draws={0: -1.0})

    assert drawn(timeline) == ["07:50-... 0"]
    assert timeline.ends is None


def test_the_same_draws_after_a_restart_give_the_same_windows() -> None:
    """F39: nothing of a timeline lives in the process."""
    draws = {0: 0.123456789, 2: -0.987654321}

    assert windows(placed(MIXED, SEEN, draws)) == windows(placed(MIXED, SEEN, dict(draws)))
