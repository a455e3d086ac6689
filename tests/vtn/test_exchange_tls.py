"""One exchange over TLS: who is trusted, and who says so."""

import ssl
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.vtn.certificates import Authority, Pair
from tests.vtn.exchanges import get
from tests.vtn.servers import always, as_json, http
from ven_daemon.domain.errors import ConfigurationError, VtnError, VtnUnreachableError
from ven_daemon.vtn.exchange import Tls


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue()


async def test_a_custom_authority_is_trusted(authority: Authority, pair: Pair) -> None:
    async with http(always(200, []), pair.serve()) as server:
        assert (await get(server.url, Tls(ca_file=authority.file))).status == 200


async def test_an_unknown_authority_is_refused_in_words_that_say_so(pair: Pair) -> None:
    async with http(always(200, []), pair.serve()) as server:
        with pytest.raises(VtnUnreachableError, match="certificate is not trusted"):
            await get(server.url)

    assert server.seen == []


@pytest.mark.parametrize(
    ("host", "days", "before", "words"),
    [
        ("vtn.example.org", 1.0, 1.0, "not valid for '127.0.0.1'|doesn't match"),
        ("127.0.0.1", -0.5, 1.0, "expired"),
        ("127.0.0.1", 1.0, -0.5, "not yet valid"),
    ],
    ids=["another host's", "expired", "of tomorrow"],
)
async def test_a_certificate_that_does_not_hold_is_refused(
    authority: Authority, host: str, days: float, before: float, words: str
) -> None:
    wrong = authority.issue(host, days=days, before=before)
    async with http(always(200, []), wrong.serve()) as server:
        with pytest.raises(VtnUnreachableError, match=words):
            await get(server.url, Tls(ca_file=authority.file))

    assert server.seen == []


async def test_tls_1_1_is_refused(authority: Authority, pair: Pair) -> None:
    old = pair.serve()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1

    async with http(always(200, []), old) as server:
        with pytest.raises(VtnUnreachableError):
            await get(server.url, Tls(ca_file=authority.file))

    assert server.seen == []


async def test_a_client_certificate_is_presented(authority: Authority, pair: Pair) -> None:
    mine = authority.issue("client.example.org")

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        shown = request.transport.get_extra_info("peercert")
        return as_json([value for name in shown["subject"] for _, value in name])

    async with http(answer, pair.serve(asks_for=authority.file)) as server:
        tls = Tls(authority.file, mine.certificate, mine.key)
        shown = await get(server.url, tls)
        with pytest.raises(VtnError):
            await get(server.url, Tls(authority.file))

    assert shown.body == b'["client.example.org"]'


async def test_unverified_tls_works_and_shouts(pair: Pair) -> None:
    with capture_logs() as logs:
        async with http(always(200, []), pair.serve()) as server:
            answer = await get(server.url, Tls(verify=False))

    assert answer.status == 200
    assert [(log["event"], log["log_level"]) for log in logs] == [("tls.unverified", "warning")]


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nnonsense\n"])
def test_tls_files_that_cannot_be_read_are_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"TLS files cannot be read \(.*ca\.pem\)"):
        Tls(ca_file=file).context()


def test_a_key_that_is_not_the_certificates_is_named(authority: Authority, pair: Pair) -> None:
    other = authority.issue("other.example.org")

    with pytest.raises(ConfigurationError, match=r"other\.example\.org\.key"):
        Tls(authority.file, pair.certificate, other.key).context()


async def test_http_spoken_to_a_tls_port_is_told(pair: Pair) -> None:
    async with http(always(200, []), pair.serve()) as server:
        with pytest.raises(VtnError):
            await get(server.url.with_scheme("http"))


async def test_tls_spoken_to_an_http_port_sent_nothing() -> None:
    async with http(always(200, [])) as server:
        with pytest.raises(VtnUnreachableError):
            await get(server.url.with_scheme("https"))

    assert server.seen == []
