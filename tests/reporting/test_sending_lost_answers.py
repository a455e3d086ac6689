"""Sending reports: answers that are lost are looked up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.reporting.rig import START, Rig, draft, reporting
from tests.reporting.sent import HOUR, POST, at_vtn, names, new_event, posted, taken, until
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.reporting.outbox import State, released
from ven_daemon.store.database import Database
from ven_daemon.store.outbox import Change
from ven_daemon.store.outbox_listing import Asked


@pytest.fixture(params=["strict", "lenient"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    async with Sandbox(clients=(), open=True, lenient=request.param == "lenient") as sandbox:
        yield sandbox


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


async def test_a_report_that_had_to_wait_is_announced_anew_before_it_leaves(
    sandbox: Sandbox, database: Database
) -> None:
    """Until the instant on record the VTN may accept it, and it is not looked up before."""
    async with reporting(sandbox, database, seconds=1.0) as rig:
        await rig.file(draft(rig, "r", await new_event(sandbox)))
        await sandbox.faults({**POST, "kind": "delay", "seconds": 0.3})
        async with busy(rig):
            draining = asyncio.create_task(rig.drain())
            await asyncio.sleep(0.6)  # more than it may wait by what was announced
            rig.later(60)
        await asyncio.sleep(0.1)

        [sending] = await rig.listing.find(Asked())
        await draining

    assert sending.entry.state is State.SENDING
    assert sending.entry.next_at >= START + timedelta(seconds=61)
    assert (sending.entry.attempts, await names(sandbox)) == (1, ["r"])


async def test_late_readings_of_a_report_that_has_to_wait_leave_with_it(
    sandbox: Sandbox, database: Database
) -> None:
    async with reporting(sandbox, database, seconds=1.0) as rig:
        event = await new_event(sandbox)
        await rig.file(draft(rig, "r", event, value=1.0))
        async with busy(rig):
            draining = asyncio.create_task(rig.drain())
            await asyncio.sleep(0.6)
            await rig.outbox.amend([draft(rig, "r", event, value=2.0)], rig.now)
        await draining

        [report] = await at_vtn(sandbox)
        assert report["resources"][0]["intervals"][0]["payloads"][0]["values"] == [2.0]
        assert await rig.states() == {"r": "sent"}
        writes = [each for each in await sandbox.ledger() if each["path"].startswith("/reports")]
        assert [each["method"] for each in writes if each["accepted"]] == ["POST"]


@asynccontextmanager
async def busy(rig: Rig) -> AsyncIterator[None]:
    """Take every place that there is at the VTN."""
    gate = rig.client.transport.gate
    taken = 0
    while gate.enter():
        taken += 1
    yield
    for _ in range(taken):
        gate.leave()
