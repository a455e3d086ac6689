"""Traps of reporting, by their ids in the list of what VTNs get wrong and leave open."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.obligations import (
    FOR_EVER,
    HOUR,
    LONG_BEFORE,
    T0,
    agenda,
    event,
    first,
    hour,
    hourly,
    report,
    told,
    window,
)
from ven_daemon.domain.events import Event, PayloadDescriptor, Program, ReportDescriptor
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.reporting.obligations import Obligation, Terms, requests
from ven_daemon.domain.reporting.reports import (
    described,
    pieces,
    report_name,
)
from ven_daemon.domain.reporting.schedules import INTERVALS_LIMIT
from ven_daemon.domain.reporting.slots import Grid
from ven_daemon.domain.reporting.standing import Standing

USAGE = ReportDescriptor("USAGE")


def obligation(k: int = 0, event_id: str = "e1", *asked: ReportDescriptor) -> Obligation:
    [request] = requests(asked or (USAGE,))
    return Obligation(EventId(event_id), request, k, T0, ())


def test_t24_a_name_is_made_of_what_the_report_is_about() -> None:
    name = report_name("Aalborg", obligation(7))

    assert name.startswith("Aalborg.e1.")
    assert name.endswith(".7")
    assert name == report_name("Aalborg", obligation(7))


def test_t24_two_vens_never_give_one_name_to_two_reports() -> None:
    assert report_name("a.b", obligation(0, "c")) != report_name("a", obligation(0, "b.c"))


@given(st.text(max_size=200), st.text(max_size=200), st.integers(0, 2**40))
def test_t24_a_name_has_at_most_128_bytes_and_keeps_its_number(
    ven: str, event_id: str, k: int
) -> None:
    name = report_name(ven, obligation(k, event_id), "12")

    assert len(name.encode()) <= 128
    assert name.endswith(f".{k}.12")


def test_t24_long_names_that_begin_alike_stay_two() -> None:
    assert report_name("x" * 200, obligation()) != report_name("x" * 201, obligation())


def test_t24_names_are_the_same_from_one_version_to_the_next() -> None:
    assert report_name("Aalborg", obligation()) == "Aalborg.e1.e5a9aec37821.0"


def test_t29_a_report_that_fits_is_one_piece_with_no_mark() -> None:
    whole = report(3, 4)

    assert pieces(whole, 12) == (("", whole),)


def test_t29_a_large_report_is_split_by_resources() -> None:
    parts = pieces(report(5, 4), 9)

    assert [mark for mark, _ in parts] == ["1", "2", "3"]
    assert [part.size for _, part in parts] == [8, 8, 4]
    assert [r.name for _, part in parts for r in part.resources] == [f"r{n}" for n in range(5)]


def test_t29_a_resource_too_large_for_a_piece_is_one_by_itself() -> None:
    assert [part.size for _, part in pieces(report(2, 20), 9)] == [20, 20]


def test_t29_a_report_covers_no_more_intervals_than_the_limit() -> None:
    asked = ReportDescriptor("USAGE", num_intervals=2**31 - 1, historical=False, repeat=-1)

    owed = first(agenda(Grid.implied(T0, HOUR), asked))

    assert owed.cut
    assert len(owed.slots) == INTERVALS_LIMIT


def test_t30_by_the_specification_frequency_counts_intervals() -> None:
    asked = ReportDescriptor("USAGE", num_intervals=1, frequency=2, repeat=-1)

    assert told(list(agenda(hourly(5), asked).after(LONG_BEFORE))) == [
        (1, [0]),
        (3, [2]),
        (5, [4]),
    ]


def test_t30_some_vtns_count_it_in_seconds_until_the_event_ends() -> None:
    asked = ReportDescriptor("USAGE", frequency=1800)
    terms = Terms(frequency_in_seconds=True)

    owed = list(agenda(hourly(2), asked, terms=terms).after(LONG_BEFORE))

    assert [one.due for one in owed] == [hour(0.5), hour(1), hour(1.5), hour(2)]
    assert [[slot.id for slot in one.slots] for one in owed] == [[100], [100], [101], [101]]


def test_t30_seconds_of_an_event_without_end_go_on_for_ever() -> None:
    asked = ReportDescriptor("USAGE", frequency=900)
    endless = Grid.of([window(0, T0, None)])

    owed = first(agenda(endless, asked, terms=Terms(frequency_in_seconds=True)), FOR_EVER)

    assert owed.due == FOR_EVER + timedelta(minutes=15)


@pytest.mark.parametrize("asked", [-2, 0])
def test_t30_counts_that_ask_for_nothing_are_their_defaults(asked: int) -> None:
    odd = ReportDescriptor("USAGE", num_intervals=asked, start_interval=-5, repeat=0)

    assert told(list(agenda(hourly(3), odd).after(LONG_BEFORE))) == [(3, [0, 1, 2])]


def test_t32_every_covered_slot_has_its_own_time() -> None:
    gap = Grid.of([window(0, hour(0), hour(1)), window(1, hour(5), hour(7))])

    owed = first(agenda(gap))

    assert [(slot.start, slot.end) for slot in owed.slots] == [
        (hour(0), hour(1)),
        (hour(5), hour(7)),
    ]


def test_units_are_the_descriptors_else_the_events_else_the_programs_else_usual() -> None:
    said = PayloadDescriptor("USAGE", units="WH", reading_type="SUMMED", is_report=True)
    priced = PayloadDescriptor("USAGE", units="EUR")
    bare = Event(EventId("e"), ProgramId("p"), payload_descriptors=(priced,))
    program = Program(ProgramId("p"), "p", payload_descriptors=(said,))

    assert described(ReportDescriptor("USAGE", units="MWH"), bare, program).units == "MWH"
    assert described(USAGE, bare, program).units == "WH"
    assert described(USAGE, bare, program).reading_type == "SUMMED"


def test_t15_a_program_that_cannot_be_read_leaves_what_is_usual() -> None:
    usual = described(USAGE, event(USAGE), None)

    assert (usual.units, usual.reading_type, usual.is_report) == ("KWH", "DIRECT_READ", True)


def test_standing_telemetry_is_owed_for_whole_periods_of_the_clock() -> None:
    quarters = Standing("p1", ("USAGE", "DEMAND"), timedelta(minutes=15))
    silent = event()

    [one] = quarters.agendas(silent, Grid.of([window(0, hour(0.1), hour(0.8))]), hour(0.2))

    owed = list(one.after(LONG_BEFORE))
    assert len(one.request.descriptors) == 2
    assert [one.due for one in owed] == [hour(0.25), hour(0.5), hour(0.75), hour(0.8)]
    assert owed[0].slots[0].start == hour(0)


def test_standing_telemetry_goes_on_where_an_event_has_no_end() -> None:
    [one] = Standing("p1", ("USAGE",), HOUR).agendas(event(), Grid(), hour(0.5))

    assert one.next_due(FOR_EVER) == FOR_EVER + HOUR


def test_an_event_that_asks_for_reports_itself_has_no_standing_telemetry() -> None:
    assert Standing("p1", ("USAGE",), HOUR).agendas(event(USAGE), hourly(3), T0) == ()
