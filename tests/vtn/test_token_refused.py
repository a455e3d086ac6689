"""Tokens that the VTN refuses: refreshed once, and without a storm."""

import asyncio

import pytest
from pydantic import SecretStr

from tests.vtn.granting import numbered, only, world
from tests.vtn.sending import GET, POST
from tests.vtn.servers import always
from ven_daemon.domain.errors import ForbiddenError, UnauthorizedError
from ven_daemon.vtn.token import ClientCredentials
from ven_daemon.wire.profile import Request


@pytest.mark.parametrize(
    ("status", "shape"),
    [(401, {"title": "Unauthorized"}), (403, {"detail": "Invalid token"})],
)
@pytest.mark.parametrize("request_", [GET, POST], ids=lambda r: r.method)
async def test_a_refused_token_is_refreshed_once_and_the_request_repeated_once(
    request_: Request, status: int, shape: object
) -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("t2", status=status, shape=shape)
        answer = await here.transport.send(request_, here.credential)

    assert answer.status == 200
    assert here.asked() == {"/vens": 2, "/auth/token": 2}
    signed = [said for said in here.server.authorizations if said]
    assert signed == ["Bearer t1", "Bearer t2"]


async def test_a_second_refusal_is_an_error() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("none")
        with pytest.raises(UnauthorizedError, match="401 Unauthorized"):
            await here.transport.send(GET, here.credential)

    assert here.asked() == {"/vens": 2, "/auth/token": 2}


async def test_fresh_tokens_that_are_always_refused_start_no_storm() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("none")
        for _ in range(50):
            with pytest.raises(UnauthorizedError):
                await here.transport.send(GET, here.credential)

    assert here.asked()["/auth/token"] <= 3


async def test_a_missing_right_costs_no_token() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), always(403, {"detail": "not yours"})
        with pytest.raises(ForbiddenError, match="not yours"):
            await here.transport.send(GET, here.credential)

    assert here.asked() == {"/vens": 1, "/auth/token": 1}


async def test_two_hundred_requests_refused_together_share_one_refresh() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("t2")
        await asyncio.gather(*(here.transport.send(GET, here.credential) for _ in range(200)))

    assert here.asked()["/auth/token"] == 2


async def test_one_refused_credential_disturbs_no_other() -> None:
    async with world() as here:
        other = ClientCredentials(here.endpoint, "client-2", SecretStr("other"))
        here.tokens, here.api = numbered(), only("t2", "t3")
        await here.transport.send(GET, here.credential)
        await here.transport.send(GET, other)

    assert here.asked()["/auth/token"] == 3
