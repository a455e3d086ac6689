"""Sending to one VTN: signed, classified, repeated where that helps and nowhere else."""

import asyncio
import socket
import time
from contextlib import suppress

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from yarl import URL

from tests.vtn.servers import (
    Handler,
    always,
    as_json,
    exchanging,
    hang_up_hard,
    http,
    in_turn,
    raw,
    transporting,
)
from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisdirectedError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.exchange import BODY_LIMIT
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.token import BearerToken, NoCredential
from ven_daemon.vtn.transport import TRIES, Transport
from ven_daemon.wire.profile import Page, Request

NOBODY = NoCredential()
TOKEN = BearerToken(SecretStr("t0ken"))
GET = Request("GET", "vens")
POST = Request("POST", "vens", body=b"{}")
PUT = Request("PUT", "vens/1", body=b"{}")
DELETE = Request("DELETE", "vens/1")


async def test_a_request_is_signed_and_goes_under_the_base_url() -> None:
    async with http(always(200, [])) as server, transporting(server.url / "openadr3") as transport:
        await transport.send(Request("GET", "vens", Page().query(venName="Århus & x")), TOKEN)

    [request] = server.seen
    assert request.path == "/openadr3/vens"
    assert dict(request.query) == {"venName": "Århus & x", "skip": "0", "limit": "50"}
    assert server.authorizations == ["Bearer t0ken"]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_base_url_may_end_in_a_slash_or_not(slash: str) -> None:
    async with http(always(200, [])) as server:
        base = f"{server.url}a/b{slash}"
        async with transporting(base) as transport:
            await transport.send(GET, NOBODY)

    assert server.seen[0].path == "/a/b/vens"


async def test_nobody_sends_no_header() -> None:
    async with http(always(200, [])) as server, transporting(server.url) as transport:
        await transport.send(GET, NOBODY)

    assert server.authorizations == [None]


async def test_a_body_says_that_it_is_json() -> None:
    async with http(always(201, {})) as server, transporting(server.url) as transport:
        await transport.send(POST, NOBODY)
        await transport.send(GET, NOBODY)

    assert [request.headers.get("Content-Type") for request in server.seen] == [
        "application/json",
        None,
    ]


async def test_requests_and_accepted_writes_are_counted() -> None:
    async with http(always(200, [])) as server, transporting(server.url) as transport:
        for request in (GET, POST, PUT, DELETE):
            await transport.send(request, NOBODY)
        server.answer = always(409, {})
        with pytest.raises(ConflictError):
            await transport.send(POST, NOBODY)

        assert (transport.requests, transport.writes) == (5, 3)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, UnsupportedError),
        (409, ConflictError),
        (413, TooLargeError),
        (415, RejectedError),
        (418, RejectedError),
        (422, RejectedError),
        (501, UnsupportedError),
    ],
)
@pytest.mark.parametrize("request_", [GET, POST, PUT, DELETE], ids=lambda r: r.method)
async def test_what_will_not_change_is_said_once_in_the_vtns_words(
    request_: Request, status: int, kind: type[VtnError]
) -> None:
    no = always(status, {"title": "No", "detail": "because"})
    async with http(no) as server, transporting(server.url) as transport:
        with pytest.raises(kind, match=f"{status} No: because") as caught:
            await transport.send(request_, NOBODY)

    assert len(server.seen) == 1
    assert (type(caught.value), caught.value.status) == (kind, status)
    assert caught.value.settled


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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_that_names_where_it_leads(status: int) -> None:
    async with http(always(200, [])) as elsewhere:
        target = str(elsewhere.url.with_host("localhost") / "login" % {"token": "abc"})
        away = always(status, None, {"Location": target})
        async with http(away) as server, transporting(server.url) as transport:
            with pytest.raises(MisdirectedError, match="redirects to localhost") as caught:
                await transport.send(GET, TOKEN)

    assert "abc" not in str(caught.value)
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "/elsewhere",
        "javascript:1",
        pytest.param(
            "http://[broken",
        ),
    ],
)
async def test_a_redirect_to_nowhere_is_an_error_too(location: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    async with http(always(302, None, headers)) as server, transporting(server.url) as transport:
        with pytest.raises(MisdirectedError):
            await transport.send(GET, NOBODY)


async def test_a_token_that_the_vtn_quotes_is_held_back() -> None:
    no = always(403, {"title": "Forbidden", "detail": "the token t0ken may not"})
    async with http(no) as server, transporting(server.url) as transport:
        with pytest.raises(ForbiddenError) as caught:
            await transport.send(GET, TOKEN)

    assert str(caught.value) == "403 Forbidden: the token *** may not"


@pytest.mark.parametrize(
    "no",
    [
        always(401, {}),
        always(403, {"detail": "Invalid token"}),
        always(403, {}, {"WWW-Authenticate": "Bearer"}),
    ],
)
async def test_a_bearer_that_is_refused_is_not_tried_again(no: Handler) -> None:
    async with http(no) as server, transporting(server.url) as transport:
        with pytest.raises(UnauthorizedError, match="bearer token that was given"):
            await transport.send(GET, TOKEN)

    assert len(server.seen) == 1


async def test_words_are_cut_short() -> None:
    no = always(400, {"title": "x" * 100_000})
    async with http(no) as server, transporting(server.url) as transport:
        with pytest.raises(RejectedError) as caught:
            await transport.send(POST, NOBODY)

    assert len(str(caught.value)) <= 256


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


@pytest.mark.parametrize("base", ["http://vtn.example.org/a/b", "https://vtn.example.org"])
@given(st.text(max_size=40))
def test_no_id_leads_to_another_origin(base: str, id_: str) -> None:
    transport = _unopened(base)

    with suppress(ValueError):
        url = transport._make_url(f"vens/{id_}", (("skip", "0"),))
        assert url.origin() == URL(base).origin()
        assert url.query["skip"] == "0"


def _unopened(base: str) -> Transport:
    class NoExchange:
        time_limit = None

    return Transport(NoExchange(), base, Gate(), Circuit("x"))  # type: ignore[arg-type]


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
