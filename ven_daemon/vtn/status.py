"""The status classifier: the one table that every HTTP answer goes through."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import orjson

from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisdirectedError,
    NotFoundError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnBusyError,
    VtnError,
)

TABLE: Mapping[int, type[VtnError]] = MappingProxyType(
    {
        **dict.fromkeys((400, 415, 422), RejectedError),
        401: UnauthorizedError,
        403: ForbiddenError,
        404: NotFoundError,
        **dict.fromkeys((405, 501), UnsupportedError),
        409: ConflictError,
        **dict.fromkeys((413, 414, 431), TooLargeError),
        **dict.fromkeys((408, 425, 429, 500, 502, 503, 504, 507, *range(520, 530)), VtnBusyError),
    }
)
"""What a status means. Below 300 is success; 3xx and what stands nowhere: see `classify`."""

_TOKEN_WORDS = ("authentication token", "invalid token", "token expired", "expired token")


def classify(status: int) -> type[VtnError] | None:
    """Say what *status* means, or None where it is a success."""
    if status < 300:
        return None
    if status < 400:
        return MisdirectedError
    return TABLE.get(status, VtnBusyError if status >= 500 else RejectedError)


def is_authentication(status: int, headers: Mapping[str, str], detail: str) -> bool:
    """Tell a bad token from a missing right: some VTNs answer 403 to both (T-39)."""
    if status == 401:
        return True
    if status != 403:
        return False
    words = detail.lower()
    challenge = headers.get("WWW-Authenticate")
    if challenge is not None and "insufficient_scope" not in challenge:
        return True
    return any(known in words for known in _TOKEN_WORDS)


def words_of(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Say what the VTN said: of a problem its title and detail, of anything else nothing."""
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        problem = None
    if not isinstance(problem, dict):
        return f"HTTP {status} ({headers.get('Content-Type', 'no content type')})"
    said = [problem.get(name) for name in ("title", "error", "detail", "error_description")]
    parts = [part for part in said if isinstance(part, str) and part]
    words = ": ".join(dict.fromkeys(parts)) or "no reason given"
    return words if words.startswith(str(status)) else f"{status} {words}"


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Read the `Date` header; None where there is none that can be read."""
    try:
        instant = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `Retry-After`, seconds or a date, as seconds from *now*; None where it says nothing."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        instant = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - now).total_seconds()
