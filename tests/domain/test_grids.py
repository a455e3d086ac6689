"""From events as they are read to the slots that reports count."""

from datetime import timedelta

import pytest

from tests.domain.obligations import HOUR, T0, first, hour, told
from ven_daemon.domain.durations import ENDLESS, ZERO, Duration
from ven_daemon.domain.events import (
    Dialect,
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    ReportDescriptor,
    ReportIntervals,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.reporting.grids import DUMMY, grid_of
from ven_daemon.domain.reporting.obligations import Agenda, agendas
from ven_daemon.domain.reporting.slots import Grid
from ven_daemon.domain.timeline import Unplaceable

AN_HOUR = Duration(length=HOUR)
HOURLY = IntervalPeriod(T0, AN_HOUR)
PRICE = (Payload("PRICE", (0.17,)),)
USAGE = ReportDescriptor("USAGE")


def priced(*ids: int) -> tuple[Interval, ...]:
    return tuple(Interval(each, payloads=PRICE) for each in ids)


def made(
    *,
    period: IntervalPeriod | None = HOURLY,
    intervals: tuple[Interval, ...] = (),
    duration: Duration | None = None,
    asked: ReportDescriptor = USAGE,
) -> Event:
    return Event(
        EventId("e"),
        ProgramId("p"),
        period=period,
        duration=duration,
        intervals=intervals,
        report_descriptors=(asked,),
    )


def gridded(event: Event, **known: object) -> Grid:
    grid = grid_of(event, hour(1), **known)  # type: ignore[arg-type]
    assert isinstance(grid, Grid)
    return grid


def agenda(event: Event, **known: object) -> Agenda:
    [one] = agendas(event, gridded(event, **known), hour(1))
    return one


def test_8_3_prices_are_counted_in_the_order_of_the_event_with_its_ids() -> None:
    grid = gridded(made(intervals=priced(7, 3)))

    assert [(slot.number, slot.id, slot.start, slot.end) for slot in grid.base] == [
        (0, 7, hour(0), hour(1)),
        (1, 3, hour(1), hour(2)),
    ]
    assert (grid.count, grid.end) == (2, hour(2))


def test_8_7_a_period_without_intervals_implies_them_without_end() -> None:
    grid = gridded(made())

    assert grid.endless
    assert (grid.slot(48).id, grid.slot(48).start) == (48, hour(48))


def test_implied_intervals_end_with_the_events_duration() -> None:
    grid = gridded(made(duration=Duration(length=24 * HOUR)))

    assert (grid.count, grid.end) == (24, hour(24))
    assert told(list(agenda(made(duration=Duration(length=2 * HOUR))).after(T0))) == [(2, [0, 1])]


@pytest.mark.parametrize("period", [None, IntervalPeriod(), IntervalPeriod(None, ZERO)])
def test_8_6_without_extent_a_report_is_sent_when_we_see_fit(period: IntervalPeriod | None) -> None:
    one = agenda(made(period=period))

    assert one.scheduled is None
    assert first(one).due == hour(1)
    assert one.next_due(hour(10**5)) is not None


def test_8_9_3_an_interval_that_never_ends_is_reported_when_we_see_fit() -> None:
    forever = made(period=IntervalPeriod(T0, ENDLESS), intervals=priced(0))

    assert agenda(forever).scheduled is None


def test_a_loop_is_counted_on_round_by_round() -> None:
    looped = made(intervals=priced(7, 3), duration=ENDLESS)

    grid = gridded(looped)

    assert grid.endless
    assert [(slot.id, slot.start) for slot in map(grid.slot, (2, 3, 20))] == [
        (7, hour(2)),
        (3, hour(3)),
        (7, hour(20)),
    ]


def test_a_loop_that_ends_is_cut_where_the_event_ends() -> None:
    grid = gridded(made(intervals=priced(7, 3), duration=Duration(length=4.5 * HOUR)))

    assert grid.count == 5
    assert (grid.slot(4).id, grid.slot(4).end) == (7, hour(4.5))


def test_a_draw_moves_what_is_reported_to_what_was_done() -> None:
    random = IntervalPeriod(hour(2), AN_HOUR, randomize_start=AN_HOUR)

    grid = gridded(made(period=random, intervals=priced(0)), draws={0: 0.5})

    assert (grid.base[0].start, grid.base[0].end) == (hour(2.5), hour(3.5))


def test_packed_prices_are_one_slot_whose_parts_sub_intervals_show() -> None:
    packed = Interval(5, payloads=(Payload("PRICE", (1.0, 2.0, 3.0, 4.0)),))
    asked = ReportDescriptor("USAGE", report_intervals=ReportIntervals.SUB_INTERVALS)

    report = first(agenda(made(intervals=(packed,), asked=asked)))

    assert [(slot.id, slot.start, slot.end) for slot in report.slots] == [
        (5, hour(n / 4), hour((n + 1) / 4)) for n in range(4)
    ]
    assert gridded(made(intervals=(packed,))).count == 1


def test_3_0_1_one_dummy_interval_stands_for_none() -> None:
    dummy = (Interval(0, payloads=(Payload(DUMMY, (0.0,)),)),)

    assert gridded(made(intervals=dummy), dialect=Dialect.V3_0).endless


def test_3_0_1_several_dummy_intervals_are_intervals() -> None:
    dummies = tuple(Interval(n, payloads=(Payload(DUMMY, (0.0,)),)) for n in range(3))

    assert gridded(made(intervals=dummies), dialect=Dialect.V3_0).count == 3


def test_intervals_with_nothing_in_them_are_reported_like_others() -> None:
    empty = tuple(Interval(n) for n in (4, 5))

    assert [slot.id for slot in first(agenda(made(intervals=empty))).slots] == [4, 5]


def test_what_follows_an_interval_without_end_is_not_counted() -> None:
    tail = (Interval(0, IntervalPeriod(T0, ENDLESS), PRICE), *priced(1))

    assert gridded(made(intervals=tail)).count == 1


def test_what_cannot_be_placed_says_why() -> None:
    backwards = IntervalPeriod(T0, Duration(length=timedelta(hours=-1)))

    assert isinstance(grid_of(made(period=backwards, intervals=priced(0)), T0), Unplaceable)
