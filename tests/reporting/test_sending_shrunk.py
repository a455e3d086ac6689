"""T-29: a report that the VTN has, and that late readings made too large for it.

It keeps its name and its id, and says its first part from then on; the rest are reports
of their own. At no time is anything told twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.reporting.rig import START, Rig, draft, reporting
from tests.reporting.sent import (
    HOUR,
    POST,
    about_its_program,
    at_vtn,
    history,
    names,
    new_event,
    told,
    until,
)
from tests.sandbox.rig import Sandbox
from ven_daemon.store.database import Database
from ven_daemon.store.outbox import Draft

PUT = {"method": "PUT", "path": "^/reports"}
TOO_LARGE = {**PUT, "kind": "status", "status": 413}
BARS = tuple(f"bar {n}" for n in range(8))


async def sent(rig: Rig, name: str, event: str, resources: Sequence[str] = BARS) -> None:
    """Let the VTN have a report; every value is 1."""
    await rig.file(draft(rig, name, event, resources=resources))
    await rig.drain()


async def grown(rig: Rig, name: str, event: str, resources: Sequence[str] = BARS) -> None:
    """Let late readings change it; every value is 2."""
    await rig.outbox.amend([draft(rig, name, event, resources=resources, value=2.0)], rig.now)


def size(rig: Rig, event: str, resources: int) -> int:
    """Say how large a part of a report is at most, whatever is at the end of its name."""
    return draft(rig, "r-a-b-a", event, resources=BARS[:resources]).report.size


async def written(vtn: Sandbox) -> list[tuple[str, int]]:
    """Say what was written to the VTN's reports, and what it answered."""
    return [
        (line["method"], line["status"])
        for line in await vtn.ledger()
        if line["path"].startswith("/reports") and line["method"] in ("POST", "PUT")
    ]


async def refused(vtn: Sandbox) -> int:
    return [status for _, status in await written(vtn)].count(413)


@pytest.mark.parametrize("profile", ["3.1", "3.0"])
async def test_t29_what_grew_too_large_at_the_vtn_is_shrunk_and_the_rest_is_new(
    database: Database, profile: str
) -> None:
    async with (
        Sandbox(clients=(), open=True, profile=profile) as sandbox,
        reporting(sandbox, database, profile=profile) as rig,
    ):
        event = await new_event(sandbox)
        measured, completed = [
            await about_its_program(sandbox, draft(rig, "r", event, resources=BARS, value=value))
            for value in (1.0, 2.0)
        ]
        await rig.file(measured)
        await rig.drain()
        [before] = await at_vtn(sandbox)
        await sandbox.faults({**TOO_LARGE, "times": 1})
        await rig.outbox.amend([completed], rig.now)

        await rig.drain()

        first, rest = await at_vtn(sandbox)
        assert (first["id"], first["reportName"]) == (before["id"], "r")
        assert rest["reportName"] == "r-b"
        assert [each["resourceName"] for each in first["resources"]] == [*BARS[:4]]
        assert [each["resourceName"] for each in rest["resources"]] == [*BARS[4:]]
        assert told((first, rest)) == Counter((bar, 2.0) for bar in BARS)
        assert await written(sandbox) == [("POST", 201), ("PUT", 413), ("PUT", 200), ("POST", 201)]
        assert await rig.states() == {"r": "sent", "r-b": "sent"}
        books = await rig.outbox.books()
        assert (books.accepted, books.reported, books.missing) == (2, 2, 0)


async def test_t29_nothing_is_ever_told_twice_while_it_is_shrunk_until_it_goes(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sent(rig, "r", event)
    limit = size(rig, event, 2)
    await sandbox.faults({"path": "^/reports", "kind": "status", "status": 413, "over": limit})
    await grown(rig, "r", event)

    await rig.drain()

    assert await names(sandbox) == ["r", "r-a-b", "r-b-a", "r-b-b"]
    assert told(await at_vtn(sandbox)) == Counter((bar, 2.0) for bar in BARS)
    for stage in await history(sandbox):
        assert max(Counter(bar for bar, _ in told(stage).elements()).values()) == 1
    assert set((await rig.states()).values()) == {"sent"}
    assert rig.sender.cutting.halved == 3
    assert await rig.balanced()


async def test_t29_the_rests_leave_before_what_is_due_later(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sent(rig, "r", event)
    await sandbox.faults({**TOO_LARGE, "times": 2})
    await grown(rig, "r", event)
    await rig.file(draft(rig, "later", event, due=START + HOUR))

    await rig.drain()

    last = [stage[-1]["reportName"] for stage in await history(sandbox)][-4:]
    assert last == ["r-a-b", "r-b-a", "r-b-b", "later"]


async def test_t29_what_is_as_large_as_was_refused_is_shrunk_before_it_is_put(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    for name in ("one", "two", "six"):
        await sent(rig, name, event)
    await sandbox.faults({**TOO_LARGE, "over": size(rig, event, 4)})

    async def refusals(name: str) -> int:
        known = await refused(sandbox)
        await grown(rig, name, event)
        await rig.drain()
        return await refused(sandbox) - known

    first, second = await refusals("one"), await refusals("two")
    rig.later(3601)
    later = await refusals("six")

    assert (first, second, later) == (1, 0, 1)
    assert told(await at_vtn(sandbox)) == Counter({(bar, 2.0): 3 for bar in BARS})
    assert await rig.balanced()


async def test_t29_one_interval_that_grew_too_large_is_set_aside_and_what_is_there_stays(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sent(rig, "r", event, BARS[:2])
    await sandbox.faults(TOO_LARGE)
    await grown(rig, "r", event, BARS[:2])

    await rig.drain()

    assert await rig.states() == {"r": "quarantined: too large"}
    assert told(await at_vtn(sandbox)) == Counter((bar, 1.0) for bar in BARS[:2])
    assert await rig.balanced()


async def test_t29_of_the_rests_only_the_interval_that_is_too_large_is_set_aside(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    large = "bar 2" + 120 * "!"
    bars = (*BARS[:2], large, "bar 3")
    await sent(rig, "r", event, bars)
    limit = size(rig, event, 1) + 60
    await sandbox.faults({"path": "^/reports", "kind": "status", "status": 413, "over": limit})
    await grown(rig, "r", event, bars)

    await rig.drain()

    states = await rig.states()
    assert states.pop("r-b-a") == "quarantined: too large"
    assert set(states.values()) == {"sent"}
    assert told(await at_vtn(sandbox)) == Counter((bar, 2.0) for bar in ("bar 0", "bar 1", "bar 3"))
    assert await rig.balanced()


@pytest.mark.parametrize("kind", ["accept-then-reset", "reset"])
async def test_t29_a_lost_answer_to_what_was_shrunk_is_made_up_for(
    sandbox: Sandbox, rig: Rig, event: str, kind: str
) -> None:
    """T-29: the rest waits until the VTN is known to have the first part."""
    await sent(rig, "r", event)
    limited = {**TOO_LARGE, "over": size(rig, event, 4)}
    await sandbox.faults(limited, {**PUT, "kind": kind})
    await grown(rig, "r", event)

    await rig.drain()
    waiting = await rig.states()
    await sandbox.faults(limited)
    rig.client.transport.circuit.succeeded()  # its clock is not the test's
    rig.later(60)
    await rig.drain()

    assert waiting == {"r": "queued"}
    assert await names(sandbox) == ["r", "r-b"]
    assert told(await at_vtn(sandbox)) == Counter((bar, 2.0) for bar in BARS)
    assert await rig.balanced()


async def test_t29_late_readings_while_it_is_shrunk_are_in_what_comes_of_it(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sent(rig, "r", event)
    await sandbox.faults(
        {**TOO_LARGE, "over": size(rig, event, 4)}, {**PUT, "kind": "delay", "seconds": 0.3}
    )
    await grown(rig, "r", event)

    await rig.draining.begin()
    await until(refused, sandbox, 1)
    changed = await rig.outbox.amend([draft(rig, "r", event, resources=BARS, value=3.0)], rig.now)
    await rig.draining.settle()

    assert changed == 1
    assert await names(sandbox) == ["r", "r-b"]
    assert told(await at_vtn(sandbox)) == Counter((bar, 3.0) for bar in BARS)
    assert set((await rig.states()).values()) == {"sent"}
    assert await rig.balanced()


async def test_t29_a_rest_that_is_there_from_an_earlier_life_is_not_made_twice(
    database: Database,
) -> None:
    """T-29: at a VTN that takes a name twice."""
    async with (
        Sandbox(clients=(), open=True, lenient=True) as sandbox,
        reporting(sandbox, database) as rig,
    ):
        event = await new_event(sandbox)
        await sent(rig, "r", event)
        await sandbox.post("/reports", draft(rig, "r-b", event, resources=BARS[4:]).body)
        await sandbox.faults({**TOO_LARGE, "times": 1})
        await grown(rig, "r", event)

        await rig.drain()

        assert await names(sandbox) == ["r", "r-b"]
        assert told(await at_vtn(sandbox)) == Counter((bar, 2.0) for bar in BARS)


async def test_t29_what_was_shrunk_and_forgotten_by_the_vtn_is_made_anew_as_it_is(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-27: with another limit by then, it is halved like others."""
    await sent(rig, "r", event)
    await sandbox.faults({**TOO_LARGE, "times": 1})
    await grown(rig, "r", event)
    await rig.drain()
    [first, _] = await at_vtn(sandbox)
    await sandbox.delete(f"/reports/{first['id']}")
    await sandbox.faults({**POST, "kind": "status", "status": 413, "times": 1})
    await rig.outbox.amend(
        [_part(draft(rig, "r", event, resources=BARS[:4], value=3.0), "k")], rig.now
    )

    await rig.drain()

    assert await names(sandbox) == ["r-a-a", "r-a-b", "r-b"]
    assert told(await at_vtn(sandbox)) == Counter(
        [*((bar, 3.0) for bar in BARS[:4]), *((bar, 2.0) for bar in BARS[4:])]
    )


def _part(made: Draft, part: str) -> Draft:
    entry = replace(made.report.entry, part=part)
    return made._replace(report=made.report._replace(entry=entry))
