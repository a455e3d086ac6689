"""An event's windows as text: read from the picture, as an operator does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.times import SEEN, at, event, interval, period, placed
from ven_daemon.cli.drawing import LANE_LIMIT, LISTED, NAME_WIDTH, WINDOW_LIMIT, draw, listed
from ven_daemon.domain.events import Event, Payload
from ven_daemon.domain.windows import Window


def picture(given: Event, since: str, until: str, columns: int = 48) -> list[str]:
    begin, end = at(since), at(until)
    lines = draw(placed(given).windows(begin), begin, end, NAME_WIDTH + columns)
    return [f"{line[:NAME_WIDTH].rstrip()}:{line[NAME_WIDTH:]}" for line in lines[1:]]


def test_windows_stand_under_the_hours_they_last() -> None:
    prices = [interval(PRICE=price) for price in (0.17, 0.22, 0.31)]
    given = event(*prices, interval("11:00", "PT1H", SIMPLE=2), of=period("08:00", "PT1H"))

    assert picture(given, "08:00", "12:00") == [
        ":08:00       09:00       10:00       11:00",
        "PRICE:|0.17-------|0.22-------|0.31-------",
        "SIMPLE:                                    |2----------",
    ]


def test_what_began_before_what_goes_on_and_what_is_done_once_are_told_apart() -> None:
    given = event(
        interval("06:00", "PT3H", SIMPLE=1),
        interval("10:00", "P9999Y", ALERT_OTHER="storm"),
        interval("11:00", "PT0S", CTA2045_REBOOT=0),
    )

    assert picture(given, "08:00", "12:00")[1:] == [
        "SIMPLE:<1----------",
        "ALERT_OTHER:                        |storm----------------->",
        "CTA2045_REBOOT:                                    !",
    ]


def test_half_a_number_is_not_shown_as_another_number_and_is_written_out() -> None:
    given = event(*[interval(PRICE=p) for p in (0.17, 12.5, 3)], of=period("08:00", "PT1H"))
    times = at("08:00"), at("11:00")

    narrow, wide = picture(given, "08:00", "11:00", 12), picture(given, "08:00", "11:00", 18)

    assert narrow[1:] == ["PRICE:|0.~|12~|3--"]
    assert wide[1:] == ["PRICE:|0.17-|12.5-|3----"]
    assert listed(placed(given).windows(), *times, NAME_WIDTH + 18) == []
    assert listed(placed(given).windows(), *times, NAME_WIDTH + 12) == [
        "2026-05-04 08:00:00  2026-05-04 09:00:00  PRICE  0.17",
        "2026-05-04 09:00:00  2026-05-04 10:00:00  PRICE  12.5",
    ]


def test_of_what_is_written_out_there_is_an_end_too() -> None:
    given = event(*[interval(PRICE=1.25)] * (LISTED + 7), of=period("08:00", "PT1M"))

    lines = listed(placed(given).windows(), at("08:00"), at("12:00"))

    assert len(lines) == LISTED + 1
    assert lines[-1] == "... 7 more: --json --limit N"


def test_windows_of_one_type_that_overlap_have_lines_of_their_own() -> None:
    given = event(interval("08:00", "PT2H"), interval("09:00", "PT2H", SIMPLE=3))

    assert picture(given, "08:00", "12:00")[1:] == [
        "SIMPLE:|1----------------------",
        ":            |3----------------------",
    ]


def test_a_crowd_is_counted_not_drawn() -> None:
    given = event(*[interval("08:00", "PT2H")] * (LANE_LIMIT + 5))

    lines = picture(given, "08:00", "12:00")

    assert len(lines) == 1 + LANE_LIMIT + 1
    assert lines[-1] == ":... 5 more at the same time"


def test_more_windows_than_a_terminal_has_columns_end_the_drawing_with_a_word() -> None:
    """An endless loop is drawn as far as it makes sense."""
    given = event(interval(), of=period("08:00", "PT1S"), lasts="P9999Y")

    lines = picture(given, "08:00", "2027-01-01T00:00:00Z")

    last = at("08:00") + timedelta(seconds=WINDOW_LIMIT)
    assert lines[-1] == f":... more from {last:%Y-%m-%d %H:%M} on"


def test_a_vtn_s_words_cannot_steer_the_terminal() -> None:
    given = event(interval("08:00", "PT2H", ALERT_OTHER="\x1b[2J\n!"))

    lines = picture(given, "08:00", "12:00")

    assert all(line.isprintable() for line in lines)
    assert "?[2J?!" in lines[1]


def test_days_are_dates_on_the_ruler() -> None:
    given = event(interval(), of=period("2026-05-04T00:00:00Z", "P1D"), lasts="P4D")

    (ruler, row) = picture(given, "2026-05-04T00:00:00Z", "2026-05-08T00:00:00Z")

    assert ruler == ":2026-05-04  2026-05-05  2026-05-06  2026-05-07"
    assert row == "SIMPLE:|1----------|1----------|1----------|1----------"


@given(
    st.lists(st.tuples(st.integers(-500, 500), st.integers(0, 500) | st.none()), max_size=20),
    st.integers(1, 10**9),
    st.integers(0, 200),
)
def test_any_windows_of_any_range_fit_the_width(
    spans: list[tuple[int, int | None]], seconds: int, width: int
) -> None:
    windows = [
        Window(0, n, start, None if lasts is None else start + timedelta(minutes=lasts), start, ONE)
        for n, (start, lasts) in enumerate(
            sorted(((SEEN + timedelta(minutes=m), lasts) for m, lasts in spans), key=lambda s: s[0])
        )
    ]

    lines = draw(windows, SEEN, SEEN + timedelta(seconds=seconds), width)

    assert all(len(line) <= max(width, NAME_WIDTH + 12) for line in lines[2:] if "..." not in line)


def test_the_whole_calendar_can_be_drawn() -> None:
    """F35: a range to the last year, an endless window, a ruler of centuries."""
    given = event(interval(), of=period("08:00", "P9999Y"))
    last = datetime.max.replace(tzinfo=UTC)

    lines = draw(placed(given).windows(), SEEN, last)

    assert lines[2].endswith(">")


ONE = (Payload("SIMPLE", (1,)),)
