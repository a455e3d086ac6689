"""Sending to one VTN: no more at once than it bears, and no place is lost."""

import asyncio
import time

import pytest
from aiohttp import web

from tests.vtn.sending import GET, NOBODY, POST
from tests.vtn.servers import always, as_json, exchanging, http, raw, transporting
from ven_daemon.domain.errors import (
    OutcomeUnknownError,
    OutdatedError,
    RejectedError,
    StoppingError,
    TooLargeError,
    VtnError,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.exchange import BODY_LIMIT
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.transport import Transport


async def test_a_vtn_that_rejects_everything_is_not_believed() -> None:
    no = always(400, {"title": "No"})
    kinds = []
    async with http(no) as server, transporting(server.url, patience=0.3) as transport:
        for _ in range(60):
            try:
                await transport.send(POST, NOBODY)
            except VtnError as error:
                kinds.append(type(error))

    assert kinds[:25] == [RejectedError] * 25
    assert kinds[50:]
    assert RejectedError not in kinds[50:]


async def test_a_page_that_is_too_large_is_no_trouble_of_the_vtn() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bytes(BODY_LIMIT + 1))

    async with http(answer) as server, transporting(server.url) as transport:
        for _ in range(5):
            with pytest.raises(TooLargeError):
                await transport.send(GET, NOBODY)

        assert not transport.circuit.is_open


async def test_cancelled_requests_give_their_places_back() -> None:
    full = asyncio.Barrier(9)

    async def answer(_: web.Request) -> web.Response:
        await full.wait()
        await asyncio.sleep(30)
        return as_json([])

    async with http(answer) as server, transporting(server.url, most=8) as transport:
        tasks = [asyncio.create_task(transport.send(GET, NOBODY)) for _ in range(30)]
        await full.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

        assert transport.gate.in_flight == 0
        server.answer = always(200, [])
        assert (await transport.send(GET, NOBODY)).status == 200


async def test_a_cancelled_probe_lets_the_next_one_go() -> None:
    asked = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(30)
        return as_json([])

    async with http(hang) as server, transporting(server.url) as transport:
        transport.circuit.failed("refused", opens=True)
        await asyncio.sleep(0.05)
        probe = asyncio.create_task(transport.send(GET, NOBODY))
        await asked.wait()
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        server.answer = always(200, [])

        answer = await asyncio.wait_for(transport.send(GET, NOBODY), 5)

    assert answer.status == 200


async def test_t_36_never_more_than_the_gate_allows_are_at_the_vtn() -> None:
    here = most = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await asyncio.sleep(0.002)
        here -= 1
        return as_json([])

    async with http(answer) as server, transporting(server.url, most=16) as transport:
        await asyncio.gather(*(transport.send(GET, NOBODY) for _ in range(500)))

    assert 8 <= most <= 16


async def test_a_request_that_hangs_is_given_up_within_its_time_limit() -> None:
    async def speak(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw(speak) as url, transporting(url, seconds=0.3) as transport:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            await transport.send(POST, NOBODY)

    assert time.monotonic() - began < 1


async def test_an_unusable_success_counts_against_the_vtn() -> None:
    async with http(always(200, [])) as server, exchanging() as exchange:
        circuit = Circuit("the VTN", 30.0, Backoff(base=60.0))
        transport = Transport(exchange, str(server.url), Gate(), circuit)
        for _ in range(10):
            if circuit.is_open:
                break
            await transport.send(GET, NOBODY)
            error = transport.unreadable("an empty body")

    assert error.transient
    assert error.settled
    assert circuit.is_open


class Recorded:
    """An intent that holds for no time, or has come to nothing."""

    start_by = 0.0

    def __init__(self, outdated: Exception | None = None) -> None:
        self.renewed = 0
        self._outdated = outdated

    async def renew(self) -> None:
        self.renewed += 1
        if self._outdated:
            raise self._outdated
        self.start_by = time.monotonic() + 5


async def test_what_waited_for_a_place_renews_its_intent_and_then_leaves() -> None:
    async with http(always(201, {})) as server, transporting(server.url, most=1) as transport:
        intent = Recorded()
        transport.gate.enter()
        sending = asyncio.create_task(transport.send(POST, NOBODY, intent))
        await asyncio.sleep(0.05)
        waiting = (intent.renewed, len(server.seen))
        transport.gate.leave()
        await sending

    assert waiting == (0, 0)
    assert (intent.renewed, len(server.seen)) == (1, 1)


async def test_what_is_outdated_when_its_turn_comes_is_not_sent_and_gives_its_place_back() -> None:
    async with http(always(201, {})) as server, transporting(server.url, most=1) as transport:
        with pytest.raises(OutdatedError):
            await transport.send(POST, NOBODY, Recorded(OutdatedError("changed")))

        assert (server.seen, transport.gate.in_flight, transport.circuit.is_open) == ([], 0, False)


async def test_nothing_leaves_that_waited_while_the_right_to_send_was_lost() -> None:
    async with (
        http(always(201, {})) as server,
        exchanging() as exchange,
    ):
        transport = Transport(exchange, str(server.url), Gate(1), Circuit("it"))
        transport.gate.enter()
        sending = asyncio.create_task(transport.send(POST, NOBODY))
        await asyncio.sleep(0.05)
        exchange.stop_sending()
        transport.gate.leave()

        with pytest.raises(StoppingError):
            await sending
        assert (server.seen, transport.gate.in_flight, transport.circuit.is_open) == ([], 0, False)
