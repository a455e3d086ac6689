"""Readings folded over time: by power, by counter, and what is not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.reporting.measures.series import Rating, Series, counted, integrated, risen

HOUR = 3600.0
ANY = Rating(10.0, 0.0)


def steady(kw: float, start: float, end: float, every: float = 60.0) -> Series:
    times = [start + n * every for n in range(int((end - start) / every) + 1)]
    return Series(times, [kw] * len(times))


def test_steady_power_is_energy_by_the_hour() -> None:
    fold = integrated(steady(4.0, 0, 2 * HOUR), 0, 2 * HOUR)

    assert fold.kwh == pytest.approx(8.0)
    assert fold.known == 2 * HOUR


def test_power_that_rises_is_a_trapezium() -> None:
    assert integrated(Series([0, 600], [0.0, 6.0]), 0, 600).kwh == pytest.approx(0.5)


def test_a_border_between_two_readings_shares_them_by_the_line_between() -> None:
    series = Series([0, 600], [0.0, 6.0])

    first, second = integrated(series, 0, 300), integrated(series, 300, 600)

    assert (first.kwh, second.kwh) == pytest.approx((0.125, 0.375))


def test_what_lies_in_a_gap_is_not_counted_and_not_known() -> None:
    fold = integrated(Series([0, 60, 7200, 7260], [6.0] * 4), 0, 7260)

    assert fold.kwh == pytest.approx(0.2)
    assert fold.known == 120


def test_nothing_is_known_without_readings_or_time() -> None:
    assert integrated(Series(), 0, HOUR) == (0.0, 0.0, False)
    assert integrated(Series([0], [5.0]), 0, HOUR).known == 0
    assert integrated(steady(5.0, 0, HOUR), 600, 600).known == 0


def test_a_counter_is_the_difference_however_long_the_gap_inside() -> None:
    fold = counted(Series([0, 60, 7200], [100.0, 101.0, 130.0]), 0, 7200, ANY)

    assert fold == (30.0, 7200.0, False)


def test_a_border_in_a_short_gap_of_a_counter_is_interpolated() -> None:
    assert counted(Series([0, 600], [0.0, 6.0]), 0, 300, ANY) == (3.0, 300.0, False)


def test_a_border_in_a_long_gap_of_a_counter_makes_it_rough() -> None:
    assert counted(Series([0, 7200], [0.0, 6.0]), 0, HOUR, ANY) == (3.0, HOUR, True)


@pytest.mark.parametrize(
    ("count", "value", "rating", "counted_as"),
    [
        (512.0, 0.5, Rating(10.0, 0.0), 0.5),
        (99_999.5, 0.25, Rating(10.0, 0.0), 0.75),
        (512.0, 400.0, Rating(10.0, 0.0), None),
        (512.0, 0.5, Rating(), None),
        (512.0, -3.0, Rating(10.0, 0.0), None),
        (512.0, 508.0, Rating(10.0, -5.0), -4.0),
        (512.0, 0.5, Rating(10.0, -5.0), 0.5),
        (0.5, 0.25, Rating(10.0, 0.0), 0.25),
    ],
    ids=["reset", "rollover", "lost", "unrated", "negative", "export", "reset-net", "small"],
)
def test_a_counter_that_falls_is_believed_as_far_as_its_rating_goes(
    count: float, value: float, rating: Rating, counted_as: float | None
) -> None:
    fallen = risen(count, value, 1.0, rating)

    assert fallen == (None if counted_as is None else pytest.approx(counted_as))


def test_a_counter_that_began_anew_is_counted_on_and_rough() -> None:
    fold = counted(Series([0, HOUR / 2, HOUR], [512.0, 0.5, 2.0]), 0, HOUR, ANY)

    assert fold == (2.0, HOUR, True)


def test_what_a_fall_cannot_explain_is_not_known() -> None:
    fold = counted(Series([0, 900, 1800], [512.0, 400.0, 401.0]), 0, 1800, ANY)

    assert fold == (1.0, 900.0, False)


def test_a_net_counter_falls_as_it_exports() -> None:
    assert counted(Series([0, HOUR], [512.0, 508.0]), 0, HOUR, Rating(10.0, -5.0)).kwh == -4.0


def test_what_is_bad_or_missing_is_apart_from_what_is_good() -> None:
    series = Series.of(
        [(3.0, 7.0, "BAD"), (2.0, 1.0, "ESTIMATED"), (1.0, 5.0, "OK"), (4.0, None, "MISSING")]
    )

    assert (list(series.times), list(series.values)) == ([1.0, 2.0], [5.0, 1.0])
    assert series.is_weak(0, 2)
    assert not series.is_weak(0, 1.5)
    assert series.bad is not None
    assert list(series.bad.values) == [7.0]


rows = st.lists(
    st.tuples(
        st.integers(0, 4000).map(float),
        st.integers(-50, 50).map(float),
        st.sampled_from(["OK", "ESTIMATED", "BAD", "MISSING"]),
    ),
    max_size=30,
)


@given(rows, st.randoms())
def test_the_order_of_readings_changes_nothing(
    read: list[tuple[float, float, str]], random: object
) -> None:
    shuffled = list(read)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert Series.of(shuffled) == Series.of(read)
    assert Series.of(shuffled).bad == Series.of(read).bad


@given(rows, st.integers(0, 4000), st.integers(0, 2000), st.integers(0, 2000))
def test_energy_adds_up_over_adjacent_stretches(
    read: list[tuple[float, float, str]], start: int, first: int, second: int
) -> None:
    series = Series.of(read)
    middle, end = start + first, start + first + second

    for fold in (
        lambda a, b: integrated(series, a, b),
        lambda a, b: counted(series, a, b, Rating(1000.0, -20.0)),
    ):
        whole, left, right = fold(start, end), fold(start, middle), fold(middle, end)
        assert whole.kwh == pytest.approx(left.kwh + right.kwh, abs=1e-6)
        assert whole.known == pytest.approx(left.known + right.known)


@given(rows, st.integers(-100, 4000), st.integers(0, 4000))
def test_no_more_is_known_than_there_is(
    read: list[tuple[float, float, str]], start: int, length: int
) -> None:
    series = Series.of(read)

    for fold in (
        integrated(series, start, start + length),
        counted(series, start, start + length, ANY),
    ):
        assert 0 <= fold.known <= length + 1e-6
