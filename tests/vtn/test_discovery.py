"""What a VTN tells before anybody has a token."""

import pytest
from aiohttp import web
from yarl import URL

from tests.vtn.servers import Handler, always, as_json, http, transporting
from ven_daemon.domain.errors import ConfigurationError, MisdirectedError, VtnError
from ven_daemon.vtn.discovery import choose_profile, is_trustworthy, token_url
from ven_daemon.wire.profile import Profile
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310


def paths(**statuses: int) -> Handler:
    """Answer each path by its status, its slashes spelled as underscores; else 404."""

    async def answer(request: web.Request) -> web.Response:
        name = request.path.strip("/").replace("/", "_")
        return as_json({"title": name}, statuses.get(name, 404))

    return answer


async def chosen(answer: Handler, wanted: str = "auto") -> Profile:
    async with http(answer) as server, transporting(server.url, patience=0.3) as transport:
        return await choose_profile(transport, wanted)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        pytest.param(paths(auth_server=200), "3.1", id="3.1"),
        pytest.param(paths(auth_server=200, resources=404), "3.1", id="3.1 for VENs"),
        pytest.param(paths(resources=200), "3.1", id="3.1 that left out discovery"),
        pytest.param(paths(resources=401), "3.1", id="… and asks for a token"),
        pytest.param(paths(resources=403), "3.1", id="… and forbids"),
        pytest.param(paths(resources=400), "3.1", id="… and wants parameters"),
        pytest.param(paths(), "3.0", id="3.0"),
        pytest.param(paths(auth_server=405, resources=405), "3.0", id="3.0 by 405"),
        pytest.param(paths(auth_server=501), "3.0", id="3.0 by 501"),
        pytest.param(paths(vens=200, auth_token=200), "3.0", id="3.0 with vens"),
    ],
)
async def test_the_dialect_follows_from_what_is_there(answer: Handler, name: str) -> None:
    assert (await chosen(answer)).name == name


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_dialect_that_cannot_be_told_is_asked_of_the_operator(status: int) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be told .*VEN_PROFILE"):
        await chosen(paths(auth_server=status))


@pytest.mark.parametrize("wanted", ["3.1", "3.0"])
async def test_a_dialect_that_was_given_is_not_asked_for(wanted: str) -> None:
    async with http(always(500)) as server, transporting(server.url) as transport:
        assert (await choose_profile(transport, wanted)).name == wanted

    assert server.seen == []


async def test_a_vtn_in_trouble_is_no_other_dialect() -> None:
    with pytest.raises(VtnError, match="503"):
        await chosen(paths(auth_server=503))


async def test_a_redirect_is_no_vtn() -> None:
    with pytest.raises(MisdirectedError):
        await chosen(always(302, None, {"Location": "https://login.example.org/"}))


async def found(answer: Handler, profile: Profile | None = None) -> str:
    async with http(answer) as server, transporting(server.url / "base") as transport:
        url = await token_url(transport, profile or Profile310())
        return str(url).replace(str(server.url), "/")


async def test_the_token_endpoint_is_where_the_vtn_says() -> None:
    said = always(200, {"tokenURL": "https://login.example.org/oauth2/token?tenant=1"})

    assert await found(said) == "https://login.example.org/oauth2/token?tenant=1"


async def test_a_vtn_may_be_its_own_token_endpoint() -> None:
    async def answer(request: web.Request) -> web.Response:
        return as_json({"tokenURL": str(request.url.with_path("/elsewhere/token"))})

    assert await found(answer) == "/elsewhere/token"


@pytest.mark.parametrize("said", ["/auth/token", "token", "../oauth/token"])
async def test_a_token_url_may_be_relative(said: str) -> None:
    assert (await found(always(200, {"tokenURL": said}))).startswith("/")


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_without_discovery_it_lies_under_the_base_url(status: int) -> None:
    assert await found(always(status, {})) == "/base/auth/token"


async def test_3_0_has_no_discovery() -> None:
    async with http(always(200)) as server, transporting(server.url) as transport:
        assert await token_url(transport, Profile301()) == server.url / "auth/token"

    assert server.seen == []


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"tokenURL": None},
        {"tokenURL": ""},
        {"tokenURL": 7},
        [],
        None,
        "https://x/",
        {"tokenURL": "http://[broken"},
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_asked_of_the_operator(shape: object) -> None:
    with pytest.raises(ConfigurationError, match="VEN_TOKEN_URL"):
        await found(always(200, shape))


@pytest.mark.parametrize(
    "said",
    [
        "http://evil.example.org/token",
        "https://10.1.2.3/token",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/token",
        "file:///etc/passwd",
        "mailto:somebody@example.org",
        "javascript:alert(1)",
        "ftp://example.org/token",
    ],
)
async def test_a_secret_is_not_sent_wherever_the_vtn_says(said: str) -> None:
    with pytest.raises(ConfigurationError, match="VEN_TOKEN_URL"):
        await found(always(200, {"tokenURL": said}))


@pytest.mark.parametrize(
    ("endpoint", "base", "verdict"),
    [
        ("https://vtn.example.org/token", "https://vtn.example.org/", True),
        ("https://vtn.example.org:8443/token", "https://vtn.example.org/", True),
        ("http://vtn.example.org/token", "http://vtn.example.org/", True),
        ("https://login.example.org/token", "https://vtn.example.org/", True),
        ("https://login.example.org/token", "http://vtn.example.org/", True),
        ("https://93.184.216.34/token", "https://vtn.example.org/", True),
        ("http://localhost:9000/token", "http://127.0.0.1:8000/", True),
        ("http://127.0.0.1:9000/token", "http://localhost:8000/", True),
        ("http://[::1]:9000/token", "http://localhost:8000/", True),
        ("https://10.0.0.5/token", "https://10.0.0.5/", True),
        ("http://vtn.example.org/token", "https://vtn.example.org/", False),
        ("http://login.example.org/token", "http://vtn.example.org/", False),
        ("https://localhost/token", "https://vtn.example.org/", False),
        ("https://127.0.0.1/token", "https://vtn.example.org/", False),
        ("https://127.8.8.8/token", "https://vtn.example.org/", False),
        ("https://10.0.0.5/token", "https://vtn.example.org/", False),
        ("https://172.16.0.1/token", "https://vtn.example.org/", False),
        ("https://192.168.1.1/token", "https://10.0.0.5/", False),
        ("https://169.254.169.254/token", "https://vtn.example.org/", False),
        ("https://100.64.0.1/token", "https://vtn.example.org/", False),
        ("https://0.0.0.0/token", "https://vtn.example.org/", False),
        ("https://[::1]/token", "https://vtn.example.org/", False),
        ("https://[fe80::1]/token", "https://vtn.example.org/", False),
        ("https://[fd00::1]/token", "https://vtn.example.org/", False),
        ("https://[::ffff:10.0.0.1]/token", "https://vtn.example.org/", False),
        ("http://169.254.169.254/token", "http://localhost:8000/", False),
        ("ftp://vtn.example.org/token", "ftp://vtn.example.org/", False),
        ("/token", "https://vtn.example.org/", False),
        ("https:///token", "https://vtn.example.org/", False),
        ("https://vtn.example.org.evil.net/token", "http://vtn.example.org/", True),
        ("https://VTN.example.org/token", "https://vtn.example.org/", True),
    ],
)
def test_where_a_secret_may_go(endpoint: str, base: str, verdict: bool) -> None:
    try:
        url = URL(endpoint)
    except ValueError:
        assert not verdict
        return

    assert is_trustworthy(url, URL(base)) is verdict
