"""One exchange: what goes out, what comes back, and what is shared between exchanges."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.vtn.exchanges import HEAD, get
from tests.vtn.servers import always, as_json, exchanging, http, in_turn, raw
from ven_daemon.domain.errors import VtnError, VtnUnreachableError
from ven_daemon.vtn.exchange import Exchange


async def test_an_answer_is_its_status_its_headers_and_its_bytes() -> None:
    async with http(always(201, {"id": "1"}, {"X-Extra": "yes"})) as server:
        answer = await get(server.url)

    assert (answer.status, answer.body) == (201, b'{"id":"1"}')
    assert answer.headers["x-extra"] == "yes"


async def test_a_request_goes_out_as_it_is() -> None:
    async with http(always()) as server, exchanging() as exchange:
        url = server.url / "vens" % {"venName": "Nykøbing & Co"}
        await exchange.send("POST", url, {"Authorization": "Bearer t"}, b'{"a":1}')

    [request] = server.seen
    assert (request.method, request.path, server.bodies) == ("POST", "/vens", [b'{"a":1}'])
    assert request.query["venName"] == "Nykøbing & Co"
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.headers["Accept"] == "application/json"


async def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(
        VtnUnreachableError, match=f"http://127.0.0.1:{port}: .*(failed|refused)"
    ) as caught:
        await get(URL(f"http://127.0.0.1:{port}/"))

    assert caught.value.settled
    assert caught.value.transient


async def test_a_name_that_nobody_knows_sent_nothing() -> None:
    with pytest.raises(VtnUnreachableError, match="its name cannot be resolved"):
        await get(URL("http://vtn.invalid/"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_nothing_leaves_the_origin(status: int) -> None:
    async with http(always()) as elsewhere:
        away = always(status, None, {"Location": str(elsewhere.url / "steal")})
        async with http(away) as server, exchanging() as exchange:
            answer = await exchange.send("POST", server.url, {"Authorization": "Bearer t"}, b"{}")

    assert answer.status == status
    assert elsewhere.seen == []


async def test_no_cookie_comes_back() -> None:
    async with (
        http(always(200, None, {"Set-Cookie": "session=1; Path=/"})) as server,
        exchanging() as exchange,
    ):
        await exchange.send("GET", server.url, {})
        await exchange.send("GET", server.url, {})

    assert [request.headers.get("Cookie") for request in server.seen] == [None, None]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with http(always(200, [])) as server:
        assert (await get(server.url)).status == 200


async def test_a_connection_that_the_server_closed_while_idle_breaks_no_get() -> None:
    served = 0

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        writer.write(HEAD + b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\n[]")
        await writer.drain()

    async with raw(speak) as url, exchanging() as exchange:
        for _ in range(5):
            assert (await exchange.send("GET", url, {})).body == b"[]"

    assert served == 5


async def test_ninety_slow_requests_share_sixty_four_connections() -> None:
    here = most = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await asyncio.sleep(0.05)
        here -= 1
        return as_json([])

    async with http(answer) as server, exchanging() as exchange:
        await asyncio.gather(*(exchange.send("GET", server.url, {}) for _ in range(90)))

    assert most == 64


@pytest.mark.parametrize("value", ["Bearer a\r\nX-Injected: yes", "Bearer a\nb", "Bearer a\0b"])
async def test_no_header_can_be_smuggled_in(value: str) -> None:
    async with http(always(200, [])) as server, exchanging() as exchange:
        with pytest.raises((VtnError, ValueError)):
            await exchange.send("GET", server.url, {"Authorization": value})

    assert server.seen == []


async def test_requests_that_are_cancelled_leave_no_connection_behind() -> None:
    asked = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(30)
        return as_json([])

    async with http(in_turn(slow, always(200, []))) as server, exchanging() as exchange:
        request = asyncio.create_task(exchange.send("GET", server.url, {}))
        await asked.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert (await exchange.send("GET", server.url, {})).status == 200
        assert _connections(exchange) <= 1


def _connections(exchange: Exchange) -> int:
    connector = exchange._session.connector
    assert isinstance(connector, aiohttp.TCPConnector)
    return len(connector._acquired)
