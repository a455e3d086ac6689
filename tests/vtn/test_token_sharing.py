"""Many who need a token at once: fetched once, and whoever leaves disturbs nobody."""

import asyncio
import logging

import pytest
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.vtn.granting import numbered, world
from tests.vtn.servers import always, as_json
from ven_daemon.domain.errors import UnauthorizedError
from ven_daemon.vtn.token import ClientCredentials


async def test_five_hundred_who_ask_together_share_one_fetch() -> None:
    async with world() as here:
        here.tokens = numbered()
        headers = await asyncio.gather(*(here.credential.header() for _ in range(500)))

    assert set(headers) == {"Bearer t1"}
    assert here.asked()["/auth/token"] == 1


async def test_whoever_needs_a_token_that_is_on_its_way_waits_for_that_one() -> None:
    async with world() as here:
        here.tokens = numbered()
        here.credential.fetch_ahead()

        assert await here.credential.header() == "Bearer t1"
        here.credential.fetch_ahead()
        assert await here.credential.header() == "Bearer t1"

    assert here.asked()["/auth/token"] == 1


async def test_a_refused_secret_is_not_tried_ahead_of_need() -> None:
    async with world() as here:
        here.tokens = always(401, {"error": "invalid_client"})
        here.credential.fetch_ahead()
        with pytest.raises(UnauthorizedError, match="invalid_client"):
            await here.credential.header()
        here.credential.fetch_ahead()
        with pytest.raises(UnauthorizedError, match="invalid_client"):
            await here.credential.header()

    assert here.asked()["/auth/token"] == 1


async def test_two_at_a_time_ask_the_endpoint() -> None:
    here_now = most = 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal here_now, most
        here_now += 1
        most = max(most, here_now)
        await asyncio.sleep(0.01)
        here_now -= 1
        return as_json({"access_token": "t"})

    async with world() as here:
        here.tokens = slow
        fleet = [ClientCredentials(here.endpoint, f"c{n}", SecretStr("s")) for n in range(40)]
        await asyncio.gather(*(credential.header() for credential in fleet))

    assert most == 2
    assert here.asked()["/auth/token"] == 40


async def test_a_waiter_that_is_cancelled_cancels_nobody_else() -> None:
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return as_json({"access_token": "t1"})

    async with world() as here:
        here.tokens = slow
        first = asyncio.create_task(here.credential.header())
        others = [asyncio.create_task(here.credential.header()) for _ in range(5)]
        await asyncio.sleep(0.05)
        first.cancel()
        release.set()

        assert await asyncio.gather(*others) == ["Bearer t1"] * 5
        with pytest.raises(asyncio.CancelledError):
            await first

    assert here.asked()["/auth/token"] == 1


async def test_a_fetch_that_fails_after_its_only_waiter_left_is_quiet(
    caplog: pytest.LogCaptureFixture,
) -> None:
    release = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await release.wait()
        return as_json({}, 500)

    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        async with world() as here:
            here.tokens = slow
            waiter = asyncio.create_task(here.credential.header())
            await asyncio.sleep(0.05)
            waiter.cancel()
            await asyncio.gather(waiter, return_exceptions=True)
            flight = here.credential._flight
            assert flight is not None
            release.set()
            await asyncio.gather(flight, return_exceptions=True)
            del flight

    assert "never retrieved" not in caplog.text
    assert [log["event"] for log in logs] == ["token.failed"]
