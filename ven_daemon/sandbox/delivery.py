"""Putting answers on the wire, whole or spoiled."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from aiohttp import web

from ven_daemon.sandbox.messages import Answer
from ven_daemon.sandbox.problems import problem_body

_WORTH_COMPRESSING = 1024
_HANG_SECONDS = 120.0
_MEBIBYTE = 2**20
_NO_HEADERS: Mapping[str, str] = {}
_PORTAL = b"<!doctype html><title>Sign in</title><p>Please sign in to use this network.</p>"


def send(
    request: web.BaseRequest, answer: Answer, extra: Mapping[str, str] = _NO_HEADERS
) -> web.Response:
    """Deliver an answer as it is; long listings are compressed where the client takes gzip."""
    body, headers = answer.body, {"Content-Type": answer.content_type, **answer.headers, **extra}
    if (
        answer.compressible
        and len(body) > _WORTH_COMPRESSING
        and "gzip" in request.headers.get("Accept-Encoding", "")
    ):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return web.Response(status=answer.status, body=body, headers=headers)


def spoken(kind: str, fault: Mapping[str, Any]) -> Answer | None:
    """Make the answer that a fault gives in the place of the VTN's; None where it gives none."""
    match kind:
        case "status":
            return _status(fault["status"], fault)
        case "html":
            return Answer(200, _PORTAL, "text/html; charset=utf-8")
        case "empty":
            return Answer(200, b"")
        case "redirect":
            return Answer(fault.get("status", 302), b"", headers={"Location": fault["location"]})
        case _:
            return None


def _status(status: int, fault: Mapping[str, Any]) -> Answer:
    headers = fault.get("headers", {})
    body = fault.get("body")
    if body is None:
        return Answer(status, problem_body(status, "A fault was asked for"), headers=headers)
    if isinstance(body, str):
        return Answer(status, body.encode(), "text/plain; charset=utf-8", headers)
    return Answer(status, orjson.dumps(body), headers=headers)


def reshaped(answer: Answer) -> Answer:
    """Put an object around a list, or a list around an object."""
    inside = answer.body or b"null"
    around = b'{"data":' + inside + b"}" if inside.startswith(b"[") else b"[" + inside + b"]"
    return Answer(answer.status, around, answer.content_type, answer.headers)


async def hang(request: web.BaseRequest) -> web.Response:
    """Say nothing until the client goes away, or for two minutes."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _HANG_SECONDS
    while request.transport is not None and loop.time() < end:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.05)
    return reset(request)


def reset(request: web.BaseRequest) -> web.Response:
    """Cut the connection off with a RST instead of a FIN."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()  # nobody is left to read it


async def drip(
    request: web.BaseRequest, answer: Answer, extra: Mapping[str, str], seconds: float
) -> web.StreamResponse:
    """Send the body a byte at a time."""
    response = await _begin(request, answer, extra)
    for byte in answer.body:
        await response.write(bytes((byte,)))
        await asyncio.sleep(seconds)
    await response.write_eof()
    return response


async def truncate(
    request: web.BaseRequest, answer: Answer, extra: Mapping[str, str], at: float
) -> web.StreamResponse:
    """Promise the whole body, send a part of it, close."""
    response = await _begin(request, answer, extra)
    part = answer.body[: int(len(answer.body) * at)]
    if part:
        await response.write(part)
    if request.transport is not None:
        request.transport.close()
    return response


async def _begin(
    request: web.BaseRequest, answer: Answer, extra: Mapping[str, str]
) -> web.StreamResponse:
    headers = {"Content-Type": answer.content_type, **answer.headers, **extra}
    headers["Content-Length"] = str(len(answer.body))
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    return response


async def stream(
    request: web.BaseRequest, blocks: Iterator[bytes], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send a body whose length nobody was told, with a turn for others after each block."""
    response = web.StreamResponse(status=200, headers=headers)
    await response.prepare(request)
    for block in blocks:
        if block:
            await response.write(block)
        await asyncio.sleep(0)
    await response.write_eof()
    return response


def huge(size: int) -> Iterator[bytes]:
    """Write a JSON list of *size* bytes of white space, so that only its length is wrong."""
    yield b"["
    block = b" " * _MEBIBYTE
    for start in range(0, size, _MEBIBYTE):
        yield block[: size - start]
    yield b"]"


def bomb(size: int) -> Iterator[bytes]:
    """Write the same, compressed a thousandfold, in one valid gzip member."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(b"[")
    block = b" " * _MEBIBYTE
    for start in range(0, size, _MEBIBYTE):
        yield packer.compress(block[: size - start])
    yield packer.compress(b"]") + packer.flush()
