"""Registration under fault, F01-F03: credentials that are revoked, refused or may too little."""

import asyncio

import pytest

from tests.registration.faults import POST_RESOURCE, assert_all_is_there, within
from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import OWN, Registrar, reasons
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.timeout(60)


async def test_f01_a_token_that_is_revoked_meanwhile_is_refreshed_once(
    closed: Sandbox, shared: Registrar
) -> None:
    await closed.faults({**POST_RESOURCE, "kind": "delay", "seconds": 0.1})

    run = asyncio.create_task(shared.register())
    await until(closed, writes=8)
    await closed.post("/sandbox/revoke", None)
    outcome = await run

    await assert_all_is_there(closed, outcome)
    assert (await closed.summary())["tokens"] == 2


async def test_f01_only_the_client_whose_token_was_revoked_asks_for_another(
    closed: Sandbox, per_ven: Registrar
) -> None:
    per_ven.settings["max_concurrency"] = 2
    await closed.faults({**POST_RESOURCE, "kind": "delay", "seconds": 0.05})

    run = asyncio.create_task(per_ven.register())
    await until(closed, writes=8)
    await closed.post("/sandbox/revoke", {"clients": [OWN["Brande"]]})
    outcome = await run

    await assert_all_is_there(closed, outcome)
    assert (await closed.summary())["tokens"] == len(VENS) + 1


async def test_f02_a_fresh_token_that_is_refused_makes_no_storm_and_stops_one_ven_only(
    closed: Sandbox, per_ven: Registrar
) -> None:
    refused = {"status": 401, "body": {"title": "Unauthorized", "detail": "nbf lies ahead"}}
    await closed.faults({"client": OWN["Brande"], "path": "^/(?!auth)", "kind": "status"} | refused)

    async with within(15):
        outcome = await per_ven.register()

    assert set(reasons(outcome)) == {("Brande", None)}
    assert "nbf lies ahead" in reasons(outcome)["Brande", None]
    assert (await closed.summary())["resources"] == RESOURCES - VENS["Brande"]
    asked = [each["client"] for each in await closed.ledger() if each["path"] == "/auth/token"]
    assert asked.count(OWN["Brande"]) <= 4


async def test_f03_a_ven_that_may_not_create_resources_stops_alone(
    closed: Sandbox, per_ven: Registrar
) -> None:
    why = {"title": "Forbidden", "detail": "not in this market"}
    rule = {**POST_RESOURCE, "client": OWN["Brande"], "kind": "status", "status": 403, "body": why}
    await closed.faults(rule)

    async with within(10):
        outcome = await per_ven.register()
    await closed.faults()
    again = await per_ven.register()

    assert {ven for ven, _ in reasons(outcome)} == {"Brande"}
    assert all("not in this market" in reason for reason in reasons(outcome).values())
    assert outcome.registered == RESOURCES - VENS["Brande"]
    assert again.writes == VENS["Brande"]
    await assert_all_is_there(closed, again)


async def test_f03_what_may_not_be_done_is_not_tried_for_every_resource(
    closed: Sandbox, per_ven: Registrar, fleet: SmallFleet
) -> None:
    for number in range(200):
        fleet.add("Brande", f"more {number}")
    rule = {**POST_RESOURCE, "client": OWN["Brande"], "kind": "status", "status": 403}
    await closed.faults(rule)

    await per_ven.register()

    tried = [each for each in await closed.ledger() if each["status"] == 403]
    assert len(tried) <= 64


async def until(vtn: Sandbox, writes: int) -> None:
    """Wait for so many writes."""
    async with asyncio.timeout(10):
        while (await vtn.summary())["writes"] < writes:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
