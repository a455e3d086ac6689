"""The handler of readings where a daemon would take long to get there: a body that drips."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Container, Sequence

import pytest
from aiohttp import web

from ven_daemon.domain.readings import Sifted
from ven_daemon.ops import readings
from ven_daemon.ops.readings import PATH, ReadingsDesk, ReadingsSurface


class NobodysDesk:
    """Takes readings of nobody."""

    body_limit = 1000
    post_limit = 10
    everybody: Container[str] = ()

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()

    def bearer(self, token: str) -> Container[str] | None:
        return None

    async def take(self, items: Sequence[object], whose: Container[str]) -> Sifted:
        return Sifted([], [])


@pytest.fixture
def desks() -> list[ReadingsDesk]:
    """Who takes readings now: the last one, if there is any."""
    return [NobodysDesk()]


@pytest.fixture
async def port(desks: list[ReadingsDesk]) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post(PATH, ReadingsSurface(lambda: desks[-1] if desks else None).post)
    runner = web.AppRunner(app, lingering_time=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def said(port: int, *parts: bytes) -> bytes:
    """Send a body of a hundred bytes part by part, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\n"
    for part in (head.encode(), *parts):
        writer.write(part)
        await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_body_that_drips_is_408_and_its_connection_ends_f48(
    port: int, desks: list[ReadingsDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "BODY_SECONDS", 0.3)

    answer = await said(port, b"[", b" ", b" ")

    assert answer.startswith(b"HTTP/1.1 408")
    assert desks[0].refused == {"slow": 1}


async def test_a_body_that_comes_in_parts_in_time_is_read(port: int) -> None:
    answer = await said(port, b"[" + b" " * 49, b" " * 49 + b"]")

    assert answer.startswith(b"HTTP/1.1 202")


async def test_while_nobody_can_take_readings_the_answer_is_503(
    port: int, desks: list[ReadingsDesk]
) -> None:
    desks.clear()

    answer = await said(port, b" " * 100)

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 2\r\n" in answer
