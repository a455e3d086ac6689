"""What every handler of the surface answers with, and how it reads a parameter."""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ven_daemon.domain.errors import StoreError
from ven_daemon.ops.access import Entrance

RETRY_AFTER = 5
"""Seconds after which a store that cannot be used may be asked again."""

BODY_SECONDS = 15.0
"""Within which a body must have arrived: one that drips holds a connection for nothing."""

_log = structlog.get_logger(__name__)


def number(request: web.Request, name: str, default: int) -> int:
    """Read a whole number that may be asked with; 400 where it is none."""
    given = request.query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise web.HTTPBadRequest(text=f"{name}: a number was expected")
    return int(given)


def document(shape: Any, status: int = 200) -> web.Response:
    """Answer with a JSON document."""
    return web.Response(body=orjson.dumps(shape), status=status, content_type="application/json")


def problem(status: int, detail: str) -> web.Response:
    """Answer that something is not as it must be."""
    shape = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return document(shape, status)


def in_our_words(let_in: Entrance) -> Middleware:
    """Make the middleware of everything: who may not come in, and every failure, gets a problem.

    Never a traceback. One for both: each layer costs every reading that is brought.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            let_in(request)
            return await handler(request)
        except web.HTTPException as error:
            return _said(error)
        except StoreError as error:
            answer = problem(503, str(error))
            answer.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER)
            return answer
        except Exception:  # noqa: BLE001 - whatever it is, the next request is answered
            _log.exception("ops.handler_broke", method=request.method, path=request.path)
            return problem(500, "see the log")

    return middleware


def _said(error: web.HTTPException) -> web.Response:
    said = error.text or ""
    unsaid = said == f"{error.status}: {error.reason}"  # what aiohttp puts where we say nothing
    answer = problem(error.status, error.reason if unsaid else said)
    kept = (hdrs.WWW_AUTHENTICATE, hdrs.ALLOW, hdrs.RETRY_AFTER)
    answer.headers.update({n: v for n, v in error.headers.items() if n in kept})
    return answer


async def body_of(request: web.Request) -> bytes:
    """Read a body; 408 where it does not come."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        words = f"the body did not arrive in {BODY_SECONDS:g} s"
        raise web.HTTPRequestTimeout(text=words) from None
