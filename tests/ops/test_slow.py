"""The surface beside those who are slow, many, or both (F48)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from statistics import quantiles

import aiohttp
import pytest

from ven_daemon.app.front import Front
from ven_daemon.config import load_settings
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import Outcome, VenOutcome
from ven_daemon.ops import answers, server
from ven_daemon.ops.server import OpsServer

SLOW = 500


@asynccontextmanager
async def serving(connections: int = 1000) -> AsyncIterator[OpsServer]:
    front = Front(load_settings)
    async with OpsServer(front, "127.0.0.1", 0, None, connections) as ops:
        yield ops


async def dawdle(stack: AsyncExitStack, port: int, said: bytes) -> asyncio.StreamReader:
    """Connect, say so much and no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    writer.write(said)
    return reader


async def test_five_hundred_slow_sockets_hold_nobody_up() -> None:
    async with serving() as ops, AsyncExitStack() as stack:
        for number in range(SLOW):
            said = b"GET /health HTTP/1.1\r\nHo" if number % 2 else b""
            await dawdle(stack, ops.port, said)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        times = []
        for _ in range(100):
            began = time.monotonic()
            async with session.get(f"http://127.0.0.1:{ops.port}/livez") as answer:
                assert answer.status == 200
            times.append(time.monotonic() - began)

    assert quantiles(times, n=20)[-1] < 0.1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /livez HT",
        b"POST /api/v1/opt-outs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_who_sends_no_whole_request_is_let_go(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.3)
    monkeypatch.setattr(answers, "BODY_SECONDS", 0.3)
    async with serving() as ops, AsyncExitStack() as stack:
        reader = await dawdle(stack, ops.port, said)

        answer = await asyncio.wait_for(reader.read(), 10)

    assert answer == b"" or answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 503"))


async def test_who_comes_when_it_is_full_is_told_so() -> None:
    async with serving(connections=3) as ops, AsyncExitStack() as stack:
        for _ in range(3):
            await dawdle(stack, ops.port, b"")
        await asyncio.sleep(0.05)
        reader = await dawdle(stack, ops.port, b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

        answer = await asyncio.wait_for(reader.read(), 10)

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After" in answer


async def test_an_idle_connection_is_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.3)
    async with serving() as ops, AsyncExitStack() as stack:
        asked = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        reader = await dawdle(stack, ops.port, asked)

        answer = await asyncio.wait_for(reader.read(), 10)

    assert answer.startswith(b"HTTP/1.1 200")


async def test_f54_a_metrics_page_is_small_and_quick_with_a_hundred_thousand_resources() -> None:
    outcome = Outcome(vens=[VenOutcome(VenName(f"VEN {n}"), 10) for n in range(10_000)])
    async with serving() as ops, aiohttp.ClientSession() as session:
        ops._desk.fleet.take(outcome, datetime.now(UTC), whole=True)
        began = time.monotonic()
        async with session.get(f"http://127.0.0.1:{ops.port}/metrics") as answer:
            page = await answer.read()
        seconds = time.monotonic() - began

    assert b"ven_daemon_resources 100000.0" in page
    assert len(page) < 1_000_000
    assert seconds < 0.5
