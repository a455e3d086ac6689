"""Sending to one VTN: signed, under its base URL, counted."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tests.vtn.sending import DELETE, GET, NOBODY, POST, PUT, TOKEN
from tests.vtn.servers import always, http, transporting
from ven_daemon.domain.errors import ConflictError
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Page, Request


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
