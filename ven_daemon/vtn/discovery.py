"""What a VTN tells before anybody has a token: its dialect and where tokens come from."""

from ipaddress import ip_address

from yarl import URL

from ven_daemon.domain.errors import (
    ConfigurationError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UnauthorizedError,
    UnsupportedError,
)
from ven_daemon.vtn.token import NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Profile, Request, WireError
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

_NOBODY = NoCredential()


async def choose_profile(transport: Transport, wanted: str) -> Profile:
    """Choose a dialect: the one that is *wanted*, or with `auto` the one the VTN speaks.

    `/auth/server` is required in 3.1 and absent in 3.0.1; where it is missing, the
    top-level `/resources` tells.

    Raises:
        ConfigurationError: the VTN's answers fit neither.
    """
    if wanted == "3.1" or (wanted == "auto" and await _offers(transport, "auth/server")):
        return Profile310()
    if wanted == "3.0" or not await _offers(transport, "resources"):
        return Profile301()
    return Profile310()


async def token_url(transport: Transport, profile: Profile) -> URL:
    """Find the token endpoint: as the VTN says, else `auth/token` under its base URL.

    Raises:
        ConfigurationError: it lies where a secret should not be sent unasked.
    """
    fallback = transport.base.join(URL("auth/token"))
    request = profile.discover_token_endpoint()
    if request is None:
        return fallback
    try:
        answer = await transport.send(request, _NOBODY)
        found = transport.base.join(URL(profile.read_token_endpoint(answer.body)))
    except (NotFoundError, UnsupportedError):
        return fallback
    except (WireError, ValueError) as error:
        raise ConfigurationError(
            f"/auth/server is unreadable ({error}): set VEN_TOKEN_URL"
        ) from None
    if not is_trustworthy(found, transport.base):
        where = found.origin() if found.host else f"a {found.scheme} URL"
        raise ConfigurationError(
            f"the VTN names {where} as its token endpoint, where the client secret is "
            "not sent unasked: set VEN_TOKEN_URL if that is right"
        )
    return found


def is_trustworthy(endpoint: URL, base: URL) -> bool:
    """Whether a token endpoint that a VTN names may be given a secret (F52).

    It may be the VTN's own host, both may be this machine, and elsewhere only https
    will do, on no private or link-local address.
    """
    if endpoint.scheme not in ("http", "https") or not endpoint.host or not base.host:
        return False
    if endpoint.scheme == "http" and base.scheme == "https":
        return False
    if endpoint.host == base.host or (_is_local(endpoint.host) and _is_local(base.host)):
        return True
    return endpoint.scheme == "https" and not _is_private(endpoint.host)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"


async def _offers(transport: Transport, path: str) -> bool:
    """Whether *path* exists; anything but "not found" says that it does."""
    try:
        await transport.send(Request("GET", path), _NOBODY)
    except (NotFoundError, UnsupportedError):
        return False
    except (UnauthorizedError, ForbiddenError, RejectedError) as error:
        if path == "auth/server":
            words = f"the VTN's dialect cannot be told ({error}): set VEN_PROFILE to 3.1 or 3.0"
            raise ConfigurationError(words) from error
        return True
    return True
