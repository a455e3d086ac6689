"""Sending to one VTN: repeated where that helps and nowhere else, and not before it is time."""

import asyncio
import socket
import time

import pytest
from aiohttp import web

from tests.vtn.sending import DELETE, GET, NOBODY, POST, PUT
from tests.vtn.servers import always, as_json, hang_up_hard, http, in_turn, raw, transporting
from ven_daemon.domain.errors import (
    OutcomeUnknownError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.vtn.transport import TRIES
from ven_daemon.wire.profile import Request


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 529, 599])
@pytest.mark.parametrize("request_", [GET, PUT, DELETE], ids=lambda r: r.method)
async def test_what_may_be_repeated_is_repeated_while_the_vtn_is_busy(
    request_: Request, status: int
) -> None:
    busy = always(status, {"title": "Busy"})
    moody = in_turn(busy, busy, always(200, []))
    async with http(moody) as server, transporting(server.url) as transport:
        answer = await transport.send(request_, NOBODY)

    assert answer.status == 200
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 529])
async def test_a_post_to_a_busy_vtn_is_not_repeated(status: int) -> None:
    async with http(always(status, {})) as server, transporting(server.url) as transport:
        with pytest.raises(VtnBusyError) as caught:
            await transport.send(POST, NOBODY)

    assert len(server.seen) == 1
    assert caught.value.settled is (status not in (408, 502, 504, 520, 529))


async def test_a_post_whose_answer_was_lost_is_not_repeated() -> None:
    posts = 0

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal posts
        posts += 1
        hang_up_hard(writer)

    async with raw(speak) as url, transporting(url) as transport:
        with pytest.raises(OutcomeUnknownError):
            await transport.send(POST, NOBODY)

    assert posts == 1


async def test_t_36_a_vtn_that_resets_connections_is_asked_by_one_at_a_time() -> None:
    """T-36: one that ran out of connections is given the peace to close some."""
    here = most = 0

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal here, most
        here += 1
        most = max(most, here if transport.circuit.is_open else 0)
        await asyncio.sleep(0.01)
        here -= 1
        hang_up_hard(writer)

    async with raw(speak) as url, transporting(url, patience=1.0) as transport:
        sent = [transport.send(GET, NOBODY) for _ in range(50)]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)

        assert all(isinstance(each, VtnError) for each in outcomes)
        assert transport.circuit.is_open
    assert most <= 8  # those that were under way when it opened


async def test_a_post_that_never_left_is_repeated() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with transporting(f"http://127.0.0.1:{port}/") as transport:
        sending = asyncio.create_task(transport.send(POST, NOBODY))
        await asyncio.sleep(0.2)
        app = web.Application()

        async def accept(_: web.Request) -> web.Response:
            return as_json({}, 201)

        app.router.add_post("/vens", accept)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        answer = await asyncio.wait_for(sending, 5)
        await runner.cleanup()

    assert answer.status == 201


async def test_it_is_tried_five_times_while_the_vtn_works_for_others() -> None:
    async def answer(request: web.Request) -> web.Response:
        return as_json({}, 500 if request.path == "/broken" else 200)

    async with http(answer) as server, transporting(server.url) as transport:
        broken = asyncio.create_task(transport.send(Request("GET", "broken"), NOBODY))
        while not broken.done():
            await transport.send(GET, NOBODY)
        with pytest.raises(VtnBusyError):
            await broken

    assert sum(request.path == "/broken" for request in server.seen) == TRIES


async def test_a_vtn_that_is_down_is_given_up_after_our_patience() -> None:
    async with http(always(503, {})) as server, transporting(server.url, patience=0.5) as transport:
        began = time.monotonic()
        with pytest.raises((VtnUnreachableError, VtnBusyError)):
            await transport.send(GET, NOBODY)
        with pytest.raises(VtnUnreachableError, match=r"the VTN has been failing for \d s: 503"):
            await transport.send(GET, NOBODY)

    assert time.monotonic() - began < 3


async def test_an_outage_is_not_amplified_and_everything_gets_through_after_it() -> None:
    async def answer(_: web.Request) -> web.Response:
        return as_json({}, 503 if time.monotonic() < heals_at else 200)

    async with http(answer) as server, transporting(server.url) as transport:
        heals_at = time.monotonic() + 1.0
        answers = await asyncio.gather(*(transport.send(GET, NOBODY) for _ in range(200)))

    refused = len(server.seen) - 200
    assert [a.status for a in answers] == [200] * 200
    assert refused <= 64 + 60  # what was in flight, and a probe every 20 to 100 ms


async def test_nothing_is_sent_before_the_vtn_said_so() -> None:
    times: list[float] = []
    told = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        times.append(time.monotonic())
        told.set()
        return as_json([]) if len(times) > 1 else as_json({}, 429, {"Retry-After": "1"})

    async with http(answer) as server, transporting(server.url) as transport:
        sent = asyncio.create_task(transport.send(GET, NOBODY))
        await told.wait()
        await asyncio.sleep(0.05)
        await asyncio.gather(*(transport.send(GET, NOBODY) for _ in range(5)), sent)

    assert len(times) == 7
    assert min(times[1:]) - times[0] >= 0.98


async def test_what_the_vtn_asked_for_is_in_the_error() -> None:
    busy = always(429, {}, {"Retry-After": "7"})
    async with http(busy) as server, transporting(server.url) as transport:
        with pytest.raises(VtnBusyError) as caught:
            await transport.send(POST, NOBODY)

    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 7
