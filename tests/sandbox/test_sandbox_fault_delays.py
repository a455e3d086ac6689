"""Faults that take their time: what is accepted of a request that is old or left."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from tests.sandbox.faults import accepted, create
from tests.sandbox.rig import Sandbox, bl_ven

LIMIT = 0.4
"""The request limit of the sandboxes here that need a short one, in seconds."""


async def test_a_delay_only_delays_while_the_request_is_young(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "delay", "seconds": 0.2})
    begun = time.monotonic()

    reply = await create(vtn)

    assert reply.status == 201
    assert time.monotonic() - begun >= 0.2


async def test_nothing_is_accepted_once_a_request_is_older_than_the_limit() -> None:
    async with Sandbox(request_limit=LIMIT) as vtn:
        await vtn.token("operator")
        await vtn.faults({"kind": "delay", "seconds": 5})
        begun = time.monotonic()

        reply = await create(vtn)

        assert reply.status == 503
        assert LIMIT <= time.monotonic() - begun < 3
        assert await accepted(vtn) == 0
        assert (await vtn.ledger())[-1]["status"] == 503


async def test_a_body_that_comes_after_the_limit_is_not_accepted() -> None:
    async with Sandbox(request_limit=LIMIT, open=True) as vtn:
        body = orjson.dumps(bl_ven("c", "n"))

        async def slowly() -> Any:
            yield body[:5]
            await asyncio.sleep(LIMIT + 0.1)
            yield body[5:]

        headers = {"Content-Type": "application/json"}
        reply = await vtn.call("POST", "/vens", data=slowly(), headers=headers)

        assert (reply.status, await accepted(vtn)) == (503, 0)


async def test_a_client_that_gave_up_during_a_delay_may_find_its_object_later(
    vtn: Sandbox,
) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "delay", "seconds": 0.3, "method": "POST"})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(create(vtn), 0.1)
    assert await accepted(vtn) == 0
    await asyncio.sleep(0.4)

    assert await accepted(vtn) == 1


async def test_a_hang_says_nothing_and_accepts_nothing(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "hang"})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(create(vtn), 0.2)

    assert await accepted(vtn) == 0
    assert (await vtn.ledger())[-1]["status"] is None


async def test_a_drip_sends_the_answer_byte_by_byte(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "drip", "seconds": 0.001})
    begun = time.monotonic()

    reply = await vtn.get("/auth/server")

    assert reply.json == {"tokenURL": f"{vtn.url}/auth/token"}
    assert time.monotonic() - begun >= 0.001 * len(reply.body)
