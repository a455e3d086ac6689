"""Registration under fault, F13 and F16-F19: answers that are lost."""

from typing import Any

import pytest

from tests.registration.faults import GET, POST_RESOURCE, assert_all_is_there, spoiled, within
from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import Registrar, did, reasons
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.registration import Kind

pytestmark = pytest.mark.timeout(60)


POST_VEN = {"method": "POST", "path": "^/vens$"}


@pytest.mark.parametrize("fault", [{"kind": "accept-then-reset"}, {"kind": "accept-then-status"}])
@pytest.mark.parametrize("what", [POST_VEN, POST_RESOURCE], ids=["vens", "resources"])
async def test_f13_what_was_accepted_without_an_answer_is_found_and_not_sent_again(
    either: Sandbox, fleet: SmallFleet, what: dict[str, str], fault: dict[str, Any]
) -> None:
    status = {} if fault["kind"].endswith("reset") else {"status": 500}
    ratio = 0.5 if what is POST_VEN else 0.1
    await either.faults({**what, **fault, **status, "ratio": ratio, "seed": 7})

    outcome = await Registrar(fleet, either.url).register(wait=20)

    await assert_all_is_there(either, outcome)
    assert outcome.writes <= len(VENS) + RESOURCES


async def test_f13_a_gateway_that_stops_waiting_hides_what_is_accepted_later(
    either: Sandbox, fleet: SmallFleet
) -> None:
    late = {**POST_RESOURCE, "kind": "accept-then-status", "status": 504, "ratio": 0.2, "seed": 7}
    await either.faults(late)

    outcome = await Registrar(fleet, either.url).register(wait=20)

    await assert_all_is_there(either, outcome)


SPOILED = [
    *({"kind": kind} for kind in ("html", "empty", "wrong-shape", "reset", "hang")),
    {"kind": "truncate", "at": 0.5},
    {"kind": "truncate", "at": 0.0},
    {"kind": "drip", "seconds": 0.05},
    {"kind": "huge", "bytes": 16 * 2**20},
    {"kind": "bomb", "bytes": 64 * 2**20},
    {"kind": "status", "status": 200, "body": "null"},
    {"kind": "status", "status": 200, "body": [1, 2, 3]},
    {"kind": "status", "status": 200, "body": {"id": 7}},
    {"kind": "status", "status": 204, "body": ""},
    {"kind": "headers", "headers": {"X-Large": "a" * 200_000}},
]
"""F14, F15, F16, F17, F18, F19, F20, F21, F22."""


@pytest.mark.parametrize("fault", SPOILED, ids=spoiled)
async def test_a_listing_that_is_spoiled_is_asked_for_again(
    registrar: Registrar, strict: Sandbox, fault: dict[str, Any]
) -> None:
    await registrar.register("Aalborg")
    await strict.faults(
        {"method": "GET", "path": "^/vens$", **fault, "times": 1}, {**GET, **fault, "times": 1}
    )

    async with within(15):
        outcome = await registrar.register()

    await assert_all_is_there(strict, outcome)


@pytest.mark.parametrize("fault", SPOILED, ids=spoiled)
async def test_a_create_that_is_answered_badly_is_looked_up(
    lenient: Sandbox, fleet: SmallFleet, fault: dict[str, Any]
) -> None:
    accept = {"accept": True} if fault["kind"] in ACCEPTING else {}
    await lenient.faults({**POST_RESOURCE, **fault, **accept, "skip": 3, "times": 3})

    async with within(15):
        outcome = await Registrar(fleet, lenient.url).register()

    await assert_all_is_there(lenient, outcome)


ACCEPTING = ("html", "empty", "reset", "hang", "huge", "bomb", "status")


@pytest.mark.parametrize("kind", ["html", "empty", "reset", "hang", "huge"])
async def test_a_create_that_was_not_accepted_nor_answered_is_sent_again(
    lenient: Sandbox, fleet: SmallFleet, kind: str
) -> None:
    size = {"bytes": 16 * 2**20} if kind == "huge" else {}
    await lenient.faults({**POST_RESOURCE, "kind": kind, **size, "skip": 3, "times": 3})

    async with within(15):
        outcome = await Registrar(fleet, lenient.url).register()

    await assert_all_is_there(lenient, outcome)


@pytest.mark.parametrize("kind", ["accept-then-reset", "hang", "html", "reset"])
async def test_a_ven_whose_create_is_answered_badly_is_there_once(
    either: Sandbox, fleet: SmallFleet, kind: str
) -> None:
    await either.faults({**POST_VEN, "kind": kind, "times": 2})

    async with within(15):
        outcome = await Registrar(fleet, either.url).register()

    await assert_all_is_there(either, outcome)


async def test_f19_a_replacement_that_is_cut_off_is_sent_again(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.capacity("Brande/bar 3", 33.5)
    await strict.faults({"method": "PUT", "kind": "reset", "times": 2})

    outcome = await registrar.register()

    assert did(outcome)[Kind.UPDATE] == 1
    await assert_all_is_there(strict, outcome)


async def test_a_deletion_whose_answer_is_lost_is_done(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.remove("Brande/bar 3")
    await strict.faults({"method": "DELETE", "kind": "accept-then-reset", "times": 1})

    outcome = await registrar.register(prune=True)

    assert (reasons(outcome), did(outcome)[Kind.DELETE]) == ({}, 1)
    assert (await strict.summary())["resources"] == RESOURCES - 1
