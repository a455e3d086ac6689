"""Sending to one VTN: what it refuses is said in its words, and once."""

import pytest

from tests.vtn.sending import DELETE, GET, NOBODY, POST, PUT, TOKEN
from tests.vtn.servers import Handler, always, http, transporting
from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    GaveUpError,
    MisdirectedError,
    NotFoundError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnError,
)
from ven_daemon.wire.profile import Request


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


async def test_a_token_that_a_vtn_in_trouble_quotes_is_held_back_from_all_who_wait() -> None:
    down = always(503, {"detail": "no room for t0ken"}, {"Retry-After": "60"})
    async with http(down) as server, transporting(server.url, patience=1) as transport:
        with pytest.raises(VtnError, match="no room for") as first:
            await transport.send(POST, TOKEN)
        with pytest.raises(GaveUpError, match="no room for") as second:
            await transport.send(POST, TOKEN)

    assert "t0ken" not in f"{first.value} {second.value}"


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
