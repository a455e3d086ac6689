"""Sending reports: answers that are lost are looked up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.reporting.rig import START, Rig, draft, reporting
from tests.reporting.sent import HOUR, POST, names, new_event, posted, taken, until
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.reporting.outbox import released
from ven_daemon.store.database import Database
from ven_daemon.store.outbox import Change


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
