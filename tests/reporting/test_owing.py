"""What is owed, from events and readings to the outbox: once, whole, and through restarts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.reporting.owed import (
    MINUTE,
    PROGRAM,
    QUARTER,
    USAGE,
    event,
    measured,
    named,
    said,
    values,
)
from tests.reporting.rig import FLEET, START, Rig, reporting, roster_of
from tests.reporting.sent import new_event
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import (
    IntervalPeriod,
    ReportDescriptor,
)
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.registration import Target
from ven_daemon.domain.reporting.obligations import Terms
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.domain.reporting.standing import Standing
from ven_daemon.services.reporting import Manner, Timing
from ven_daemon.store.database import Database
from ven_daemon.store.outbox_listing import Asked


async def test_a_period_is_one_report_of_each_ven_once_its_grace_is_over(rig: Rig) -> None:
    await measured(rig)
    rig.holds(event(USAGE), PROGRAM)
    rig.now = START + QUARTER + timedelta(seconds=4)
    early = await rig.owing.step()

    rig.later(1)
    due = await rig.owing.step()
    again = await rig.owing.step()

    assert (early, due, again) == (0, len(FLEET), 0)
    aalborg, vejle = await said(rig)
    assert (aalborg["clientName"], vejle["clientName"]) == ("Aalborg", "Vejle")
    assert values(aalborg) == [[1.0], [1.0]]
    assert await rig.outbox.books() == Books(accepted=2, queued=2)


async def test_a_restart_repeats_nothing_and_loses_nothing(
    sandbox: Sandbox, database: Database
) -> None:
    for passed in (1, 1, 3):
        async with reporting(sandbox, database) as rig:
            rig.holds(event(USAGE))
            rig.now = START + passed * QUARTER + 2 * MINUTE
            await rig.owing.step()

    reports = await said(rig)
    ids = [
        (report["clientName"], report["resources"][0]["intervals"][0]["id"]) for report in reports
    ]
    assert ids == [(ven, n) for ven in FLEET for n in range(3)]
    assert (await rig.outbox.books()).accepted == 6


async def test_a_step_that_fails_is_taken_again_whole(rig: Rig) -> None:
    rig.holds(event(USAGE))
    rig.now = START + QUARTER + MINUTE
    load, calls = rig.owing._subjects.load, []

    async def failing(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise OSError("once")
        return await load(*args)

    rig.owing._subjects.load = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="once"):
        await rig.owing.step()

    assert await rig.owing.step() == len(FLEET)


async def test_t33_what_was_not_measured_is_said_to_be_missing(rig: Rig) -> None:
    """T-33: no silence, and no zero that could be taken for a value."""
    await rig.read("Aalborg", 0, 4.0, *(START + n * MINUTE for n in range(16)))
    rig.holds(event(USAGE))
    rig.now = START + QUARTER + MINUTE

    await rig.owing.step()

    [aalborg, vejle] = await said(rig)
    qualities = [
        interval["payloads"][-1]["values"]
        for resource in (*aalborg["resources"], *vejle["resources"])
        for interval in resource["intervals"]
    ]
    assert qualities == [["OK"], ["MISSING"], ["MISSING"]]
    assert values(vejle) == [[]]


async def test_t32_each_interval_says_when_it_was(rig: Rig) -> None:
    """T-32: nobody has to infer it from the event."""
    rig.holds(event(ReportDescriptor("USAGE")))
    rig.now = START + 4 * QUARTER + MINUTE

    await rig.owing.step()

    [aalborg, _] = await said(rig)
    periods = [i["intervalPeriod"] for i in aalborg["resources"][0]["intervals"]]
    assert periods == [
        {"start": f"2026-03-14T12:{n * 15:02}:00Z", "duration": "PT15M"} for n in range(4)
    ]


@pytest.mark.parametrize(("signed", "expected"), [((), 0.0), (("reported",), -1.0)])
async def test_t10_a_net_export_is_zero_unless_the_program_agreed_on_signs(
    sandbox: Sandbox, database: Database, signed: tuple[str, ...], expected: float
) -> None:
    """T-10."""
    async with reporting(sandbox, database, manner=Manner(frozenset(signed))) as rig:
        await measured(rig, -4.0)
        rig.holds(event(USAGE), PROGRAM)
        rig.now = START + QUARTER + MINUTE

        await rig.owing.step()

        assert values((await said(rig))[0]) == [[expected], [expected]]


@pytest.mark.parametrize(("in_seconds", "reports"), [(False, 1), (True, 3)])
async def test_t30_frequency_may_be_seconds_where_the_vtn_means_so(
    rig: Rig, in_seconds: bool, reports: int
) -> None:
    """T-30: by the specification the second report comes 300 intervals later, thus never."""
    rig.timing = Timing(terms=Terms(frequency_in_seconds=in_seconds))
    rig.holds(event(ReportDescriptor("USAGE", frequency=300, num_intervals=1, repeat=-1)))
    rig.now = START + QUARTER + MINUTE

    assert await rig.owing.step() == reports * len(FLEET)


async def test_t31_a_reservation_is_answered_by_the_name_it_was_asked_by(rig: Rig) -> None:
    """T-31: events and reports name the same thing in two ways."""
    rig.books.fleet = roster_of(FLEET, reservations={"IMPORT_RESERVATION_CAPACITY": 7.0})
    wanted = ("IMPORT_CAPACITY_RESERVATION", "IMPORT_RESERVATION_CAPACITY")
    rig.holds(event(*(ReportDescriptor(name) for name in wanted)))
    rig.now = START + 4 * QUARTER + MINUTE

    await rig.owing.step()

    payloads = (await said(rig))[1]["resources"][0]["intervals"][0]["payloads"]
    told = {each["type"]: each["values"] for each in payloads if each["type"] in wanted}
    assert told == {name: [7.0] for name in wanted}


async def test_t24_names_are_the_same_in_every_process_and_differ_for_everything_else(
    sandbox: Sandbox, database: Database
) -> None:
    """T-24: VEN, event, what is asked and which of its reports; nothing random."""
    named = []
    for _ in range(2):
        async with reporting(sandbox, database) as rig:
            rig.holds(event(USAGE, ReportDescriptor("DEMAND", frequency=2, num_intervals=2)))
            rig.now = START + 4 * QUARTER + MINUTE
            await rig.owing.step()
            named.append(sorted(await rig.states()))

    assert named[0] == named[1]
    assert len(set(named[0])) == 10
    assert all(name.startswith(("Aalborg.e.", "Vejle.e.")) for name in named[0])


async def test_t29_a_report_that_would_be_too_large_is_made_in_pieces(rig: Rig) -> None:
    """T-29: every piece under a megabyte, every resource once, and names of their own."""
    rig.books.fleet = roster_of({"Aalborg": 24})
    rig.holds(event(ReportDescriptor("USAGE"), intervals=1000))
    rig.now = START + 1000 * QUARTER + MINUTE

    await rig.owing.step()

    reports = await said(rig)
    bodies = [await rig.listing.one(report["reportName"]) for report in reports]
    assert len(reports) > 1
    assert all(body and len(body[1]) < 1_000_000 for body in bodies)
    told = [each["resourceName"] for report in reports for each in report["resources"]]
    assert sorted(told) == sorted(f"bar {n}" for n in range(24))
    assert reports[0]["reportName"].endswith(".1")


async def test_jitter_spreads_the_fleet_and_changes_no_report(rig: Rig) -> None:
    rig.timing = Timing(jitter=timedelta(minutes=10))
    rig.holds(event(USAGE))
    moments = []
    for second in range(0, 606, 3):
        rig.now = START + QUARTER + timedelta(seconds=5 + second)
        if await rig.owing.step():
            moments.append(second)

    assert len(moments) == len(FLEET)
    assert len(await rig.states()) == len(FLEET)


async def test_only_who_is_meant_reports_and_only_on_the_resources_meant(rig: Rig) -> None:
    bar = (Target("bar 1"),)
    rig.holds(event(ReportDescriptor("USAGE", targets=bar), targets=(Target("Aalborg"),)))
    rig.now = START + 4 * QUARTER + MINUTE

    await rig.owing.step()

    [report] = await said(rig)
    assert report["clientName"] == "Aalborg"
    assert [each["resourceName"] for each in report["resources"]] == ["bar 1"]


async def test_standing_telemetry_reports_where_nobody_asks_and_only_where_declared(
    rig: Rig,
) -> None:
    rig.holds(event(intervals=2), PROGRAM)
    rig.now = START + QUARTER + MINUTE
    silent = await rig.owing.step()

    rig.timing = Timing(standing=(Standing("reported", ("USAGE",), 5 * MINUTE),))
    rig.owing.changed()
    declared = await rig.owing.step()

    assert (silent, declared) == (0, 3 * len(FLEET))


async def test_what_may_be_reported_at_any_time_is_reported_when_something_changes(
    rig: Rig,
) -> None:
    rig.holds(event(ReportDescriptor("OPERATING_STATE", frequency=0)))
    rig.now = START + MINUTE
    first = await rig.owing.step()

    rig.later(60)
    changed = await rig.owing.ad_hoc([VenName("Vejle")], frozenset({"OPERATING_STATE"}))
    rig.now = START + 5 * QUARTER
    over = await rig.owing.ad_hoc([VenName("Vejle")], frozenset({"OPERATING_STATE"}))

    assert (first, changed, over) == (len(FLEET), 1, 0)
    assert values((await said(rig))[-1]) == [["ERROR"]]


async def test_what_was_due_before_the_event_was_seen_is_looked_up_before_it_is_sent(
    rig: Rig,
) -> None:
    rig.holds(event(USAGE))
    seen = START + 2 * QUARTER + MINUTE
    rig.books.known = [replace(each, seen=seen) for each in rig.books.known]
    rig.now = seen + MINUTE

    await rig.owing.step()

    found = await rig.listing.find(Asked())
    assert [each.entry.state for each in found] == [State.SENDING] * len(FLEET)
    assert {each.about.k for each in found} == {1}


async def test_an_event_that_is_moved_after_its_report_was_sent_is_reported_on_again(
    sandbox: Sandbox, rig: Rig
) -> None:
    made = await new_event(sandbox)
    rig.holds(named(event(USAGE, intervals=1), made))
    rig.now = START + QUARTER + MINUTE
    await rig.owing.step()
    await rig.drain()

    later = IntervalPeriod(START + 2 * QUARTER, Duration(length=QUARTER))
    [known] = rig.books.known
    rig.books.known = [replace(known, event=replace(known.event, period=later))]
    rig.owing.changed()
    rig.now = START + 3 * QUARTER + MINUTE
    await rig.owing.step()
    await rig.drain()

    reports = (await sandbox.get("/reports")).json
    starts = {r["resources"][0]["intervals"][0]["intervalPeriod"]["start"] for r in reports}
    assert starts == {"2026-03-14T12:30:00Z"}
    assert len(reports) == len(FLEET)
    assert await rig.balanced()
