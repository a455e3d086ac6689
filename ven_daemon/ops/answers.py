"""What every handler of the surface answers with, and how it reads a parameter."""

from typing import Any

import orjson
from aiohttp import web


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
    return document({"title": "Problem", "status": status, "detail": detail}, status)
