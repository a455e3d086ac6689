"""The sink `http`, against a real receiver."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from tests.devices.commands import command
from ven_daemon.devices.http import HttpSink
from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.dispatches import Answer, Do, Verdict

SECRET = "k3y-of-the-receiver"


class Receiver:
    """Takes commands, remembers requests, and misbehaves as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.says: Any = None
        self.cannot_take: set[str] = set()
        self.delay = 0.0

    @property
    def keys(self) -> list[str]:
        return [said["key"] for _, body in self.requests for said in json.loads(body)["commands"]]

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        await asyncio.sleep(self.delay)
        sent = {said["key"] for said in json.loads(body)["commands"]}
        if sent & self.cannot_take:
            return web.Response(status=422, text="no such device")
        if self.status in (301, 302):
            return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:1/"})
        if self.says is None:
            return web.Response(status=self.status, text="as told")
        return web.json_response(self.says, status=self.status)


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def url(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/commands", receiver.post)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/commands"))
    await server.close()


@pytest.fixture
async def sink(url: str) -> AsyncIterator[HttpSink]:
    async with HttpSink(url, SecretStr(SECRET), seconds=1.0) as sink:
        yield sink


async def test_what_a_receiver_reads_is_the_command(receiver: Receiver, sink: HttpSink) -> None:
    odd = (Point(1, 2.5), Opaque('{"a":[null]}'), True, "x")

    answers = await sink.deliver([command(1, values=odd, end=None, repeated=True)])

    assert answers == [Answer(Verdict.ACKNOWLEDGED)]
    assert json.loads(receiver.requests[0][1]) == {
        "commands": [
            {
                "key": "key-1",
                "do": "apply",
                "ven": "Nykøbing Falster",
                "resource": "Bar 1",
                "resource_id": "r1",
                "event": "event-1",
                "version": "5f3a",
                "type": "IMPORT_CAPACITY_LIMIT",
                "values": [{"x": 1, "y": 2.5}, {"a": [None]}, True, "x"],
                "kw": 12.5,
                "kwh": None,
                "start": "2026-01-01T12:00:00Z",
                "end": None,
                "reason": "clamped to 12.5 kW",
                "repeated": True,
            }
        ]
    }


async def test_a_repetition_bears_the_same_idempotency_key(
    receiver: Receiver, sink: HttpSink
) -> None:
    await sink.deliver([command(1), command(2)])
    await sink.deliver([command(1, repeated=True), command(2, repeated=True)])
    await sink.deliver([command(1, do=Do.RELEASE), command(2)])

    first, second, other = (headers["Idempotency-Key"] for headers, _ in receiver.requests)
    assert first == second != other


async def test_the_signature_is_of_time_and_body(receiver: Receiver, sink: HttpSink) -> None:
    await sink.deliver([command()])

    headers, body = receiver.requests[0]
    at, signature = (part.split("=")[1] for part in headers["VEN-Signature"].split(","))
    expected = hmac.new(SECRET.encode(), at.encode() + b"." + body, sha256).hexdigest()
    assert signature == expected
    assert SECRET not in str(headers) + body.decode() + repr(sink)


async def test_without_a_secret_nothing_is_signed(receiver: Receiver, url: str) -> None:
    async with HttpSink(url, None) as sink:
        await sink.deliver([command()])

    assert "VEN-Signature" not in receiver.requests[0][0]


async def test_a_receiver_may_refuse_single_commands(receiver: Receiver, sink: HttpSink) -> None:
    receiver.says = {"answers": [{"key": "key-2", "ok": False, "reason": "it is on fire"}]}

    answers = await sink.deliver([command(1), command(2), command(3)])

    assert answers == [
        Answer(Verdict.ACKNOWLEDGED),
        Answer(Verdict.FAILED, "it is on fire"),
        Answer(Verdict.ACKNOWLEDGED),
    ]


async def test_one_that_cannot_be_taken_does_not_stop_its_neighbours(
    receiver: Receiver, sink: HttpSink
) -> None:
    receiver.cannot_take = {"key-5"}

    answers = await sink.deliver([command(number) for number in range(8)])

    failed = [number for number, each in enumerate(answers) if each.verdict is Verdict.FAILED]
    assert failed == [5]
    assert answers[5].reason == "HTTP 422: no such device"
    assert sum(each.verdict is Verdict.ACKNOWLEDGED for each in answers) == 7
    assert len(receiver.requests) <= 7


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 408, 409, 425, 429, 500, 503])
async def test_other_refusals_are_asked_again_later(
    receiver: Receiver, sink: HttpSink, status: int
) -> None:
    receiver.status = status

    answers = await sink.deliver([command(1), command(2)])

    assert {each.verdict for each in answers} == {Verdict.UNREACHABLE}
    assert answers[0].reason.startswith(f"HTTP {status}")
    assert len(receiver.requests) == 1


async def test_a_receiver_that_does_not_answer_in_time_is_unreachable(
    receiver: Receiver, url: str
) -> None:
    receiver.delay = 2.0
    async with HttpSink(url, None, seconds=0.2) as sink:
        answers = await sink.deliver([command(1)])

    assert answers == [Answer(Verdict.UNREACHABLE, "no answer in time")]


async def test_nobody_there_is_unreachable() -> None:
    async with HttpSink("http://127.0.0.1:1/", None) as sink:
        answers = await sink.deliver([command(1), command(2)])

    assert [each.verdict for each in answers] == [Verdict.UNREACHABLE] * 2
    assert "refused" in answers[0].reason.lower()
