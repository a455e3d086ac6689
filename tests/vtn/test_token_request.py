"""What a token endpoint is asked, and that no secret goes anywhere else."""

import base64
import logging

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.vtn.granting import SECRET, body, jwt, only, world
from tests.vtn.sending import GET
from tests.vtn.servers import Handler, always, http
from ven_daemon.domain.errors import UnauthorizedError, VtnError
from ven_daemon.vtn.oauth import Grant
from ven_daemon.vtn.token import BearerToken, ClientCredentials, NoCredential


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
