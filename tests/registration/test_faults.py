"""What VTNs and the ways to them do to a registration, and what must come of it (faults.md D 3.3).

After each fault the VTN holds the fleet, nothing twice; or what is missing is named with
the VTN's own words, and the next run makes it good.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import OWN, Registrar, did, reasons, writes
from tests.sandbox.rig import Sandbox, bl_ven
from ven_daemon.domain.outcome import Outcome
from ven_daemon.domain.registration import Kind

pytestmark = pytest.mark.timeout(60)

POST_RESOURCE = {"method": "POST", "path": "^/resources$"}
POST_VEN = {"method": "POST", "path": "^/vens$"}
GET = {"method": "GET", "path": "^/(vens|resources)$"}


async def assert_all_is_there(vtn: Sandbox, outcome: Outcome) -> None:
    """The VTN holds the small fleet, nothing twice, and the outcome says so."""
    held = await vtn.summary()
    assert reasons(outcome) == {}
    assert (held["vens"], held["resources"]) == (len(VENS), RESOURCES)
    assert held["duplicates"] == 0
    assert outcome.registered == RESOURCES


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """What takes longer fails."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        pytest.fail(f"not done within {seconds:g} s", pytrace=False)


# F01-F03: credentials


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


# F06-F09: conflicts and rejections


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


# F11, F12: a VTN that is busy


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_f11_nothing_is_sent_before_the_vtn_wants_it(
    strict: Sandbox, tmp_path: Path, form: str
) -> None:
    registrar = Registrar(big_fleet(tmp_path), strict.url, max_concurrency=4)
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=8), usegmt=True)
    told = {"Retry-After": "2" if form == "seconds" else when}
    busy = {**POST_RESOURCE, "kind": "status", "status": 429, "headers": told}
    slow = {**POST_RESOURCE, "kind": "delay", "seconds": 0.1}
    await strict.faults(slow, {**busy, "skip": 20, "times": 1})

    outcome = await registrar.register()

    assert reasons(outcome) == {}
    lines = await strict.ledger()
    refused = next(each["monotonic"] for each in lines if each["status"] == 429)
    after = [each["monotonic"] - refused for each in lines]
    assert [seconds for seconds in after if 0.25 < seconds < 1.9] == []
    assert (await strict.summary())["resources"] == 150


@pytest.mark.parametrize("told", [None, "-1", "soon", "", "Fri, 99 Foo 2026", "0"])
async def test_f11_a_wait_that_makes_no_sense_delays_nobody(
    registrar: Registrar, strict: Sandbox, told: str | None
) -> None:
    headers = {} if told is None else {"Retry-After": told}
    busy = {**POST_RESOURCE, "kind": "status", "status": 429, "headers": headers}
    await strict.faults({**busy, "skip": 5, "times": 2})

    async with within(8):
        outcome = await registrar.register()

    await assert_all_is_there(strict, outcome)


async def test_f11_a_wait_beyond_our_patience_ends_the_run_with_a_reason(
    registrar: Registrar, strict: Sandbox
) -> None:
    busy = {**POST_RESOURCE, "kind": "status", "status": 429}
    await strict.faults({**busy, "headers": {"Retry-After": "99999999"}, "skip": 5})

    async with within(20):
        outcome = await registrar.register(wait=2)

    assert reasons(outcome)
    assert all("429" in reason for reason in reasons(outcome).values())


@pytest.mark.parametrize("status", [500, 502, 503, 504, 507, 520])
async def test_f12_a_burst_of_failures_is_outlasted(
    registrar: Registrar, strict: Sandbox, status: int
) -> None:
    await strict.faults({"path": "^/(vens|resources)$", "kind": "status", "status": status} | BURST)

    outcome = await registrar.register(wait=20)

    await assert_all_is_there(strict, outcome)


BURST = {"skip": 10, "times": 12}


async def test_f12_an_outage_is_pressed_by_few_requests_and_ends_in_named_failures(
    strict: Sandbox, tmp_path: Path
) -> None:
    registrar = Registrar(big_fleet(tmp_path), strict.url)
    await strict.faults({"path": "^/resources$", "kind": "status", "status": 503})

    async with within(20):
        outcome = await registrar.register(wait=5)

    assert all("503" in reason for reason in reasons(outcome).values())
    assert reasons(outcome)
    pressed = [each for each in await strict.ledger() if each["status"] == 503]
    assert len(pressed) <= 64 + 15


# F13, F16-F19: answers that are lost


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


def spoiled(fault: dict[str, Any]) -> str:
    """Name a fault for pytest."""
    return " ".join(str(value)[:12] for value in fault.values())


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


# Listings that do not end where they should


@pytest.mark.parametrize("size", [1, 7])
async def test_f24_a_vtn_with_pages_of_its_own_size_is_read_to_the_end(
    registrar: Registrar, strict: Sandbox, size: int
) -> None:
    await registrar.register()
    registrar.lose_state()
    await strict.faults({**GET, "kind": "page-cap", "size": size})

    async with within(8):
        outcome = await registrar.register()

    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES}, 0)


async def test_f24_a_vtn_that_gives_the_same_page_for_ever_does_not_hold_us(
    strict: Sandbox, tmp_path: Path
) -> None:
    registrar = Registrar(big_fleet(tmp_path), strict.url)
    await registrar.register()
    await strict.faults({**GET, "kind": "page-loop"})

    async with within(30):
        await registrar.register(wait=3)

    assert (await strict.summary())["duplicates"] == 0
    assert len(await strict.ledger()) < 3_000


# F28, F29: the token endpoint


TOKEN = {"path": "^/auth/token$"}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "reset"},
        {"kind": "hang"},
        {"kind": "wrong-shape"},
        {"kind": "bomb", "bytes": 64 * 2**20},
    ],
    ids=spoiled,
)
async def test_f28_a_token_endpoint_that_fails_for_a_while_is_outlasted(
    closed: Sandbox, shared: Registrar, fault: dict[str, Any]
) -> None:
    await closed.faults({**TOKEN, **fault, "times": 3})

    async with within(25):
        outcome = await shared.register(wait=20)

    await assert_all_is_there(closed, outcome)


async def test_f28_a_token_endpoint_that_stays_away_is_named(
    closed: Sandbox, per_ven: Registrar
) -> None:
    await closed.faults({**TOKEN, "kind": "status", "status": 503})

    async with within(25):
        outcome = await per_ven.register(wait=2)

    assert {ven for ven, _ in reasons(outcome)} == set(VENS)
    assert all("token endpoint" in reason for reason in reasons(outcome).values())


async def test_f28_a_client_that_the_token_endpoint_refuses_stops_alone_and_soon(
    closed: Sandbox, per_ven: Registrar
) -> None:
    await per_ven.give_credentials(OWN, Brande="wrong")

    async with within(12):
        outcome = await per_ven.register()

    assert set(reasons(outcome)) == {("Brande", None)}
    assert OWN["Brande"] in reasons(outcome)["Brande", None]
    assert outcome.registered == RESOURCES - VENS["Brande"]


@pytest.mark.parametrize("life", [None, "3600", 0, -5, 10**12, "soon", 1.5])
async def test_f29_a_token_life_of_any_kind_is_lived_with(
    closed: Sandbox, shared: Registrar, life: object
) -> None:
    token = await closed.token("operator")
    body = {"access_token": token, "token_type": "bearer", "expires_in": life}
    await closed.faults({**TOKEN, "kind": "status", "status": 200, "body": body})

    outcome = await shared.register()

    await assert_all_is_there(closed, outcome)
    asked = [each for each in await closed.ledger() if each["path"] == "/auth/token"]
    assert len(asked) <= 4


@pytest.mark.parametrize("token", ["a\r\nX-Injected: 1", "", 7, None, "a" * 20_000])
async def test_f29_a_token_that_cannot_be_one_is_refused_in_words(
    closed: Sandbox, shared: Registrar, token: object
) -> None:
    body = {"access_token": token, "token_type": "bearer", "expires_in": 300}
    await closed.faults({**TOKEN, "kind": "status", "status": 200, "body": body})

    async with within(25):
        outcome = await shared.register(wait=2)

    assert {ven for ven, _ in reasons(outcome)} == set(VENS)
    assert (await closed.summary())["writes"] == 0


# The local clock


async def test_an_intent_from_a_clock_that_was_wrong_holds_nobody_for_long(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register("Aalborg")
    registrar.tamper(
        "UPDATE ven_registrations SET settled_at = '2099-01-01 00:00:00' WHERE ven = 'Aalborg'"
    )

    async with within(15):
        outcome = await registrar.register()

    await assert_all_is_there(strict, outcome)


def rejection(**more: Any) -> dict[str, Any]:
    why = {"title": "Bad Request", "detail": "LOCATION is not in Jutland"}
    return {**POST_RESOURCE, "kind": "status", "status": 400, "body": why, **more}


def big_fleet(folder: Path) -> SmallFleet:
    fleet = SmallFleet(folder / "big.db")
    fleet_of(fleet, "Aalborg", 150)
    return fleet


def fleet_of(fleet: SmallFleet, ven: str, count: int) -> None:
    for number in range(count):
        fleet.add(ven, f"bar {number}")


async def until(vtn: Sandbox, writes: int) -> None:
    """Wait for so many writes."""
    async with asyncio.timeout(10):
        while (await vtn.summary())["writes"] < writes:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
