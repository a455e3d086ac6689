"""Sending reports: what the VTN will not have, or not now."""

import pytest

from tests.reporting.rig import START, Rig, draft, reporting
from tests.reporting.sent import (
    HOUR,
    POST,
    about_its_program,
    asked,
    at_vtn,
    names,
    new_event,
    posted,
)
from tests.sandbox.rig import Sandbox
from ven_daemon.app.parts.reporting import sending_figures
from ven_daemon.app.reporting import Reporting
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.sending import BLOCKED
from ven_daemon.store.database import Database
from ven_daemon.store.outbox_listing import Asked


@pytest.mark.parametrize("profile", ["3.1", "3.0"])
async def test_t28_a_report_on_a_deleted_event_is_set_aside_once_that_is_sure(
    database: Database, profile: str
) -> None:
    """T-28: 409 in 3.1 and 404 in 3.0; the event is asked for before it counts as gone."""
    async with (
        Sandbox(clients=(), open=True, profile=profile) as sandbox,
        reporting(sandbox, database, profile=profile) as rig,
    ):
        gone, event = await new_event(sandbox, "gone"), await new_event(sandbox, "there")
        drafts = [draft(rig, "gone", gone), draft(rig, "there", event, due=START + HOUR)]
        if profile == "3.0":
            drafts = [await about_its_program(sandbox, each) for each in drafts]
        await sandbox.delete(f"/events/{gone}")
        await rig.file(*drafts)

        await rig.drain()

        assert await rig.states() == {"gone": "quarantined: event gone", "there": "sent"}
        assert await rig.balanced()


async def test_t29_what_is_too_large_is_halved_until_it_goes(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: what was one report arrives in parts, each resource once."""
    resources = tuple(f"bar {n}" for n in range(8))
    quarter = draft(rig, "r-a-a", event, resources=resources[:2]).report.size
    await sandbox.faults({**POST, "kind": "status", "status": 413, "over": quarter})
    await rig.file(draft(rig, "r", event, resources=resources))

    await rig.drain()

    reports = await at_vtn(sandbox)
    told = [each["resourceName"] for report in reports for each in report["resources"]]
    assert sorted(told) == sorted(resources)
    assert len(reports) == 4
    assert {report["eventID"] for report in reports} == {event}
    assert set((await rig.states()).values()) == {"sent"}
    assert await rig.balanced()


async def test_t29_what_was_too_large_once_is_halved_before_it_is_sent_again(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: the VTN is asked once in an hour whether it takes so much by now."""
    resources = tuple(f"bar {n}" for n in range(8))
    half = draft(rig, "one-a", event, resources=resources[:4]).report.size
    await sandbox.faults({**POST, "kind": "status", "status": 413, "over": half})

    async def refusals(name: str) -> int:
        known = await asked(sandbox)
        await rig.file(draft(rig, name, event, resources=resources))
        await rig.drain()
        return await asked(sandbox) - known - 2

    cutting = rig.sender.cutting
    first, second = await refusals("one"), await refusals("two")
    known, figure = cutting.limit.bytes, refused_bytes(rig)
    rig.later(3601)
    forgotten, no_figure = cutting.limit.bytes, refused_bytes(rig)
    later = await refusals("six")

    assert (first, second, later) == (1, 0, 1)
    assert (known, forgotten) == (cutting.limit.bytes, None)
    assert (figure, no_figure) == (known, 0)
    assert len(await at_vtn(sandbox)) == 6
    assert cutting.limit.bytes == draft(rig, "six", event, resources=resources).report.size
    assert await rig.balanced()


def refused_bytes(rig: Rig) -> float:
    """Read what is exported, of the rig that is the daemon's."""
    opened = Reporting(rig.outbox, rig.listing, rig.owing, rig.completing, rig.draining, rig.sender)
    [figure] = [f for f in sending_figures(opened) if f.name == "report_size_refused_bytes"]
    return figure.samples[()]


async def test_t29_halves_leave_where_the_whole_stood(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: those of one VEN leave in order."""
    await sandbox.faults({**POST, "kind": "status", "status": 413, "times": 1})
    await rig.file(
        draft(rig, "first", event, resources=("bar 0", "bar 1")),
        draft(rig, "second", event, due=START + HOUR),
    )

    await rig.drain()

    assert await posted(sandbox) == ["first-a", "first-b", "second"]


async def test_t29_one_interval_is_sent_however_large_others_were(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: it cannot be halved, so whether it is too large is for the VTN to say."""
    await sandbox.faults({**POST, "kind": "status", "status": 413, "times": 1})
    await rig.file(draft(rig, "refused", event), draft(rig, "taken", event, due=START + HOUR))

    await rig.drain()

    assert await rig.states() == {"refused": "quarantined: too large", "taken": "sent"}


async def test_t29_one_interval_that_is_too_large_is_set_aside(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: it cannot be halved."""
    await sandbox.faults({**POST, "kind": "status", "status": 413})
    await rig.file(draft(rig, "r", event))

    await rig.drain()

    assert await rig.states() == {"r": "quarantined: too large"}


@pytest.mark.parametrize("status", [400, 422, 415])
async def test_what_the_vtn_will_not_have_is_set_aside_in_its_own_words(
    sandbox: Sandbox, rig: Rig, event: str, status: int
) -> None:
    body = '{"title":"no","detail":"units: a ferret was expected"}'
    await sandbox.faults({**POST, "kind": "status", "status": status, "body": body, "times": 1})
    await rig.file(draft(rig, "r", event), draft(rig, "s", event, due=START + HOUR))

    await rig.drain()

    assert await rig.states() == {"r": "quarantined: rejected", "s": "sent"}
    [aside] = await rig.listing.find(Asked(states=(State.QUARANTINED,)))
    assert "ferret" in aside.entry.reason


@pytest.mark.parametrize("status", [401, 403])
async def test_a_credential_that_may_not_report_waits_and_keeps_everything(
    sandbox: Sandbox, rig: Rig, event: str, status: int
) -> None:
    await sandbox.faults({**POST, "kind": "status", "status": status})
    await rig.file(draft(rig, "r", event), draft(rig, "s", event, due=START + HOUR))

    await rig.drain(passes=5, pause=60.0)
    asked = len([x for x in await sandbox.ledger() if x["path"] == "/reports"])
    await sandbox.faults()
    rig.later(BLOCKED.total_seconds())
    await rig.drain()

    assert asked == 1
    assert await posted(sandbox) == ["r", "s"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_vtn_is_asked_again_and_has_it_once(
    sandbox: Sandbox, rig: Rig, event: str, status: int
) -> None:
    fault = {**POST, "kind": "status", "status": status, "times": 2}
    await sandbox.faults({**fault, "headers": {"Retry-After": "1"}})
    await rig.file(draft(rig, "r", event))

    for _ in range(4):
        await rig.drain(pause=61.0)
        rig.client.transport.circuit._told = 0.0  # the clock of the circuit is not the test's

    [report] = await rig.listing.find(Asked())
    assert (report.entry.state, report.entry.attempts) == (State.SENT, 3)
    assert await names(sandbox) == ["r"]
