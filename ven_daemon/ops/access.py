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


WHOSE: web.RequestKey[Container[str] | None] = web.RequestKey("whose")
"""Under which a request bears whose readings it may bring; None or nothing: everybody's."""

Bearer = Callable[[web.Request], Container[str] | None]
"""Tells whose readings a request may bring by its own token; None: by none."""

Entrance = Callable[[web.Request], None]
"""Lets a request in, or raises what it is answered with."""


def guard(token: SecretStr | None, by_device: str, bearer: Bearer) -> Entrance:
    """Let in who may come in; devices to *by_device* alone."""

    def let_in(request: web.Request) -> None:
        path = request.path
        if path in OPEN:
            return
        if token is None and not _is_at_home(request):
            raise web.HTTPForbidden(text="this address answers its own machine only")
        if token is not None and is_operator(request, token):
            return
        whose = bearer(request) if path == by_device else None
        if whose is None and token is not None:
            raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        request[WHOSE] = whose

    return let_in


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
