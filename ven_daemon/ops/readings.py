"""`POST /api/v1/readings`: what devices and gateways measured (design: shapes and answers).

202 is said once the readings are on disk. Whoever is told 503 comes back: nothing of
what was brought counts as taken, and bringing it again is harmless.
"""

import asyncio
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import Protocol

from aiohttp import hdrs, web

from ven_daemon.domain.errors import StoreError
from ven_daemon.domain.readings import Refusal, Sifted
from ven_daemon.ops.access import WHOSE
from ven_daemon.ops.answers import BODY_SECONDS, document, problem
from ven_daemon.ops.reading_bodies import NoItem, UnreadableBodyError, items_of
from ven_daemon.vtn.inflate import Inflate

PATH = "/api/v1/readings"

RETRY_AFTER = 2
"""Seconds, told to whoever comes while the store is behind."""


class ReadingsDesk(Protocol):
    """What this surface asks of the daemon about readings."""

    body_limit: int
    """Bytes of one body, decompressed."""
    post_limit: int
    """Readings of one body."""
    refused: Counter[str]
    """Bodies whose items were not looked at, by why."""

    @property
    def everybody(self) -> Container[str]:
        """The resources that exist."""
        ...

    def bearer(self, token: str) -> Container[str] | None:
        """Whose readings the bearer of a device's token may bring; None: it is no such token."""
        ...

    def take(self, items: Sequence[object], whose: Container[str]) -> Awaitable[Sifted]:
        """Keep the good and name the bad; StoreError where that cannot be done now."""
        ...


class ReadingsSurface:
    """Reads what is sent; whoever takes it is asked for each time, for there may be nobody."""

    def __init__(self, desk: Callable[[], ReadingsDesk | None]) -> None:
        self._desk = desk

    def bearer(self, request: web.Request) -> Container[str] | None:
        """Whose readings a request may bring by its own token, if by any."""
        said = request.headers.get(hdrs.AUTHORIZATION)
        if said is None:
            return None
        desk = self._desk()
        scheme, _, token = said.partition(" ")
        if desk is None or scheme.lower() != "bearer":
            return None
        return desk.bearer(token.strip())

    async def post(self, request: web.Request) -> web.Response:
        """Take readings."""
        desk = self._desk()
        if desk is None:
            return _unavailable("not ready to take readings")
        try:
            items = await _items(request, desk)
        except _RefusedError as refused:
            desk.refused[refused.why] += 1
            answer = problem(refused.status, str(refused))
            answer.force_close()  # what is still coming of this body is not read
            return answer
        whose = request.get(WHOSE)
        try:
            sifted = await desk.take(items, desk.everybody if whose is None else whose)
        except StoreError as error:
            return _unavailable(str(error))
        return _told(items, sifted)


def _unavailable(why: str) -> web.Response:
    answer = problem(503, why)
    answer.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER)
    return answer


class _RefusedError(Exception):
    """A body whose items are not looked at."""

    def __init__(self, status: int, why: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.why = why


async def _items(request: web.Request, desk: ReadingsDesk) -> Sequence[object]:
    """Read what a body holds, within its limits of time and size."""
    try:
        body = _Body(request, desk.body_limit)
        if request.content.is_eof():  # all of it is here, as nearly always
            body.take(request.content.read_nowait())
        else:
            async with asyncio.timeout(BODY_SECONDS):
                while not request.content.at_eof():
                    body.take(await request.content.readany())
        items = items_of(body.whole())
    except TimeoutError:
        words = f"the body did not arrive in {BODY_SECONDS:g} s"
        raise _RefusedError(408, "slow", words) from None
    except UnreadableBodyError as error:
        raise _RefusedError(400, "unreadable", str(error)) from None
    except (zlib.error, web.RequestPayloadError):
        raise _RefusedError(400, "unreadable", "the body is not what its headers say") from None
    if len(items) > desk.post_limit:
        raise _RefusedError(413, "large", f"{desk.post_limit} readings at the most")
    return items


class _Body:
    """A body, unpacked as it comes, and no more of it than is allowed."""

    __slots__ = ("_most", "_packed", "_parts", "_size")

    def __init__(self, request: web.Request, most: int) -> None:
        if (request.content_length or 0) > most:
            raise _RefusedError(413, "large", f"{most} bytes at the most")
        encoding = request.headers.get(hdrs.CONTENT_ENCODING)
        if encoding not in (None, "gzip", "identity"):
            raise UnreadableBodyError("Content-Encoding: only gzip is read")
        self._packed = Inflate(most) if encoding == "gzip" else None
        self._parts: list[bytes] = []
        self._size = 0
        self._most = most

    def take(self, part: bytes) -> None:
        unpacked = part if self._packed is None else self._packed.feed(part)
        self._size += len(unpacked)
        if self._size > self._most:
            raise _RefusedError(413, "large", f"{self._most} bytes at the most, unpacked")
        self._parts.append(unpacked)

    def whole(self) -> bytes:
        if self._packed is not None and not self._packed.is_whole:
            raise UnreadableBodyError("the body is cut short")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


def _told(items: Sequence[object], sifted: Sifted) -> web.Response:
    rejected = [
        {"index": refusal.index, "reason": _reason(items[refusal.index], refusal)}
        for refusal in sifted.refused
    ]
    nothing = bool(rejected) and not sifted.accepted
    shape = {"accepted": len(sifted.accepted), "rejected": rejected}
    return document(shape, 422 if nothing else 202)


def _reason(item: object, refusal: Refusal) -> str:
    return item.reason if isinstance(item, NoItem) else refusal.reason
