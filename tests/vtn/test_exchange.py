"""One exchange, against servers that break HTTP in every way we could think of."""

import asyncio
import gzip
import resource
import socket
import ssl
import time
import zlib
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from yarl import URL

from tests.vtn.certificates import Authority, Pair
from tests.vtn.servers import (
    Speaker,
    always,
    as_json,
    exchanging,
    hang_up_hard,
    http,
    in_turn,
    raw,
    says,
)
from ven_daemon.domain.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    TooLargeError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.vtn.exchange import AT_ONCE, BODY_LIMIT, Answer, Exchange, Tls

MB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def get(url: URL, tls: Tls | None = None, seconds: float = 10.0) -> Answer:
    async with exchanging(tls, seconds) as exchange:
        return await exchange.send("GET", url, {})


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


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


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_gzip_is_unpacked(encoding: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        packed = gzip.compress(b"[1]" * 1000)
        return web.Response(body=packed, headers={"Content-Encoding": encoding})

    async with http(answer) as server:
        assert (await get(server.url)).body == b"[1]" * 1000


async def test_gzip_in_several_members_is_unpacked_whole() -> None:
    async def answer(_: web.Request) -> web.Response:
        packed = gzip.compress(b"[1,") + gzip.compress(b"2]")
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with http(answer) as server:
        try:
            body = (await get(server.url)).body
        except OutcomeUnknownError:
            return  # refused as a whole is as good; half of it is not

    assert body == b"[1,2]"


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
async def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"??", headers={"Content-Encoding": encoding})

    async with http(answer) as server:
        with pytest.raises(OutcomeUnknownError, match="was not asked for"):
            await get(server.url)


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, BODY_LIMIT])
async def test_bodies_up_to_eight_megabytes_are_read(size: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * size)

    async with http(answer) as server:
        assert len((await get(server.url)).body) == size


async def test_one_byte_more_is_too_large() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (BODY_LIMIT + 1), status=201)

    async with http(answer) as server:
        with pytest.raises(TooLargeError) as caught:
            await get(server.url)

    assert caught.value.status == 201
    assert caught.value.settled


async def test_an_endless_body_is_left() -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(chunk(b"x" * 65536))
            await writer.drain()

    async with raw(speak) as url:
        with pytest.raises(TooLargeError):
            await get(url)


async def test_a_gzip_bomb_is_stopped_within_bounds() -> None:
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(MB)
    bomb = b"".join([*(packer.compress(zeros) for _ in range(512)), packer.flush()])

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with http(answer) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(TooLargeError):
            await get(server.url)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert grown < 64 * 1024  # kilobytes; unbounded it would be half a gigabyte


async def test_what_comes_after_the_end_of_gzip_is_not_read() -> None:
    sent = 0

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        head = b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(HEAD + head + chunk(gzip.compress(b"[]")))
        while not writer.is_closing() and sent < 32 * MB:
            writer.write(chunk(bytes(MB)))
            await writer.drain()
            sent += MB
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with raw(speak) as url:
        with suppress(VtnError):
            await get(url)

    assert sent < 16 * MB


CUT: list[tuple[str, Speaker]] = [
    ("no answer at all", says()),
    ("half a status line", says(b"HTTP/1.")),
    ("half a header", says(b"HTTP/1.1 200 OK\r\nContent-Ty")),
    ("half a body", says(HEAD + b"Content-Length: 100\r\n\r\n[1,2")),
    ("half a chunk", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\n[1,2")),
    ("no last chunk", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n")),
    ("a chunk size that is none", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n")),
    (
        "half a gzip",
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1,2,3]" * 99)[:-9]),
    ),
    ("a gzip that is none", says(HEAD + b"Content-Encoding: gzip\r\n\r\nnot gzip at all")),
    (
        "a gzip with a wrong sum",
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[]")[:-8] + bytes(8)),
    ),
    ("no HTTP", says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")),
    ("a status that is none", says(b"HTTP/1.1 abc OK\r\n\r\n")),
    ("a header of 200 kB", says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n")),
    (
        "a length that is none",
        says(b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n[]"),
    ),
    (
        "two lengths",
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n[]"),
    ),
]


@pytest.mark.parametrize("speak", [pytest.param(speak, id=name) for name, speak in CUT])
async def test_an_answer_that_is_not_whole_leaves_the_outcome_unknown(speak: Speaker) -> None:
    async with raw(speak) as url, exchanging() as exchange:
        with pytest.raises(OutcomeUnknownError) as caught:
            await exchange.send("POST", url, {"Authorization": "Bearer s3cret"}, b"{}")

    assert not caught.value.settled
    assert "s3cret" not in str(caught.value)


async def test_ten_thousand_headers_are_no_answer_or_a_bounded_one() -> None:
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(10_000))
    async with raw(says(b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 2\r\n\r\n[]")) as url:
        try:
            answer = await get(url)
        except OutcomeUnknownError:
            return

    assert answer.body == b"[]"


@pytest.mark.parametrize(
    "after", [b"", b"HTTP/1.1 200 OK\r\n", HEAD + b"Content-Length: 9\r\n\r\n["]
)
async def test_a_reset_leaves_the_outcome_unknown(after: bytes) -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(after)
        await writer.drain()
        hang_up_hard(writer)

    async with raw(speak) as url, exchanging() as exchange:
        with pytest.raises(OutcomeUnknownError):
            await exchange.send("POST", url, {}, b"{}")


async def test_a_drip_is_left_when_the_time_is_over() -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    began = time.monotonic()
    async with raw(speak) as url:
        with pytest.raises(OutcomeUnknownError, match="no answer in time"):
            await get(url, seconds=0.6)

    assert 0.5 < time.monotonic() - began < 2.0


async def test_silence_is_left_when_the_time_is_over() -> None:
    async def speak(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw(speak) as url:
        with pytest.raises(OutcomeUnknownError, match="no answer in time"):
            await get(url, seconds=0.3)


@pytest.mark.parametrize("begins", [b"", HEAD + b"Content-Length: 5\r\n\r\n12"])
async def test_silence_is_left_long_before_the_time_is_over(
    begins: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F18: a server that takes a request, or begins an answer, and says no more."""
    monkeypatch.setattr("ven_daemon.vtn.exchange.SILENT_SECONDS", 0.2)

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begins)
        await asyncio.sleep(30)

    began = time.monotonic()
    async with raw(speak) as url:
        with pytest.raises(OutcomeUnknownError, match="no answer in time"):
            await get(url, seconds=30)

    assert time.monotonic() - began < 10


async def test_an_answer_that_keeps_coming_is_not_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ven_daemon.vtn.exchange.SILENT_SECONDS", 0.4)

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 8\r\n\r\n")
        for _ in range(8):
            writer.write(b"1")
            await asyncio.sleep(0.1)

    async with raw(speak) as url:
        answer = await get(url)

    assert answer.body == b"11111111"


async def test_a_large_request_may_take_its_time_to_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ven_daemon.vtn.exchange.SILENT_SECONDS", 0.2)
    large = b"1" * (AT_ONCE + 1)

    async def slowly(_: web.Request) -> web.Response:
        await asyncio.sleep(0.4)
        return web.Response(body=b"[]")

    async with http(slowly) as server, exchanging() as exchange:
        answer = await exchange.send("POST", server.url, {}, large)

    assert (answer.status, server.bodies) == (200, [large])


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
