"""One exchange, against servers that break HTTP in every way we could think of."""

import asyncio
import gzip
import time

import pytest
from aiohttp import web

from tests.vtn.exchanges import HEAD, get
from tests.vtn.servers import Speaker, exchanging, hang_up_hard, http, raw, says
from ven_daemon.domain.errors import OutcomeUnknownError
from ven_daemon.vtn.exchange import AT_ONCE

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
