"""Who may use the daemon's HTTP surface (docs/operations.md).

With an operator token everything but the probes and the metrics needs it; readings are
also taken by a device's own token, and then, always, only its own. Without an operator token
the daemon binds loopback only and answers whoever is there, but refuses a foreign Host
or Origin: a web page must not reach it by rebinding a name.
"""

from collections.abc import Callable, Container
from functools import lru_cache
from hmac import compare_digest
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from pydantic import SecretStr

OPEN = frozenset({"/livez", "/readyz", "/health", "/metrics"})
"""`/health` without the token gives counts and no names."""


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_operator(request: web.Request, token: SecretStr | None) -> bool:
    """Whether the request bears the operator token, compared in constant time."""
    if token is None:
        return True
    given = request.headers.get(hdrs.AUTHORIZATION, "")
    wanted = f"Bearer {token.get_secret_value()}"
    return compare_digest(given.encode("utf-8", "replace"), wanted.encode())


Bearer = Callable[[web.Request], Container[str] | None]
"""Tells whose readings a request may bring by its own token; None: by none."""


def guard(token: SecretStr | None, by_device: str, bearer: Bearer) -> Middleware:
    """Make the middleware that lets in who may come in; devices to *by_device* alone."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in OPEN:
            return await handler(request)
        if token is None and not _is_at_home(request):
            raise web.HTTPForbidden(text="this address answers its own machine only")
        if token is not None and is_operator(request, token):
            return await handler(request)
        whose = bearer(request) if request.path == by_device else None
        if whose is not None:
            request["whose"] = whose
        elif token is not None:
            raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        return await handler(request)

    return middleware


def _is_at_home(request: web.Request) -> bool:
    origin = request.headers.get(hdrs.ORIGIN)
    return _is_here(f"//{request.host}") and (origin is None or _is_here(origin))


@lru_cache(maxsize=64)
def _is_here(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)
