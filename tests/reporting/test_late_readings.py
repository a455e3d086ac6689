"""Late readings, and the reports that they belong to: sent, halved, shrunk, or let go of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.reporting.owed import (
    MINUTE,
    QUARTER,
    USAGE,
    event,
    measured,
    named,
    values,
)
from tests.reporting.rig import START, Rig, roster_of
from tests.reporting.sent import at_vtn, new_event
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.events import (
    IntervalPeriod,
)
from ven_daemon.services.reporting.completing import ANEW
from ven_daemon.store.outbox import Draft
from ven_daemon.store.outbox_rows import Filed


async def test_late_readings_complete_what_was_sent_by_put_and_only_that(
    sandbox: Sandbox, rig: Rig
) -> None:
    """F47."""
    made = await new_event(sandbox)
    rig.holds(named(event(USAGE), made))
    await measured(rig, until=START + QUARTER)
    rig.now = START + 2 * QUARTER + MINUTE
    await rig.owing.step()
    await rig.drain()
    before = await sandbox.summary()

    late = [START + QUARTER + n * MINUTE for n in range(1, 16)]
    await rig.read("Vejle", 0, 8.0, *late)
    changed = await rig.completing.step()
    nothing_more = await rig.completing.step()
    await rig.drain()

    assert (changed, nothing_more) == (1, 0)
    after = await sandbox.summary()
    assert (after["reports"], after["writes"]) == (before["reports"], before["writes"] + 1)
    reports = (await sandbox.get("/reports")).json
    [second] = [r for r in reports if r["clientName"] == "Vejle" and r["reportName"].endswith(".1")]
    assert values(second) == [[pytest.approx(1.967, abs=0.05)]]
    assert await rig.balanced()


async def test_late_readings_of_a_report_in_halves_go_to_the_right_half(
    sandbox: Sandbox, rig: Rig
) -> None:
    made = await new_event(sandbox)
    rig.holds(named(event(USAGE), made))
    rig.now = START + QUARTER + MINUTE
    await rig.owing.step()
    await sandbox.faults(
        {"method": "POST", "path": "^/reports", "kind": "status", "status": 413, "times": 1}
    )
    await rig.drain()
    before = await rig.states()
    assert sum(name.endswith(("-a", "-b")) for name in before) == 2

    await rig.read("Aalborg", 1, 4.0, *(START + n * MINUTE for n in range(16)))
    changed = await rig.completing.step()

    assert changed == 1
    assert (await rig.states()).keys() == before.keys()


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_late_readings_find_the_parts_of_parts(
    sandbox: Sandbox, rig: Rig, method: str
) -> None:
    """F47, T-29: whether a report was halved before the VTN had it, or shrunk there."""
    await eight_are_asked(rig, sandbox)
    await rig.owing.step()
    limited = {"path": "^/reports", "kind": "status", "status": 413, "over": 1000}
    if method == "POST":
        await sandbox.faults(limited)
    await rig.drain()
    await sandbox.faults(limited)
    await read_by_all(rig, 0, 10)
    await rig.completing.step()
    await rig.drain()
    before = await rig.states()
    assert len(before) > 2

    await read_by_all(rig, 10, 16)
    changed = await rig.completing.step()
    await rig.drain()

    assert changed == len(before)
    assert (await rig.states()) == before == dict.fromkeys(before, "sent")
    reports = (await sandbox.get("/reports")).json
    assert len(reports) == len(before)
    told = [each["resourceName"] for report in reports for each in report["resources"]]
    assert sorted(told) == [f"bar {n}" for n in range(8)]
    assert [value for report in reports for value in values(report)] == [[2.0]] * 8
    assert await rig.balanced()


async def test_late_readings_of_a_part_that_was_let_go_of_bring_nothing_back(
    sandbox: Sandbox, rig: Rig
) -> None:
    """T-29: the rest goes on being what it is, and so does the first part without its rest."""
    await eight_are_asked(rig, sandbox)
    await report_and_shrink(rig, sandbox)
    whole, rest = sorted(await rig.states())
    await rig.outbox.let_go([rest])

    await read_by_all(rig, 10, 16)
    changed = await rig.completing.step()
    await rig.drain()

    assert changed == 1
    assert await rig.states() == {whole: "sent"}
    first, _ = sorted((await sandbox.get("/reports")).json, key=lambda each: each["reportName"])
    assert [each["resourceName"] for each in first["resources"]] == [f"bar {n}" for n in range(4)]
    assert values(first) == [[2.0]] * 4
    assert await rig.balanced()


@pytest.mark.parametrize("cut", ["halved", "shrunk"])
async def test_the_parts_of_a_report_whose_event_was_moved_are_about_its_new_time(
    sandbox: Sandbox, rig: Rig, cut: str
) -> None:
    """T-29: like the whole; and what comes in late goes into them."""
    rig.books.fleet = roster_of({"Aalborg": 8})
    rig.holds(named(event(USAGE, intervals=1), await new_event(sandbox)))
    rig.now = START + QUARTER + MINUTE
    await (report_and_halve if cut == "halved" else report_and_shrink)(rig, sandbox)
    parts = await rig.states()

    [known] = rig.books.known
    later = IntervalPeriod(START + 130 * MINUTE, Duration(length=QUARTER))
    rig.books.known = [replace(known, event=replace(known.event, period=later))]
    rig.owing.changed()
    rig.now = START + 146 * MINUTE
    await rig.owing.step()
    await rig.drain()
    before = told_when(await at_vtn(sandbox))
    await read_by_all(rig, 130, 146)
    await rig.completing.step()
    await rig.drain()

    assert len(parts) == 2
    assert await rig.states() == parts
    assert sorted((bar, at) for bar, at, _ in before) == [(f"bar {n}", MOVED) for n in range(8)]
    now = told_when(await at_vtn(sandbox))
    assert sorted(now) == [(f"bar {n}", MOVED, [2.0]) for n in range(8)]
    assert await rig.balanced()


async def test_late_readings_of_a_report_that_is_being_halved_go_into_its_halves(
    sandbox: Sandbox, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-29: the sender is faster than whoever builds the report again."""
    await eight_are_asked(rig, sandbox)
    await rig.owing.step()
    await sandbox.faults(
        {"method": "POST", "path": "^/reports", "kind": "status", "status": 413, "times": 1}
    )
    await read_by_all(rig, 0, 16)
    covering = rig.outbox.covering

    async def overtaken(*asked: Any) -> list[Filed]:
        found = await covering(*asked)
        await rig.drain()
        return found

    monkeypatch.setattr(rig.outbox, "covering", overtaken)
    changed = await rig.completing.step()
    await rig.drain()

    assert changed == 2
    reports = (await sandbox.get("/reports")).json
    assert [value for report in reports for value in values(report)] == [[2.0]] * 8
    assert set((await rig.states()).values()) == {"sent"}


async def test_late_readings_do_not_run_after_a_report_for_ever_and_are_not_forgotten(
    sandbox: Sandbox, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eight_are_asked(rig, sandbox)
    await rig.owing.step()
    await rig.drain()
    await read_by_all(rig, 0, 16)
    covering, looks = rig.outbox.covering, 0

    async def overtaken(*asked: Any) -> list[Filed]:
        nonlocal looks
        looks += 1
        [found] = await covering(*asked)
        other = replace(found.entry, part="" if found.entry.part else "k")
        await rig.outbox.shrink(Draft(found._replace(entry=other), b"{}"), [], rig.now)
        return [found]

    monkeypatch.setattr(rig.outbox, "covering", overtaken)
    with pytest.raises(OutdatedError, match="Aalborg"):
        await rig.completing.step()
    monkeypatch.undo()
    changed = await rig.completing.step()

    assert (looks, changed) == (ANEW, 1)


async def eight_are_asked(rig: Rig, sandbox: Sandbox) -> None:
    """Let an event ask a VEN of eight resources, and its first quarter of an hour be over."""
    rig.books.fleet = roster_of({"Aalborg": 8})
    rig.holds(named(event(USAGE), await new_event(sandbox)))
    rig.now = START + QUARTER + MINUTE


async def report_and_shrink(rig: Rig, sandbox: Sandbox) -> None:
    """Let the VTN have what is due, and then take only half of it with what came late."""
    await rig.owing.step()
    await rig.drain()
    await sandbox.faults(
        {"method": "PUT", "path": "^/reports", "kind": "status", "status": 413, "times": 1}
    )
    await read_by_all(rig, 0, 10)
    await rig.completing.step()
    await rig.drain()


async def report_and_halve(rig: Rig, sandbox: Sandbox) -> None:
    """Let the VTN take only half of what is due at once."""
    await sandbox.faults(
        {"method": "POST", "path": "^/reports", "kind": "status", "status": 413, "times": 1}
    )
    await rig.owing.step()
    await rig.drain()


MOVED = "2026-03-14T14:10:00Z"


def told_when(reports: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[float]]]:
    """Give what is said, of which resource and from when on."""
    return [
        (
            each["resourceName"],
            interval["intervalPeriod"]["start"],
            interval["payloads"][0]["values"],
        )
        for report in reports
        for each in report["resources"]
        for interval in each["intervals"]
    ]


async def read_by_all(rig: Rig, first: int, end: int) -> None:
    for number in range(8):
        await rig.read("Aalborg", number, 8.0, *(START + n * MINUTE for n in range(first, end)))
