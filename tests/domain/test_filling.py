"""Reports as they are filled in: values, quality, sums and what is not known."""

from datetime import timedelta

import pytest

from tests.domain.obligations import HOUR, T0, event, first, hour
from ven_daemon.domain.events import Event, Payload, ReportDescriptor, ReportIntervals
from ven_daemon.domain.ids import ResourceName
from ven_daemon.domain.readings import Quantity
from ven_daemon.domain.reporting.filling import Member, Wish, fill
from ven_daemon.domain.reporting.measures import Series, Subject
from ven_daemon.domain.reporting.obligations import agendas
from ven_daemon.domain.reporting.reports import AGGREGATED, Report
from ven_daemon.domain.reporting.slots import Grid

OK = Payload("DATA_QUALITY", ("OK",))
MISSING = Payload("DATA_QUALITY", ("MISSING",))
ESTIMATED = Payload("DATA_QUALITY", ("ESTIMATED",))


def drawing(name: str, kw: float, hours: float = 2) -> Member:
    times = [T0.timestamp() + 60 * n for n in range(int(hours * 60) + 1)]
    return Member(ResourceName(name), Subject({Quantity.POWER: Series(times, [kw] * len(times))}))


def silent(name: str) -> Member:
    return Member(ResourceName(name), Subject())


def filled(
    asking: Event, *members: Member, signed: bool = False, grid: Grid | None = None
) -> Report:
    [agenda] = agendas(asking, grid or Grid.implied(T0, HOUR, hour(2)), T0)
    return fill(Wish(first(agenda), asking, None, "Aalborg", signed), members)


def said(report: Report) -> list[tuple[str, int, tuple[Payload, ...]]]:
    return [
        (resource.name, interval.id, interval.payloads)
        for resource in report.resources
        for interval in resource.intervals
    ]


def test_each_resource_says_each_interval_with_its_quality_beside_it() -> None:
    report = filled(event(ReportDescriptor("USAGE")), drawing("r1", 4.0), drawing("r2", 1.0))

    assert said(report) == [
        ("r1", 0, (Payload("USAGE", (4.0,)), OK)),
        ("r1", 1, (Payload("USAGE", (4.0,)), OK)),
        ("r2", 0, (Payload("USAGE", (1.0,)), OK)),
        ("r2", 1, (Payload("USAGE", (1.0,)), OK)),
    ]
    assert report.client == "Aalborg"
    assert [one.units for one in report.descriptors] == ["KWH"]


def test_t32_the_time_of_every_interval_is_said() -> None:
    report = filled(event(ReportDescriptor("USAGE")), drawing("r1", 4.0))

    times = [(one.start, one.end) for one in report.resources[0].intervals]
    assert times == [(hour(0), hour(1)), (hour(1), hour(2))]


def test_t33_without_data_a_report_says_that_it_is_missing() -> None:
    report = filled(event(ReportDescriptor("USAGE")), silent("r1"))

    assert said(report) == [
        ("r1", 0, (Payload("USAGE", ()), MISSING)),
        ("r1", 1, (Payload("USAGE", ()), MISSING)),
    ]


def test_t10_a_net_export_is_no_usage_unless_the_program_agreed_on_it() -> None:
    both = event(ReportDescriptor("USAGE"), ReportDescriptor("DEMAND"))

    usual = filled(both, drawing("roof", -3.0))
    agreed = filled(both, drawing("roof", -3.0), signed=True)

    assert {p.values for _, _, payloads in said(usual) for p in payloads} == {(0.0,)}
    assert {p.values for _, _, payloads in said(agreed) for p in payloads} == {(-3.0,)}


def test_t10_a_sum_is_made_before_it_is_clipped() -> None:
    whole = event(ReportDescriptor("USAGE", aggregate=True))

    report = filled(whole, drawing("house", 5.0), drawing("roof", -3.0))

    assert said(report)[0] == (AGGREGATED, 0, (Payload("USAGE", (2.0,)), OK))


def test_t10_what_may_be_negative_stays_so() -> None:
    read = event(ReportDescriptor("READING", units="KW"))

    assert said(filled(read, drawing("roof", -3.0)))[0][2][0] == Payload("READING", (-3.0,))


def test_7_7_an_aggregate_is_one_resource_with_the_sum_of_all() -> None:
    whole = event(ReportDescriptor("USAGE", aggregate=True))

    report = filled(whole, drawing("r1", 4.0), drawing("r2", 1.0, hours=1))

    assert said(report) == [
        (AGGREGATED, 0, (Payload("USAGE", (5.0,)), OK)),
        (AGGREGATED, 1, (Payload("USAGE", (4.0,)), ESTIMATED)),
    ]


def test_8_6_types_that_are_all_as_they_should_be_share_an_interval() -> None:
    kinds = ("STORAGE_USABLE_CAPACITY", "STORAGE_CHARGE_LEVEL", "STORAGE_MAX_CHARGE_POWER")
    storage = event(
        *(
            ReportDescriptor(kind, frequency=0, report_intervals=ReportIntervals.OPEN_INTERVALS)
            for kind in kinds
        )
    )
    battery = Subject(
        {Quantity.SOC: Series([T0.timestamp()], [33.0])},
        capacities={"E_max_kwh": 100.0, "P_max_kw": 22.0},
    )

    report = filled(storage, Member(ResourceName("b"), battery), grid=Grid())

    [(name, number, payloads)] = said(report)
    assert (name, number) == ("b", 0)
    assert {p.type: p.values for p in payloads} == dict(
        zip(kinds, [(100.0,), (0.33,), (22.0,)], strict=True)
    )
    assert {d.payload_type: d.units for d in report.descriptors} == dict(
        zip(kinds, ["KWH", "PERCENT", "KW"], strict=True)
    )


def test_7_8_types_of_different_quality_have_intervals_of_their_own() -> None:
    both = event(ReportDescriptor("BASELINE"), ReportDescriptor("USAGE"))

    report = filled(both, drawing("r1", 4.0))

    assert said(report)[:2] == [
        ("r1", 0, (Payload("BASELINE", ()), MISSING)),
        ("r1", 0, (Payload("USAGE", (4.0,)), OK)),
    ]
    assert [one.start for one in report.resources[0].intervals[:2]] == [T0, T0]


def test_who_asks_for_data_quality_too_gets_it_once() -> None:
    both = event(ReportDescriptor("USAGE"), ReportDescriptor("DATA_QUALITY"))

    assert said(filled(both, drawing("r1", 4.0)))[0] == (
        "r1",
        0,
        (Payload("USAGE", (4.0,)), OK),
    )


@pytest.mark.parametrize("historical", [True, False])
def test_8_8_usage_that_lies_ahead_is_a_forecast(historical: bool) -> None:
    ahead = event(ReportDescriptor("USAGE", num_intervals=1, historical=historical))
    yesterday = drawing("r1", 4.0)
    grid = Grid.implied(T0 + timedelta(days=1), HOUR)
    [agenda] = agendas(ahead, grid, T0)

    report = fill(Wish(first(agenda), ahead, None, "Aalborg"), [yesterday])

    missing, forecast = (Payload("USAGE", ()), MISSING), (Payload("USAGE", (4.0,)), ESTIMATED)
    assert said(report) == [("r1", 0, missing if historical else forecast)]


def test_a_report_without_resources_is_empty() -> None:
    assert filled(event(ReportDescriptor("USAGE"))).resources == ()
