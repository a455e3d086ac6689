"""What every handler of the surface answers with, and how it reads a parameter."""

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

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
        answer = problem(error.status, error.text or error.reason)
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
