"""What a token endpoint answers: refusals, oddities, and that it is busy or down."""

import asyncio
import time

import pytest
from pydantic import SecretStr

from tests.vtn.granting import body, numbered, world
from tests.vtn.servers import Handler, always, in_turn
from ven_daemon.domain.errors import (
    MisdirectedError,
    OutcomeUnknownError,
    UnauthorizedError,
    VtnBusyError,
    VtnUnreachableError,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.token import ClientCredentials


async def test_a_refused_secret_is_left_alone_for_a_while() -> None:
    async with world() as here:
        here.tokens = always(401, {"error": "invalid_client", "error_description": "no such"})
        for _ in range(20):
            with pytest.raises(UnauthorizedError, match=r"'client-1': .*invalid_client: no such"):
                await here.credential.header()

    assert here.asked()["/auth/token"] == 1


async def test_a_refused_secret_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientCredentials, "backoff", Backoff(base=0.05, cap=0.05))
    async with world() as here:
        here.tokens = in_turn(always(401, {"error": "invalid_client"}), numbered())
        with pytest.raises(UnauthorizedError):
            await here.credential.header()
        await asyncio.sleep(0.06)

        assert await here.credential.header() == "Bearer t1"


REFUSALS = [
    pytest.param(400, {"error": "invalid_client"}, "invalid_client", id="as RFC 6749"),
    pytest.param(401, {"error": "invalid_client"}, "invalid_client", id="with 401"),
    pytest.param(
        401,
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid.\r\nTrace: 1"},
        "AADSTS7000215",
        id="words over two lines",
    ),
    pytest.param(
        401,
        {"error": "invalid_client", "error_description": 'Klient "ven-1" er spærret'},
        "er spærret",
        id="words with quotes, in Danish",
    ),
    pytest.param(
        401,
        {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "bad secret"},
        "bad secret",
        id="a problem, as OpenADR 3.1",
    ),
    pytest.param(400, {"title": "Bad Request", "detail": "no such client"}, "no such client"),
    pytest.param(403, {"title": "Forbidden"}, "Forbidden", id="403"),
    pytest.param(401, "<html>", "401", id="401 in no shape"),
]


@pytest.mark.parametrize(("status", "shape", "words"), REFUSALS)
async def test_a_refusal_is_told_in_the_endpoints_words(
    status: int, shape: object, words: str
) -> None:
    async with world() as here:
        here.tokens = always(status, shape)
        with pytest.raises(UnauthorizedError, match=words):
            await here.credential.header()

    assert here.asked()["/auth/token"] == 1


ODD = [
    pytest.param(always(500, {"error": "server_error"}), id="500"),
    pytest.param(always(503, {}), id="503"),
    pytest.param(always(429, {"error": "slow_down"}), id="429"),
    pytest.param(always(404, {"title": "Not Found"}), id="404"),
    pytest.param(body(b"<html>sign in</html>", kind="text/html"), id="HTML"),
    pytest.param(body(b""), id="nothing"),
    pytest.param(body(b"", 204), id="204"),
    pytest.param(body(b'{"access_token":"cut'), id="half a JSON"),
    pytest.param(body(b"[" * 100_000), id="nested without end"),
    pytest.param(body(b"\xff\xfe"), id="no text"),
    pytest.param(always(200, None), id="null"),
    pytest.param(always(200, []), id="a list"),
    pytest.param(always(200, "token"), id="a string"),
    pytest.param(always(200, {}), id="no token"),
    pytest.param(always(200, {"access_token": None}), id="a token of null"),
    pytest.param(always(200, {"access_token": ""}), id="an empty token"),
    pytest.param(always(200, {"access_token": 7}), id="a token that is a number"),
    pytest.param(always(200, {"access_token": ["t"]}), id="a token that is a list"),
    pytest.param(always(200, {"access_token": "a\r\nX-Evil: 1"}), id="a token with CR and LF"),
    pytest.param(always(200, {"access_token": "a\0b"}), id="a token with NUL"),
]


async def test_a_redirect_that_brings_a_token_brings_none() -> None:
    async with world() as here:
        here.tokens = always(302, {"access_token": "t"}, {"Location": "/x"})
        with pytest.raises(MisdirectedError):
            await here.credential.header()


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_answer_is_the_endpoints_trouble_and_may_pass(odd: Handler) -> None:
    async with world() as here:
        here.tokens = in_turn(odd, numbered())
        with pytest.raises((VtnBusyError, OutcomeUnknownError)) as caught:
            await here.credential.header()

        assert caught.value.transient
        assert await here.credential.header() == "Bearer t1"


@pytest.mark.parametrize(
    "shape",
    [
        {"access_token": "t1"},
        {"access_token": "t1", "token_type": "Bearer"},
        {"access_token": "t1", "token_type": "bearer", "expires_in": "3600"},
        {"access_token": "t1", "token_type": "DPoP"},
        {"access_token": "t1", "token_type": None},
        {"access_token": "t1", "expires_in": None},
        {"access_token": "t1", "expires_in": "soon"},
        {"access_token": "t1", "expires_in": [1]},
        {"access_token": "t1", "expires_in": 10**12},
        {"access_token": "t1", "expires_at": "soon", "expires_in": 5},
        {"access_token": "t1", "expires_at": [1]},
        {"access_token": "t1", "refresh_token": "r", "scope": None},
    ],
    ids=str,
)
async def test_a_token_is_a_token_whatever_else_is_said(shape: object) -> None:
    async with world() as here:
        here.tokens = always(200, shape)

        assert await here.credential.header() == "Bearer t1"


async def test_a_token_of_twelve_kilobytes_is_used() -> None:
    async with world() as here:
        here.tokens = always(200, {"access_token": "x" * 12_000})
        header = await here.credential.header()

    assert header == "Bearer " + "x" * 12_000


async def test_an_endpoint_that_is_busy_is_not_asked_before_it_said_so() -> None:
    async with world(patience=5.0) as here:
        here.tokens = in_turn(always(429, {}, {"Retry-After": "1"}), numbered())
        with pytest.raises(VtnBusyError):
            await here.credential.header()
        began = time.monotonic()
        await here.credential.header()

    assert time.monotonic() - began >= 0.95


async def test_an_endpoint_that_is_down_is_spared() -> None:
    async with world(patience=0.5) as here:
        here.tokens = always(503, {})
        fleet = [ClientCredentials(here.endpoint, f"c{n}", SecretStr("s")) for n in range(60)]
        results = await asyncio.gather(
            *(credential.header() for credential in fleet), return_exceptions=True
        )

    assert all(isinstance(result, VtnBusyError | VtnUnreachableError) for result in results)
    assert here.asked()["/auth/token"] <= 10
