"""Registration under fault, F28 and F29: the token endpoint."""

from typing import Any

import pytest

from tests.registration.faults import assert_all_is_there, spoiled, within
from tests.registration.fleet import RESOURCES, VENS
from tests.registration.inside import OWN, Registrar, reasons
from tests.sandbox.rig import Sandbox

pytestmark = pytest.mark.timeout(60)

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
