"""How long a token is used, and when it is refreshed."""

import asyncio
import time

import pytest

from tests.vtn.granting import numbered, world
from tests.vtn.servers import always, in_turn
from ven_daemon.domain.errors import VtnBusyError
from ven_daemon.vtn import token as token_module
from ven_daemon.vtn.oauth import LIFE_LEAST, LIFE_MOST, LIFE_UNSAID, life_of


async def test_a_token_is_refreshed_ahead_of_its_end_and_nobody_waits() -> None:
    async with world() as here:
        here.tokens = numbered(life=1)
        await here.credential.header()
        await asyncio.sleep(0.85)  # after 80 % of its life, before 98 %

        began = time.monotonic()
        during = await here.credential.header()
        waited = time.monotonic() - began
        flight = here.credential._flight
        assert flight is not None
        await flight
        after = await here.credential.header()

    assert (during, after) == ("Bearer t1", "Bearer t2")
    assert waited < 0.02
    assert here.asked()["/auth/token"] == 2


async def test_a_token_is_not_used_beyond_its_end() -> None:
    async with world() as here:
        here.tokens = numbered(life=1)
        await here.credential.header()
        await asyncio.sleep(1.0)

        assert await here.credential.header() == "Bearer t2"


async def test_a_living_token_is_used_while_its_endpoint_is_down() -> None:
    async with world(patience=0.05) as here:
        here.tokens = in_turn(numbered(life=1), always(503, {}))
        await here.credential.header()
        await asyncio.sleep(0.85)

        assert await here.credential.header() == "Bearer t1"
        flight = here.credential._flight
        assert flight is not None
        with pytest.raises(VtnBusyError):
            await flight
        assert await here.credential.header() == "Bearer t1"

    assert here.asked()["/auth/token"] == 2


@pytest.mark.parametrize(
    ("said", "life"),
    [
        (None, LIFE_UNSAID),
        (3600, 3600.0),
        ("3600", 3600.0),
        (59.5, 59.5),
        (0, LIFE_UNSAID),
        ("0", LIFE_UNSAID),
        (-1, LIFE_UNSAID),
        (0.2, LIFE_LEAST),
        (10**12, LIFE_MOST),
        ("1" * 400, LIFE_MOST),
        ("nan", LIFE_UNSAID),
        ("soon", LIFE_UNSAID),
        ("", LIFE_UNSAID),
        (True, LIFE_UNSAID),
        ([60], LIFE_UNSAID),
        ({}, LIFE_UNSAID),
        (float("inf"), LIFE_MOST),
        (float("nan"), LIFE_UNSAID),
    ],
    ids=repr,
)
def test_a_life_is_held_within_bounds(said: object, life: float) -> None:
    assert life_of(said) == life


async def test_lives_are_on_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as here:
        here.tokens = numbered()
        await here.credential.header()
        monkeypatch.setattr(token_module.time, "time", lambda: 4e9)

        assert await here.credential.header() == "Bearer t1"
