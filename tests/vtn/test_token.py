"""Tokens: fetched once for all, ahead of need, from nowhere but their endpoint, and never shown."""

import asyncio
import base64
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.vtn.servers import Handler, Http, always, as_json, http, in_turn, transporting
from ven_daemon.domain.errors import (
    ForbiddenError,
    MisdirectedError,
    OutcomeUnknownError,
    UnauthorizedError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn import token as token_module
from ven_daemon.vtn.oauth import (
    LIFE_LEAST,
    LIFE_MOST,
    LIFE_UNSAID,
    Grant,
    TokenEndpoint,
    life_of,
    read_claims,
    scopes_of,
)
from ven_daemon.vtn.token import BearerToken, ClientCredentials, NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Request

SECRET = "hunter2&=%+ å"
GET = Request("GET", "vens")
POST = Request("POST", "vens", body=b"{}")


@dataclass
class World:
    """A VTN and its token endpoint on one server, and a credential for them."""

    server: Http
    transport: Transport
    endpoint: TokenEndpoint
    credential: ClientCredentials
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    api: Handler = field(default_factory=lambda: always(200, []))
    tokens: Handler = field(default_factory=lambda: always(200, {"access_token": "t1"}))

    def asked(self) -> Counter[str]:
        return Counter(request.path for request in self.server.seen)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path != "/auth/token":
            return await self.api(request)
        self.forms.append(parse_qs((await request.read()).decode(), keep_blank_values=True))
        return await self.tokens(request)


@asynccontextmanager
async def world(grant: Grant | None = None, patience: float = 0.3) -> AsyncIterator[World]:
    async with http(always()) as server, transporting(server.url, patience=patience) as transport:
        endpoint = TokenEndpoint(
            transport._exchange, server.url / "auth/token", grant or Grant(), patience
        )
        credential = ClientCredentials(endpoint, "client-1", SecretStr(SECRET))
        here = World(server, transport, endpoint, credential)
        server.answer = here.answer
        yield here


def numbered(life: object = 3600) -> Handler:
    """Give another token each time."""
    count = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return as_json({"access_token": f"t{count}", "token_type": "Bearer", "expires_in": life})

    return answer


def only(*tokens: str, status: int = 401, shape: object = None) -> Handler:
    """Be a VTN that takes these tokens."""

    async def answer(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") in {f"Bearer {token}" for token in tokens}
        return as_json([]) if known else as_json(shape or {"title": "Unauthorized"}, status)

    return answer


def jwt(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


async def test_t_07_a_client_id_and_a_token_of_any_length_are_used_whole() -> None:
    """T-07: OAuth allows 4096 characters of client id, and some tokens are longer still."""
    long_token, long_id = jwt(scope="read_events", padding="x" * 5000), "c" * 4096
    async with world() as here:
        here.tokens = always(200, {"access_token": long_token})
        credential = ClientCredentials(here.endpoint, long_id, SecretStr(SECRET))
        here.api = only(long_token)

        answer = await here.transport.send(GET, credential)

    assert len(long_token) > 4096
    assert answer.status == 200
    assert here.forms[0]["client_id"] == [long_id]


async def test_the_form_says_who_asks_by_post() -> None:
    async with world() as here:
        assert await here.credential.header() == "Bearer t1"

    [request] = here.server.seen
    assert request.method == "POST"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert here.forms == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["client-1"],
            "client_secret": [SECRET],
        }
    ]


async def test_basic_says_it_in_the_header_and_only_there() -> None:
    async with world(Grant(auth="basic")) as here:
        await here.credential.header()

    [request] = here.server.seen
    scheme, said = request.headers["Authorization"].split()
    assert scheme == "Basic"
    assert base64.b64decode(said).decode("latin-1") == f"client-1:{SECRET}"
    assert here.forms == [{"grant_type": ["client_credentials"]}]


async def test_scope_audience_and_resource_are_in_the_form() -> None:
    grant = Grant(scope="write_vens read_all", audience="https://vtn/a b", resource="urn:r")
    async with world(grant) as here:
        await here.credential.header()

    [form] = here.forms
    assert form["scope"] == ["write_vens read_all"]
    assert form["audience"] == ["https://vtn/a b"]
    assert form["resource"] == ["urn:r"]


@pytest.mark.parametrize("name", ["access_token_jwt", "token"])
async def test_a_token_may_stand_in_another_field(name: str) -> None:
    async with world(Grant(token_field=name)) as here:
        here.tokens = always(200, {name: "other", "expires_in": 60})

        assert await here.credential.header() == "Bearer other"


async def test_five_hundred_who_ask_together_share_one_fetch() -> None:
    async with world() as here:
        here.tokens = numbered()
        headers = await asyncio.gather(*(here.credential.header() for _ in range(500)))

    assert set(headers) == {"Bearer t1"}
    assert here.asked()["/auth/token"] == 1


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
    ("status", "shape"),
    [(401, {"title": "Unauthorized"}), (403, {"detail": "Invalid token"})],
)
@pytest.mark.parametrize("request_", [GET, POST], ids=lambda r: r.method)
async def test_a_refused_token_is_refreshed_once_and_the_request_repeated_once(
    request_: Request, status: int, shape: object
) -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("t2", status=status, shape=shape)
        answer = await here.transport.send(request_, here.credential)

    assert answer.status == 200
    assert here.asked() == {"/vens": 2, "/auth/token": 2}
    signed = [said for said in here.server.authorizations if said]
    assert signed == ["Bearer t1", "Bearer t2"]


async def test_a_second_refusal_is_an_error() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("none")
        with pytest.raises(UnauthorizedError, match="401 Unauthorized"):
            await here.transport.send(GET, here.credential)

    assert here.asked() == {"/vens": 2, "/auth/token": 2}


async def test_fresh_tokens_that_are_always_refused_start_no_storm() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("none")
        for _ in range(50):
            with pytest.raises(UnauthorizedError):
                await here.transport.send(GET, here.credential)

    assert here.asked()["/auth/token"] <= 3


async def test_a_missing_right_costs_no_token() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), always(403, {"detail": "not yours"})
        with pytest.raises(ForbiddenError, match="not yours"):
            await here.transport.send(GET, here.credential)

    assert here.asked() == {"/vens": 1, "/auth/token": 1}


async def test_two_hundred_requests_refused_together_share_one_refresh() -> None:
    async with world() as here:
        here.tokens, here.api = numbered(), only("t2")
        await asyncio.gather(*(here.transport.send(GET, here.credential) for _ in range(200)))

    assert here.asked()["/auth/token"] == 2


async def test_one_refused_credential_disturbs_no_other() -> None:
    async with world() as here:
        other = ClientCredentials(here.endpoint, "client-2", SecretStr("other"))
        here.tokens, here.api = numbered(), only("t2", "t3")
        await here.transport.send(GET, here.credential)
        await here.transport.send(GET, other)

    assert here.asked()["/auth/token"] == 3


async def test_no_token_goes_to_another_origin() -> None:
    async with http(always(200, [])) as elsewhere, world() as here:
        here.api = always(307, None, {"Location": str(elsewhere.url / "vens")})
        with pytest.raises(VtnError):
            await here.transport.send(GET, here.credential)

    assert elsewhere.seen == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_secret_follows_a_redirect_of_the_token_endpoint(status: int) -> None:
    async with http(always(200, {"access_token": "evil"})) as elsewhere, world() as here:
        here.tokens = always(status, None, {"Location": str(elsewhere.url)})
        with pytest.raises(VtnError):
            await here.credential.header()

    assert elsewhere.seen == []


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


async def test_a_refused_secret_is_left_alone_for_a_while() -> None:
    async with world() as here:
        here.tokens = always(401, {"error": "invalid_client", "error_description": "no such"})
        for _ in range(20):
            with pytest.raises(UnauthorizedError, match=r"'client-1': .*invalid_client: no such"):
                await here.credential.header()

    assert here.asked()["/auth/token"] == 1


async def test_a_refused_secret_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientCredentials, "backoff", Backoff(base=0.05, cap=0.05))
    async with world() as here:
        here.tokens = in_turn(always(401, {"error": "invalid_client"}), numbered())
        with pytest.raises(UnauthorizedError):
            await here.credential.header()
        await asyncio.sleep(0.06)

        assert await here.credential.header() == "Bearer t1"


REFUSALS = [
    pytest.param(400, {"error": "invalid_client"}, "invalid_client", id="as RFC 6749"),
    pytest.param(401, {"error": "invalid_client"}, "invalid_client", id="with 401"),
    pytest.param(
        401,
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid.\r\nTrace: 1"},
        "AADSTS7000215",
        id="words over two lines",
    ),
    pytest.param(
        401,
        {"error": "invalid_client", "error_description": 'Klient "ven-1" er spærret'},
        "er spærret",
        id="words with quotes, in Danish",
    ),
    pytest.param(
        401,
        {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "bad secret"},
        "bad secret",
        id="a problem, as OpenADR 3.1",
    ),
    pytest.param(400, {"title": "Bad Request", "detail": "no such client"}, "no such client"),
    pytest.param(403, {"title": "Forbidden"}, "Forbidden", id="403"),
    pytest.param(401, "<html>", "401", id="401 in no shape"),
]


@pytest.mark.parametrize(("status", "shape", "words"), REFUSALS)
async def test_a_refusal_is_told_in_the_endpoints_words(
    status: int, shape: object, words: str
) -> None:
    async with world() as here:
        here.tokens = always(status, shape)
        with pytest.raises(UnauthorizedError, match=words):
            await here.credential.header()

    assert here.asked()["/auth/token"] == 1


def body(raw: bytes, status: int = 200, kind: str = "application/json") -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=raw, status=status, headers={"Content-Type": kind})

    return answer


ODD = [
    pytest.param(always(500, {"error": "server_error"}), id="500"),
    pytest.param(always(503, {}), id="503"),
    pytest.param(always(429, {"error": "slow_down"}), id="429"),
    pytest.param(always(404, {"title": "Not Found"}), id="404"),
    pytest.param(body(b"<html>sign in</html>", kind="text/html"), id="HTML"),
    pytest.param(body(b""), id="nothing"),
    pytest.param(body(b"", 204), id="204"),
    pytest.param(body(b'{"access_token":"cut'), id="half a JSON"),
    pytest.param(body(b"[" * 100_000), id="nested without end"),
    pytest.param(body(b"\xff\xfe"), id="no text"),
    pytest.param(always(200, None), id="null"),
    pytest.param(always(200, []), id="a list"),
    pytest.param(always(200, "token"), id="a string"),
    pytest.param(always(200, {}), id="no token"),
    pytest.param(always(200, {"access_token": None}), id="a token of null"),
    pytest.param(always(200, {"access_token": ""}), id="an empty token"),
    pytest.param(always(200, {"access_token": 7}), id="a token that is a number"),
    pytest.param(always(200, {"access_token": ["t"]}), id="a token that is a list"),
    pytest.param(always(200, {"access_token": "a\r\nX-Evil: 1"}), id="a token with CR and LF"),
    pytest.param(always(200, {"access_token": "a\0b"}), id="a token with NUL"),
]


async def test_a_redirect_that_brings_a_token_brings_none() -> None:
    async with world() as here:
        here.tokens = always(302, {"access_token": "t"}, {"Location": "/x"})
        with pytest.raises(MisdirectedError):
            await here.credential.header()


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_answer_is_the_endpoints_trouble_and_may_pass(odd: Handler) -> None:
    async with world() as here:
        here.tokens = in_turn(odd, numbered())
        with pytest.raises((VtnBusyError, OutcomeUnknownError)) as caught:
            await here.credential.header()

        assert caught.value.transient
        assert await here.credential.header() == "Bearer t1"


@pytest.mark.parametrize(
    "shape",
    [
        {"access_token": "t1"},
        {"access_token": "t1", "token_type": "Bearer"},
        {"access_token": "t1", "token_type": "bearer", "expires_in": "3600"},
        {"access_token": "t1", "token_type": "DPoP"},
        {"access_token": "t1", "token_type": None},
        {"access_token": "t1", "expires_in": None},
        {"access_token": "t1", "expires_in": "soon"},
        {"access_token": "t1", "expires_in": [1]},
        {"access_token": "t1", "expires_in": 10**12},
        {"access_token": "t1", "expires_at": "soon", "expires_in": 5},
        {"access_token": "t1", "expires_at": [1]},
        {"access_token": "t1", "refresh_token": "r", "scope": None},
    ],
    ids=str,
)
async def test_a_token_is_a_token_whatever_else_is_said(shape: object) -> None:
    async with world() as here:
        here.tokens = always(200, shape)

        assert await here.credential.header() == "Bearer t1"


async def test_a_token_of_twelve_kilobytes_is_used() -> None:
    async with world() as here:
        here.tokens = always(200, {"access_token": "x" * 12_000})
        header = await here.credential.header()

    assert header == "Bearer " + "x" * 12_000


async def test_an_endpoint_that_is_busy_is_not_asked_before_it_said_so() -> None:
    async with world(patience=5.0) as here:
        here.tokens = in_turn(always(429, {}, {"Retry-After": "1"}), numbered())
        with pytest.raises(VtnBusyError):
            await here.credential.header()
        began = time.monotonic()
        await here.credential.header()

    assert time.monotonic() - began >= 0.95


async def test_an_endpoint_that_is_down_is_spared() -> None:
    async with world(patience=0.5) as here:
        here.tokens = always(503, {})
        fleet = [ClientCredentials(here.endpoint, f"c{n}", SecretStr("s")) for n in range(60)]
        results = await asyncio.gather(
            *(credential.header() for credential in fleet), return_exceptions=True
        )

    assert all(isinstance(result, VtnBusyError | VtnUnreachableError) for result in results)
    assert here.asked()["/auth/token"] <= 10


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


def test_a_jwt_tells_its_claims() -> None:
    assert read_claims(jwt(scope="write_vens", sub="ø")) == {"scope": "write_vens", "sub": "ø"}


@given(st.one_of(st.text(), st.builds(lambda a, b: f"{a}.{b}.c", st.text(), st.text())))
def test_any_other_token_tells_nothing(token: str) -> None:
    assert isinstance(read_claims(token), dict)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, set()),
        ({"scope": "write_vens read_all"}, {"write_vens", "read_all"}),
        ({"scp": ["write_vens"], "roles": ["x"], "scope": None}, {"write_vens", "x"}),
        ({"scope": [1, None, "write_vens"]}, {"write_vens"}),
        ({"scope": 5}, set()),
        ({"scope": True, "scp": 1.5}, set()),
        ({"roles": {"a": 1}}, set()),
    ],
    ids=str,
)
def test_scopes_are_words_wherever_they_stand(claims: dict[str, object], scopes: set[str]) -> None:
    assert scopes_of(claims) == scopes


@given(
    st.dictionaries(
        st.sampled_from(["scope", "scp", "roles"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_no_claims_break_anything(claims: dict[str, object]) -> None:
    assert all(isinstance(scope, str) for scope in scopes_of(claims))


async def test_claims_are_those_of_the_token_and_of_its_answer() -> None:
    async with world() as here:
        here.tokens = always(200, {"access_token": jwt(sub="me"), "scope": "read_all"})

        assert await here.credential.claims() == {"sub": "me", "scope": "read_all"}


async def test_nobody_and_a_given_bearer_need_no_endpoint() -> None:
    bearer = BearerToken(SecretStr(jwt(scope="read_all")))

    assert await NoCredential().header() is None
    assert await NoCredential().claims() == {}
    assert await bearer.claims() == {"scope": "read_all"}


@pytest.mark.parametrize("auth", ["post", "basic"])
@pytest.mark.parametrize(
    "tokens",
    [
        always(401, {"error": "invalid_client", "error_description": f"secret {SECRET} is wrong"}),
        always(400, {"error": SECRET}),
        always(401, {"title": "Unauthorized", "detail": f"not {SECRET}"}),
        always(500, {"error": SECRET}),
        always(200, {"access_token": f"a\n{SECRET}"}),
        body(f"<html>{SECRET}</html>".encode(), kind="text/html"),
    ],
)
async def test_no_secret_is_in_an_error_a_repr_or_a_log(
    tokens: Handler, auth: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        async with world(Grant(auth=auth)) as here:
            here.tokens = tokens
            with pytest.raises(VtnError) as caught:
                await here.transport.send(GET, here.credential)

    shown = [str(caught.value), repr(caught.value), repr(logs), caplog.text, repr(here.credential)]
    shown += [repr(vars(here.credential)), repr(here.endpoint), repr(here.endpoint.grant)]
    assert not any(SECRET in text for text in shown)
    assert not any("hunter2" in text for text in shown)


async def test_no_token_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        async with world() as here:
            here.tokens = always(200, {"access_token": "t0psecret", "expires_in": 60})
            here.api = always(401, {"title": "Bearer t0psecret is bad"})
            with pytest.raises(UnauthorizedError) as caught:
                await here.transport.send(GET, here.credential)

    assert "t0psecret" not in str(caught.value) + repr(logs) + caplog.text


async def test_lives_are_on_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as here:
        here.tokens = numbered()
        await here.credential.header()
        monkeypatch.setattr(token_module.time, "time", lambda: 4e9)

        assert await here.credential.header() == "Bearer t1"
