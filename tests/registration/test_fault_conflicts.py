"""Registration under fault, F06-F09: conflicts and rejections."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.registration.faults import (
    POST_RESOURCE,
    assert_all_is_there,
    big_fleet,
    fleet_of,
    within,
)
from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import Registrar, did, reasons, writes
from tests.sandbox.rig import Sandbox, bl_ven
from ven_daemon.domain.registration import Kind

pytestmark = pytest.mark.timeout(60)


async def test_f06_a_name_that_another_client_holds_is_said_and_not_fought_over(
    closed: Sandbox, per_ven: Registrar
) -> None:
    await closed.post("/vens", bl_ven("somebody-else", "Brande"), "operator")
    line = len(await closed.ledger())

    async with within(15):
        outcome = await per_ven.register()

    assert set(reasons(outcome)) == {("Brande", None)}
    tried = [each for each in (await closed.ledger())[line:] if each["status"] == 409]
    assert 1 <= len(tried) <= 3
    assert (await closed.summary())["resources"] == RESOURCES - VENS["Brande"]


async def test_f06_a_resource_that_is_always_in_conflict_and_never_shown_is_said(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register("Aalborg", "Brande")
    taken = {"status": 409, "body": {"title": "Conflict", "detail": "taken, I say"}}
    await strict.faults({**POST_RESOURCE, "kind": "status"} | taken)
    line = len(await strict.ledger())

    async with within(15):
        outcome = await registrar.register()

    assert {ven for ven, _ in reasons(outcome)} == {"Corsør"}
    assert all("taken, I say" in reason for reason in reasons(outcome).values())
    tried = [each for each in (await strict.ledger())[line:] if each["status"] == 409]
    assert len(tried) <= 3 * VENS["Corsør"]


async def test_f06_what_a_listing_never_shows_is_found_by_its_name_and_adopted(
    registrar: Registrar, strict: Sandbox
) -> None:
    """Pages without an order can pass over the same row at every look (T-22)."""
    await registrar.register()
    registrar.lose_state()
    unseen = [
        {"method": "GET", "path": "^/vens$", "kind": "blind-spot", "name": "Brande"},
        {"method": "GET", "path": "^/resources$", "kind": "blind-spot", "name": "bar 3"},
    ]
    await strict.faults(*unseen)

    outcome = await registrar.register()

    assert not outcome.failures
    summary = await strict.summary()
    assert (summary["vens"], summary["resources"]) == (len(VENS), RESOURCES)
    assert outcome.writes == 0


async def test_f07_a_storm_of_conflicts_ends_in_adoption(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    registrar.lose_state()
    line = len(await strict.ledger())
    hidden = {"method": "GET", "kind": "status", "status": 200, "body": [], "times": 1}
    await strict.faults({**hidden, "path": "^/resources$"}, {**hidden, "path": "^/vens$"})

    outcome = await registrar.register()

    assert await writes(strict, line) == []
    assert outcome.writes == 0
    await assert_all_is_there(strict, outcome)


async def test_f08_one_object_that_is_rejected_is_named_and_its_neighbours_go_on(
    registrar: Registrar, strict: Sandbox
) -> None:
    await strict.faults(rejection(times=1, skip=5))

    outcome = await registrar.register()
    again = await registrar.register()

    (reason,) = reasons(outcome).values()
    assert "LOCATION is not in Jutland" in reason
    assert outcome.registered == RESOURCES - 1
    assert did(again) == {Kind.CREATE: 1, Kind.NOTHING: RESOURCES - 1}
    await assert_all_is_there(strict, again)


async def test_f08_what_was_rejected_is_held_back_until_it_changes(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await strict.faults(rejection(times=1, skip=5))
    outcome = await registrar.register()
    ((ven, name),) = reasons(outcome)

    held_back = await registrar.register(retry_rejected=False)
    fleet.capacity(f"{ven}/{name}", 33.5)
    changed = await registrar.register(retry_rejected=False)

    assert held_back.writes == 0
    assert "LOCATION is not in Jutland" in reasons(held_back)[ven, name]
    assert changed.writes == 1
    await assert_all_is_there(strict, changed)


async def test_f08_what_was_rejected_is_offered_once_a_run_though_a_neighbour_needs_another_look(
    registrar: Registrar, strict: Sandbox
) -> None:
    busy = {**POST_RESOURCE, "kind": "status", "status": 503, "skip": 7, "times": 1}
    await strict.faults(busy, rejection(skip=5, times=3))

    outcome = await registrar.register("Aalborg")

    assert len(reasons(outcome)) == 3
    told = [each["status"] for each in await strict.ledger()]
    assert told.count(400) == 3


@pytest.mark.parametrize("settings", [{}, {"max_concurrency": 4}], ids=["64 at once", "4 at once"])
async def test_f09_a_vtn_that_rejects_everything_for_a_while_is_outlasted(
    strict: Sandbox, tmp_path: Path, settings: dict[str, Any]
) -> None:
    fleet = big_fleet(tmp_path)
    registrar = Registrar(fleet, strict.url, **settings)
    await registrar.register("Aalborg", limit=1)
    fleet_of(fleet, "Brande", 150)
    await strict.faults(rejection())

    async with within(25):
        run = asyncio.create_task(registrar.register(wait=20))
        await asyncio.sleep(3)
        await strict.faults()
        outcome = await run

    assert reasons(outcome) == {}
    assert (await strict.summary())["resources"] == 300


async def test_f09_a_vtn_that_rejected_everything_leaves_nothing_held_back(
    strict: Sandbox, tmp_path: Path
) -> None:
    registrar = Registrar(big_fleet(tmp_path), strict.url)
    await strict.faults({**rejection(), **POST_RESOURCE})
    async with within(20):
        await registrar.register(wait=2)
    await strict.faults()

    later = await registrar.register(retry_rejected=False)

    assert reasons(later) == {}
    assert (await strict.summary())["resources"] == 150


def rejection(**more: Any) -> dict[str, Any]:
    why = {"title": "Bad Request", "detail": "LOCATION is not in Jutland"}
    return {**POST_RESOURCE, "kind": "status", "status": 400, "body": why, **more}
