"""What every handler of the surface answers with, and how it reads a parameter."""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ven_daemon.domain.errors import StoreError

RETRY_AFTER = 5
"""Seconds after which a store that cannot be used may be asked again."""

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


@web.middleware
async def in_our_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem document, and never with a traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        said = error.text or ""
        unsaid = said == f"{error.status}: {error.reason}"  # what aiohttp puts where we say nothing
        answer = problem(error.status, error.reason if unsaid else said)
        kept = (hdrs.WWW_AUTHENTICATE, hdrs.ALLOW, hdrs.RETRY_AFTER)
        answer.headers.update({n: v for n, v in error.headers.items() if n in kept})
        return answer
    except StoreError as error:
        answer = problem(503, str(error))
        answer.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER)
        return answer
    except Exception:  # noqa: BLE001 - whatever it is, the next request is answered
        _log.exception("ops.handler_broke", method=request.method, path=request.path)
        return problem(500, "see the log")


def within(seconds: float, but: str) -> Middleware:
    """Make the middleware that reads bodies ahead and waits so long for each.

    All but those of one path, whose handler sees to it itself.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != but and request.can_read_body:
            try:
                async with asyncio.timeout(seconds):
                    await request.read()
            except TimeoutError:
                answer = problem(408, f"the body did not arrive in {seconds:g} s")
                answer.force_close()
                return answer
        return await handler(request)

    return middleware
