"""Registration under fault, F11 and F12: a VTN that is busy."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.registration.faults import (
    POST_RESOURCE,
    assert_all_is_there,
    big_fleet,
    fleet_of,
    within,
)
from tests.registration.fleet import SmallFleet
from tests.registration.inside import Registrar, reasons
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.timeout(60)


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


async def test_f11_what_had_to_wait_is_put_on_record_anew_before_it_leaves(
    strict: Sandbox, tmp_path: Path
) -> None:
    """Until the instant on record a VTN may accept what was sent, and nobody looks before (F13)."""
    fleet = SmallFleet(tmp_path / "one.db")
    fleet_of(fleet, "Aalborg", 30)
    registrar = Registrar(fleet, strict.url, max_concurrency=4)
    busy = {**POST_RESOURCE, "kind": "status", "status": 429, "headers": {"Retry-After": "2"}}
    slow = {**POST_RESOURCE, "kind": "delay", "seconds": 0.1}
    await strict.faults(slow, {**busy, "skip": 5, "times": 1})

    run = asyncio.create_task(registrar.register())
    seen = []
    while not run.done():
        seen.append((datetime.now(UTC), registrar.settles_at()))
        await asyncio.sleep(0.01)

    assert reasons(await run) == {}
    arrivals = [
        datetime.fromisoformat(each["time"])
        for each in await strict.ledger()
        if each["method"] == "POST" and each["path"] == "/resources"
    ]
    assert len(arrivals) == 31
    on_record = [next(until for at, until in seen if at > each) for each in arrivals]
    least = timedelta(seconds=0.8)  # of the time limit of one second; the rest is on its way
    assert [a for a, until in zip(arrivals, on_record, strict=True) if until < a + least] == []


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
