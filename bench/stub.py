"""A VTN that costs next to nothing: what is measured is the client.

    python -m bench.stub --core 0 --delay 0.008 --events 100000

It answers as OpenADR 3.1 has it and checks nothing. The sandbox would do as well, but it
takes as long for a request as a good client does, and would be half of every figure.
`GET /` tells what is held and how often it was asked, `DELETE /` forgets all of it.
"""

import argparse
import asyncio
import itertools
import os
import re
import sys
from typing import cast
from urllib.parse import parse_qs

import orjson
import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STAMPS = b'"createdDateTime":"2026-01-01T00:00:00Z","modificationDateTime":"2026-01-01T00:00:00Z",'
_TOKEN = orjson.dumps({"access_token": "t" * 400, "token_type": "Bearer", "expires_in": 3600})


_PROGRAM = orjson.dumps({"id": "tariff", "programName": "Tariff", "objectType": "PROGRAM"})


def _event(number: int) -> bytes:
    """Make an event of four prices, as small as events come."""
    prices = [
        {"id": n, "payloads": [{"type": "PRICE", "values": [number % 100 / 100 + n]}]}
        for n in range(4)
    ]
    return orjson.dumps(
        {
            "id": f"{number:036}",
            "createdDateTime": "2026-01-01T00:00:00Z",
            "modificationDateTime": "2026-01-01T00:00:00Z",
            "objectType": "EVENT",
            "programID": "tariff",
            "eventName": f"prices {number}",
            "priority": None,
            "targets": [],
            "intervalPeriod": {"start": "2036-01-01T00:00:00Z", "duration": "PT15M"},
            "intervals": prices,
        }
    )


class Vtn:
    """Everything that was posted, as the bytes that are answered and listed."""

    def __init__(self, events: int) -> None:
        self._ids = itertools.count(1)
        self._held: dict[str, list[bytes]] = {"vens": [], "resources": []}
        self._shown = {"events": [_event(n) for n in range(events)], "programs": [_PROGRAM]}
        self._asked = {"GET": 0, "POST": 0, "PUT": 0}

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request."""
        if path in self._held:
            self._asked[method] += 1
            if method == "POST":
                return 201, self._create(path, body)
            return 200, self._page(self._held[path], query)
        if path in self._shown:
            self._asked[method] += 1
            return 200, self._page(self._shown[path], query)
        return 200, _TOKEN if path == "auth/token" else self._told(method)

    def _create(self, kind: str, body: bytes) -> bytes:
        """Echo what came, with an id, as every VTN does."""
        echo = body.replace(b'"BL_VEN_REQUEST"', b'"VEN"', 1)
        echo = echo.replace(b'"BL_RESOURCE_REQUEST"', b'"RESOURCE"', 1)
        made = b'{"id":"%036d",' % next(self._ids) + _STAMPS + echo[1:]
        self._held[kind].append(made)
        return made

    def _page(self, rows: list[bytes], query: str) -> bytes:
        asked = parse_qs(query)
        skip, limit = int(asked["skip"][0]), int(asked["limit"][0])
        return b"[" + b",".join(rows[skip : skip + limit]) + b"]"

    def _told(self, method: str) -> bytes:
        size = sum(map(len, self._held["resources"]))
        held = {kind: len(objects) for kind, objects in self._held.items()}
        told = orjson.dumps({**held, **self._asked, "bytes": size})
        if method == "DELETE":
            self._held = {kind: [] for kind in self._held}
            self._asked = dict.fromkeys(self._asked, 0)
        return told


class Connection(asyncio.Protocol):
    """One connection; requests are not pipelined."""

    def __init__(self, vtn: Vtn, delay: float) -> None:
        self._vtn = vtn
        self._delay = delay
        self._read = b""
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the whole request is there, at once or after the delay."""
        self._read += data
        end = self._read.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = _LENGTH.search(self._read, 0, end)
        if len(self._read) < end + (int(length[1]) if length else 0):
            return
        answer = self._answer(self._read[:end], self._read[end:])
        self._read = b""
        if self._delay:
            self._loop.call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head[: head.index(b"\r\n")].decode().split(" ")
        path, _, query = target.removeprefix("/").partition("?")
        status, said = self._vtn.answer(method, path, query, body)
        start = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n" % status
        return start + b"Content-Length: %d\r\n\r\n" % len(said) + said


async def serve(delay: float, events: int) -> None:
    """Say where it listens, and serve until it is ended."""
    vtn = Vtn(events)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(vtn, delay), "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--core", type=int, required=True)
    options.add_argument("--delay", type=float, required=True)
    options.add_argument("--events", type=int, default=0)
    chosen = options.parse_args()
    os.sched_setaffinity(0, {chosen.core})
    uvloop.run(serve(chosen.delay, chosen.events))
