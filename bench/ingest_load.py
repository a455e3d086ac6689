"""Readings sent as fast as they are taken: `python -m bench.ingest_load --url …`.

A bare protocol on bodies made beforehand, so that what is measured is the server.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

PATH = "/api/v1/readings"


class Connection(asyncio.Protocol):
    """One request after the other; the time of each is kept."""

    def __init__(self, requests: Iterator[bytes], times: list[float]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._times = times
        self._buffer = b""
        self._since = 0.0
        self._transport: Any  # of uvloop, which does not call it a WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(rest) < size:
            return
        self._times.append(time.perf_counter() - self._since)
        if not (head.startswith(b"HTTP/1.1 202") and b'"rejected":[]' in rest):
            self.done.set_exception(ValueError(head + rest[:200]))
            return
        self._buffer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.abort()
            return
        self._since = time.perf_counter()
        self._transport.write(request)


def bodies(inventory: Path, count: int, batch: int) -> list[bytes]:
    """Make requests of *batch* readings, *count* in all: each resource once a minute, in turn."""
    with closing(sqlite3.connect(inventory)) as connection:
        keys = [row[0] for row in connection.execute("SELECT resource_id FROM resources")]
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=6)
    items = [
        {
            "resource_id": keys[n % len(keys)],
            "quantity": "power",
            "value": n % 977 / 8,
            "at": (begin + timedelta(minutes=n // len(keys), seconds=n % 60)).isoformat(),
        }
        for n in range(count)
    ]
    if batch == 1:
        return [orjson.dumps(item) for item in items]
    return [orjson.dumps(items[at : at + batch]) for at in range(0, count, batch)]


async def hammer(url: str, requests: list[bytes], connections: int) -> dict[str, float]:
    """Send all, over so many connections; give readings per second and latencies."""
    place = urlsplit(url)
    times: list[float] = []
    remaining = iter(requests)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda: Connection(remaining, times), place.hostname, place.port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    wall = time.perf_counter() - began
    times.sort()
    return {
        "wall": wall,
        "p50": times[len(times) // 2] * 1e3,
        "p99": times[len(times) * 99 // 100] * 1e3,
    }


def main() -> None:
    """Make the bodies, send them, say on one line what it took."""
    options = argparse.ArgumentParser()
    options.add_argument("--core", type=int, required=True)
    options.add_argument("--url", required=True)
    options.add_argument("--inventory", type=Path, required=True)
    options.add_argument("--count", type=int, required=True)
    options.add_argument("--batch", type=int, required=True)
    options.add_argument("--connections", type=int, required=True)
    chosen = options.parse_args()
    os.sched_setaffinity(0, {chosen.core})
    requests = [
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/json\r\n\r\n".encode()
        + body
        for body in bodies(chosen.inventory, chosen.count, chosen.batch)
    ]
    figures = uvloop.run(hammer(chosen.url, requests, chosen.connections))
    sys.stdout.write(json.dumps({**figures, "rate": chosen.count / figures["wall"]}) + "\n")


if __name__ == "__main__":
    main()
