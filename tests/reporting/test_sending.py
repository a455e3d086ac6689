"""The outbox against a VTN that answers in every way there is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.reporting.rig import START, Rig, draft, reporting
from tests.sandbox.rig import Sandbox, report_on
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.reporting.outbox import State, released
from ven_daemon.domain.reporting.sending import BLOCKED
from ven_daemon.store.database import Database
from ven_daemon.store.outbox import Change
from ven_daemon.store.outbox_listing import Asked

POST = {"method": "POST", "path": "^/reports"}
HOUR = timedelta(hours=1)


@pytest.fixture
async def event(sandbox: Sandbox) -> str:
    return await new_event(sandbox)


@pytest.fixture(params=["strict", "lenient"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    async with Sandbox(clients=(), open=True, lenient=request.param == "lenient") as sandbox:
        yield sandbox


async def new_event(vtn: Sandbox, name: str = "e") -> str:
    program = (await vtn.post("/programs", {"programName": name})).json
    body = {"programID": program["id"], "eventName": name, "intervals": []}
    return str((await vtn.post("/events", body)).json["id"])


async def at_vtn(vtn: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await vtn.get("/reports")).json
    return sorted(found, key=lambda report: str(report["reportName"]))


async def names(vtn: Sandbox) -> list[str]:
    return [report["reportName"] for report in await at_vtn(vtn)]


async def posted(vtn: Sandbox) -> list[str]:
    """Give the names of reports in the order they were accepted."""
    return [
        line["object"]["reportName"]
        for line in await vtn.ledger()
        if line["method"] == "POST" and line["path"] == "/reports" and line["accepted"]
    ]


async def asked(vtn: Sandbox) -> int:
    return (await vtn.summary())["requests"]


async def taken(vtn: Sandbox) -> int:
    return len(await posted(vtn))


async def until(count: Callable[[Sandbox], Awaitable[int]], vtn: Sandbox, least: int) -> None:
    for _ in range(500):
        if await count(vtn) >= least:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {least}")


async def test_reports_of_one_ven_leave_in_the_order_they_were_due(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await rig.file(*(draft(rig, f"r{9 - n}", event, due=START + n * HOUR) for n in range(9)))

    await rig.drain()

    assert await posted(sandbox) == [f"r{9 - n}" for n in range(9)]
    assert set((await rig.states()).values()) == {"sent"}
    assert await rig.balanced()


async def test_t24_reports_of_many_vens_on_one_event_take_no_name_of_each_other(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-24: a VTN may want names to be unique over all VENs; ours are."""
    vens = ["Aalborg", "Vejle", "Ærø"]
    await rig.file(*(draft(rig, f"{ven}.{event}.0", event, ven) for ven in vens))

    await rig.drain()

    assert await names(sandbox) == sorted(f"{ven}.{event}.0" for ven in vens)
    assert set((await rig.states()).values()) == {"sent"}


async def test_t25_a_name_that_is_ours_already_is_adopted_and_put_right(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-25: the 409 of an earlier life of ours, which said something else."""
    old = {"eventID": event, "clientName": "Aalborg", "reportName": "r", "resources": []}
    before = (await sandbox.post("/reports", old)).json
    await rig.file(draft(rig, "r", event))

    await rig.drain()

    [report] = await at_vtn(sandbox)
    assert report["id"] == before["id"]
    assert report["resources"][0]["resourceName"] == "bar 0"
    assert await rig.states() == {"r": "sent"}


async def test_t25_a_name_that_is_somebody_elses_is_left_to_them(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-25: a foreign object is never overwritten."""
    theirs = (await sandbox.post("/reports", report_on({"id": event}, "r"))).json
    await rig.file(draft(rig, "r", event), draft(rig, "s", event, due=START + HOUR))

    await rig.drain()

    assert await rig.states() == {"r": "quarantined: name taken", "s": "sent"}
    assert (await at_vtn(sandbox))[0] == theirs
    assert rig.sender.tally.quarantined == {"name taken": 1}


@pytest.mark.parametrize("profile", ["3.1", "3.0"])
async def test_t28_a_report_on_a_deleted_event_is_set_aside_once_that_is_sure(
    database: Database, profile: str
) -> None:
    """T-28: 409 in 3.1 and 404 in 3.0; the event is asked for before it counts as gone."""
    async with (
        Sandbox(clients=(), open=True, profile=profile) as sandbox,
        reporting(sandbox, database, profile=profile) as rig,
    ):
        program = (await sandbox.post("/programs", {"programName": "program"})).json
        body = {"programID": program["id"], "intervals": [{"id": 0, "payloads": []}]}
        event, gone = [(await sandbox.post("/events", body)).json["id"] for _ in range(2)]
        await sandbox.delete(f"/events/{gone}")
        drafts = [draft(rig, "gone", gone), draft(rig, "there", event, due=START + HOUR)]
        if profile == "3.0":
            drafts = [
                d._replace(body=d.body.replace(b'"program"', f'"{program["id"]}"'.encode()))
                for d in drafts
            ]
        await rig.file(*drafts)

        await rig.drain()

        assert await rig.states() == {"gone": "quarantined: event gone", "there": "sent"}
        assert await rig.balanced()


async def test_t26_a_lost_answer_is_looked_up_and_only_once_the_vtn_can_take_it_no_more(
    either: Sandbox, database: Database
) -> None:
    """T-26: strict or lenient, the report is there once."""
    async with reporting(either, database) as rig:
        event = await new_event(either)
        await rig.file(draft(rig, "r", event))
        await either.faults({**POST, "kind": "accept-then-reset", "times": 1})

        await rig.drain(passes=3, pause=1.0)
        early = await rig.states()
        looks = [line for line in await either.ledger() if line["method"] == "GET"]
        rig.later(30)
        await rig.drain()

        assert early == {"r": "sending"}
        assert not [line for line in looks if line["path"].startswith("/reports")]
        assert await rig.states() == {"r": "sent"}
        assert await names(either) == ["r"]
        assert (await either.summary())["duplicates"] == 0
        assert rig.sender.tally.adopted == 1


async def test_t26_what_never_arrived_is_sent_again(either: Sandbox, database: Database) -> None:
    """T-26: the answer is lost because there never was a report."""
    async with reporting(either, database) as rig:
        event = await new_event(either)
        await rig.file(draft(rig, "r", event))
        await either.faults({**POST, "kind": "reset", "times": 1})

        await rig.drain(passes=2, pause=30.0)
        await rig.drain()

        assert await rig.states() == {"r": "sent"}
        assert await names(either) == ["r"]


@pytest.mark.parametrize("kind", ["html", "empty", "truncate", "wrong-shape"])
async def test_an_answer_that_says_nothing_is_looked_up(
    sandbox: Sandbox, rig: Rig, event: str, kind: str
) -> None:
    more: dict[str, Any] = {"accept": True} if kind in ("html", "empty") else {}
    if kind == "truncate":
        more["at"] = 0.5
    await sandbox.faults({**POST, "kind": kind, "times": 1, **more})
    await rig.file(draft(rig, "r", event))

    await rig.drain(passes=3, pause=30.0)

    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]


async def test_t27_a_replacement_says_everything_again(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-27: a PUT replaces; what it leaves out is gone."""
    await rig.file(draft(rig, "r", event, resources=("bar 0", "bar 1")))
    await rig.drain()

    await rig.outbox.amend(
        [draft(rig, "r", event, resources=("bar 0", "bar 1"), value=7.0)], rig.now
    )
    await rig.drain()

    [report] = await at_vtn(sandbox)
    assert [r["resourceName"] for r in report["resources"]] == ["bar 0", "bar 1"]
    assert report["resources"][1]["intervals"][0]["payloads"][0]["values"] == [7.0]
    assert report["payloadDescriptors"][0]["units"] == "KWH"
    assert (await sandbox.summary())["writes"] == 4


async def test_an_id_that_the_vtn_forgot_is_found_by_its_name_or_made_again(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await rig.file(draft(rig, "r", event))
    await rig.drain()
    [report] = await at_vtn(sandbox)
    await sandbox.delete(f"/reports/{report['id']}")

    await rig.outbox.amend([draft(rig, "r", event, value=7.0)], rig.now)
    await rig.drain()

    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]


async def test_t29_what_is_too_large_is_halved_until_it_goes(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-29: 413, three times; what was one report arrives in parts, each resource once."""
    resources = tuple(f"bar {n}" for n in range(8))
    await sandbox.faults({**POST, "kind": "status", "status": 413, "times": 3})
    await rig.file(draft(rig, "r", event, resources=resources))

    await rig.drain()

    reports = await at_vtn(sandbox)
    told = [each["resourceName"] for report in reports for each in report["resources"]]
    assert sorted(told) == sorted(resources)
    assert len(reports) == 4
    assert {report["eventID"] for report in reports} == {event}
    assert set((await rig.states()).values()) == {"sent"}
    assert await rig.balanced()


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

    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]


async def test_a_gateway_that_gave_up_is_waited_for_like_a_lost_answer(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sandbox.faults({**POST, "kind": "accept-then-status", "status": 504, "times": 1})
    await rig.file(draft(rig, "r", event))

    await rig.drain(passes=2, pause=1.0)
    early = await rig.states()
    rig.later(30)
    await rig.drain()

    assert early == {"r": "sending"}
    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]


async def test_no_ven_waits_for_another(sandbox: Sandbox, rig: Rig, event: str) -> None:
    await sandbox.faults({**POST, "kind": "hang", "times": 1})
    await rig.file(draft(rig, "a", event, "Aalborg"))
    await rig.draining.begin()
    await until(asked, sandbox, 3)
    others = [draft(rig, f"v{n}", event, "Vejle", START + n * HOUR) for n in range(5)]
    await rig.file(*others)

    await rig.draining.begin()
    await until(taken, sandbox, 5)
    stuck = await rig.states()
    await rig.draining.settle()

    assert stuck["a"] == "sending"


async def test_a_vtn_that_refuses_everything_costs_no_report(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """F09: what all get is nobody's fault; a part of them may be set aside before that is seen."""
    await sandbox.faults({**POST, "kind": "status", "status": 400})
    await rig.file(*(draft(rig, f"r{n:03}", event, due=START + n * HOUR) for n in range(80)))

    await rig.drain(passes=3, pause=1.0)

    states = list((await rig.states()).values())
    assert states.count("quarantined: rejected") <= 26
    assert len(states) == 80
    assert await rig.balanced()


async def test_after_an_outage_the_backlog_drains_in_order(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sandbox.faults({"kind": "reset"})
    vens = ["Aalborg", "Vejle", "Ærø"]
    await rig.file(
        *(
            draft(rig, f"{ven}.{n:02}", event, ven, START + n * HOUR)
            for n in range(20)
            for ven in vens
        )
    )
    await rig.drain(passes=3, pause=1.0)
    await sandbox.faults()

    for _ in range(20):
        rig.client.transport.circuit.succeeded()
        await rig.drain(pause=60.0)

    sent = await posted(sandbox)
    for ven in vens:
        assert [name for name in sent if name.startswith(ven)] == [
            f"{ven}.{n:02}" for n in range(20)
        ]
    assert (await sandbox.summary())["duplicates"] == 0


async def test_nothing_is_sent_for_a_paused_ven(sandbox: Sandbox, rig: Rig, event: str) -> None:
    rig.paused.add(VenName("Aalborg"))
    await rig.file(draft(rig, "a", event), draft(rig, "v", event, "Vejle"))

    await rig.drain()
    meanwhile = await names(sandbox)
    rig.paused.clear()
    await rig.drain()

    assert meanwhile == ["v"]
    assert await names(sandbox) == ["a", "v"]


async def test_what_is_released_is_looked_up_before_it_is_sent(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sandbox.faults({**POST, "kind": "status", "status": 400, "accept": True, "times": 1})
    await rig.file(draft(rig, "r", event))
    await rig.drain()
    assert await rig.states() == {"r": "quarantined: rejected"}

    await rig.outbox.change([Change("r", lambda entry: released(entry, rig.now))], rig.now)
    await rig.drain()

    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]


async def test_a_restart_settles_what_was_being_sent(either: Sandbox, database: Database) -> None:
    async with reporting(either, database) as rig:
        event = await new_event(either)
        await rig.file(*(draft(rig, f"r{n}", event, due=START + n * HOUR) for n in range(3)))
        await either.faults({**POST, "kind": "hang", "accept": True, "skip": 1, "times": 1})
        await rig.draining.begin()
        await until(taken, either, 2)
        for lane in rig.draining._lanes.values():
            lane.cancel()  # as a process that is killed does
        await rig.draining.settle()
    async with reporting(either, database) as again:
        again.later(60)

        await again.drain()

        assert set((await again.states()).values()) == {"sent"}
        assert await posted(either) == ["r0", "r1", "r2"]
        assert (await either.summary())["duplicates"] == 0
