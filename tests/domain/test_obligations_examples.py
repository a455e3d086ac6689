"""The worked examples of the User Guide (7.5 and 8), as we read them (docs/reports.md)."""

from datetime import timedelta

from tests.domain.obligations import (
    FOR_EVER,
    HOUR,
    T0,
    agenda,
    event,
    first,
    hour,
    hourly,
    owed,
    told,
    window,
)
from ven_daemon.domain.events import ReportDescriptor, ReportIntervals
from ven_daemon.domain.reporting.obligations import agendas, requests
from ven_daemon.domain.reporting.slots import Grid

HOURS_OF_IMPLIED = Grid.implied(T0, HOUR)


def asked(**fields: object) -> ReportDescriptor:
    return ReportDescriptor("USAGE", **fields)  # type: ignore[arg-type]


def test_7_5_by_default_one_report_of_all_intervals_comes_at_the_end_of_the_last() -> None:
    assert owed(hourly(4)) == [(4, [0, 1, 2, 3])]


def test_7_5_a_forecast_of_all_intervals_comes_at_the_start_of_the_first() -> None:
    assert owed(hourly(4), asked(historical=False)) == [(0, [0, 1, 2, 3])]


def test_7_5_a_subset_is_one_report_at_its_start_interval_clipped_to_what_there_is() -> None:
    assert owed(hourly(5), asked(start_interval=1, num_intervals=3)) == [(2, [0, 1])]


def test_7_5_the_last_five_of_ten_are_what_precedes_the_last_interval() -> None:
    assert owed(hourly(10), asked(num_intervals=5)) == [(10, [5, 6, 7, 8, 9])]


def test_7_5_a_report_after_every_two_intervals() -> None:
    periodic = asked(start_interval=1, num_intervals=2, frequency=2, repeat=3)

    assert owed(hourly(6), periodic) == [(2, [0, 1]), (4, [2, 3]), (6, [4, 5])]


def test_7_5_five_reports_one_for_each_two_of_ten_intervals() -> None:
    each_two = asked(num_intervals=2, frequency=2, repeat=5)

    assert [due for due, _ in owed(hourly(10), each_two)] == [2, 4, 6, 8, 10]


def test_7_5_a_rolling_forecast_comes_at_the_start_of_each_interval() -> None:
    rolling = asked(start_interval=0, num_intervals=3, frequency=1, repeat=3, historical=False)

    assert owed(hourly(5), rolling) == [(0, [0, 1, 2]), (1, [1, 2, 3]), (2, [2, 3, 4])]


def test_7_5_a_loop_is_reported_round_by_round() -> None:
    loop = hourly(3, period=3 * HOUR)

    reports = owed(loop, asked(repeat=-1), until=hour(9))

    assert reports == [(3, [0, 1, 2]), (6, [3, 4, 5]), (9, [6, 7, 8])]


def test_7_5_rounds_of_a_loop_use_the_same_interval_ids_again() -> None:
    loop = agenda(hourly(3, period=3 * HOUR), asked(repeat=-1))

    second = next(loop.after(hour(3)))

    assert [slot.id for slot in second.slots] == [100, 101, 102]
    assert [slot.start for slot in second.slots] == [hour(3), hour(4), hour(5)]


def test_7_5_one_report_of_an_endless_loop_is_that_of_its_first_round() -> None:
    assert owed(hourly(3, period=3 * HOUR)) == [(3, [0, 1, 2])]


def test_7_5_one_report_of_a_loop_that_ends_is_of_all_its_rounds() -> None:
    assert owed(hourly(2, period=2 * HOUR, until=hour(5))) == [(5, [0, 1, 2, 3, 4])]


def test_7_5_ad_hoc_is_reported_when_seen_and_then_at_our_pace() -> None:
    ad_hoc = agenda(hourly(2), asked(frequency=0), seen=hour(0.5))

    reports = list(ad_hoc.due_between(T0, FOR_EVER))

    assert [due for due, _ in told(reports)] == [0.5, 0.75, 1, 1.25, 1.5, 1.75]
    assert [report.slots[0].id for report in reports] == [100, 100, 101, 101, 101, 101]
    assert [report.k for report in reports] == [int(report.due.timestamp()) for report in reports]


def test_7_5_ad_hoc_is_reported_whenever_something_changed() -> None:
    report = agenda(hourly(2), asked(frequency=0)).ad_hoc(hour(1.1))

    assert (report.due, report.slots[0].id) == (hour(1.1), 101)
    assert (report.slots[0].start, report.slots[0].end) == (hour(1), hour(1.1))


def test_7_5_an_event_without_intervals_or_period_is_reported_when_we_see_fit() -> None:
    at_once = first(agenda(Grid(), seen=hour(1)))

    assert at_once.due == hour(1)
    assert [(slot.id, slot.start, slot.end) for slot in at_once.slots] == [(0, hour(0.75), hour(1))]


def test_7_5_sub_intervals_bear_the_id_of_the_interval_they_are_part_of() -> None:
    half = timedelta(minutes=30)
    grid = hourly(2)
    packed = grid.base[1]._replace(parts=((hour(1), hour(1) + half), (hour(1) + half, hour(2))))
    grid = Grid((grid.base[0], packed))

    sub = first(agenda(grid, asked(report_intervals=ReportIntervals.SUB_INTERVALS)))

    assert [(slot.id, slot.start) for slot in sub.slots] == [
        (100, hour(0)),
        (101, hour(1)),
        (101, hour(1.5)),
    ]


def test_7_5_open_intervals_have_ids_of_ours() -> None:
    opened = first(agenda(hourly(2), asked(report_intervals=ReportIntervals.OPEN_INTERVALS)))

    assert [slot.id for slot in opened.slots] == [0, 1]


def test_7_5_late_to_an_event_only_the_latest_past_report_is_owed_and_at_once() -> None:
    hourly_report = asked(num_intervals=1, frequency=1, repeat=-1)

    assert owed(hourly(5), hourly_report, seen=hour(3.5)) == [(3.5, [2]), (4, [3]), (5, [4])]


def test_what_is_owed_late_says_so_and_what_time_it_covers() -> None:
    late, punctual = agenda(
        hourly(5), asked(num_intervals=2, frequency=2, repeat=-1), seen=hour(3.5)
    ).due_between(T0, FOR_EVER)

    assert (late.late, late.span) == (True, (hour(0), hour(2)))
    assert (punctual.late, punctual.span) == (False, (hour(2), hour(4)))


def test_7_5_of_an_event_that_was_over_before_it_was_seen_nothing_is_owed() -> None:
    assert owed(hourly(5), seen=hour(5.1)) == []


def test_7_7_an_aggregate_is_asked_for_by_its_flag() -> None:
    [request] = requests([asked(reading_type="DIRECT_READ", aggregate=True)])

    assert request.aggregate


def test_8_3_two_hours_of_prices_are_reported_at_their_end_with_their_ids() -> None:
    spelled = asked(
        start_interval=-1, num_intervals=-1, historical=True, frequency=-1, repeat=1, units="KWH"
    )

    report = first(agenda(hourly(2), spelled))

    assert report.due == hour(2)
    assert [(slot.id, slot.start, slot.end) for slot in report.slots] == [
        (100, hour(0), hour(1)),
        (101, hour(1), hour(2)),
    ]


def test_8_4_an_event_without_descriptors_asks_for_nothing() -> None:
    assert agendas(event(), hourly(1), T0) == ()


def test_8_6_four_ad_hoc_types_of_storage_are_one_report_until_the_event_is_deleted() -> None:
    kinds = ("USABLE_CAPACITY", "CHARGE_LEVEL", "MAX_DISCHARGE_POWER", "MAX_CHARGE_POWER")
    storage = [
        ReportDescriptor(
            f"STORAGE_{kind}", frequency=0, report_intervals=ReportIntervals.OPEN_INTERVALS
        )
        for kind in kinds
    ]

    [one] = agendas(event(*storage), Grid(), hour(1))

    assert len(one.request.descriptors) == 4
    assert told(list(one.due_between(T0, hour(1.6)))) == [(1, [0]), (1.25, [0]), (1.5, [0])]
    assert one.next_due(FOR_EVER) is not None


def test_8_7_a_rolling_forecast_of_48_implied_hours_without_end() -> None:
    flags = {"start_interval": 0, "num_intervals": 48, "historical": False, "frequency": 1}
    both = [
        ReportDescriptor(kind, repeat=-1, **flags)  # type: ignore[arg-type]
        for kind in ("LOAD_SHED_DELTA_AVAILABLE", "GENERATION_DELTA_AVAILABLE")
    ]

    [rolling] = agendas(event(*both), HOURS_OF_IMPLIED, hour(2.5))

    one, two = list(rolling.due_between(T0, hour(3)))
    assert [slot.id for slot in one.slots] == list(range(2, 50))
    assert (one.due, two.due) == (hour(2.5), hour(3))
    assert two.slots[-1].end == hour(51)


def test_8_8_a_forecast_of_24_hours_is_due_when_the_first_interval_has_begun() -> None:
    forecast = asked(
        aggregate=True, start_interval=0, num_intervals=24, historical=False, frequency=1, repeat=-1
    )

    assert owed(HOURS_OF_IMPLIED, forecast, until=hour(1)) == [
        (0, list(range(24))),
        (1, list(range(1, 25))),
    ]


def test_8_9_3_what_has_no_end_is_not_reported_at_its_end_but_when_we_see_fit() -> None:
    endless = Grid.of([window(0, T0, None)])

    reports = list(agenda(endless, seen=hour(1)).due_between(T0, hour(1.3)))

    assert [report.due for report in reports] == [hour(1), hour(1.25)]
    assert reports[0].slots[0].id == 100


def test_8_10_1_three_readings_in_different_units_are_three_reports() -> None:
    readings = [ReportDescriptor("READING", units=unit) for unit in ("VOLTS", "KW", "KVAR")]

    asked_for = requests(readings)

    assert sorted(one.descriptors[0].units or "" for one in asked_for) == ["KVAR", "KW", "VOLTS"]
    assert len({one.digest for one in asked_for}) == 3


def test_8_10_2_a_request_for_a_reservation_without_extent_is_alive_until_deleted() -> None:
    reservation = ReportDescriptor(
        "IMPORT_CAPACITY_RESERVATION", report_intervals=ReportIntervals.OPEN_INTERVALS
    )

    at_once = first(agenda(Grid(), reservation, seen=hour(1)))

    assert at_once.due == hour(1)
