"""One HTTP exchange: the only place that knows aiohttp's failures, and bounds what it reads."""

import asyncio
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, Self

import aiohttp
import structlog
from aiohttp.hdrs import ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, USER_AGENT
from yarl import URL

from ven_daemon.domain.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    StoppingError,
    TooLargeError,
    VtnUnreachableError,
)
from ven_daemon.vtn.deadlines import Deadlines
from ven_daemon.vtn.inflate import Inflate

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of an answer that are read, decompressed."""

HEAD_LIMIT = 64 * 1024
"""Bytes that are kept of one that is larger."""

CONNECT_SECONDS = 5.0
SILENT_SECONDS = 15.0
"""How long nothing need be heard of a server that has the whole request."""

AT_ONCE = 64 * 1024
"""Bytes of a request that leave at once: what is larger may take the whole time limit."""

IDLE_SECONDS = 60.0
"""How long an idle connection is kept: over the poll period, under common servers' 75 s."""

NAME_SECONDS = 300.0
"""How long what a name led to is used, connections too: what stands elsewhere is found by then."""

_log = structlog.get_logger(__name__)


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust a server and how to show who we are."""

    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    verify: bool = True

    def versions(self) -> tuple[int | None, ...]:
        """Give something that changes when a file does."""
        files = (self.ca_file, self.client_cert, self.client_key)
        return tuple(_version(file) for file in files)

    def context(self) -> ssl.SSLContext:
        """Make a context for TLS 1.2 or newer.

        Raises:
            ConfigurationError: a certificate file cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.client_cert:
                context.load_cert_chain(self.client_cert, self.client_key)
        except (OSError, ssl.SSLError) as error:
            named = ", ".join(
                str(f) for f in (self.ca_file, self.client_cert, self.client_key) if f
            )
            raise ConfigurationError(f"TLS files cannot be read ({named}): {error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            _log.warning(
                "tls.unverified", danger="anybody on the way can read and change everything"
            )
        return context


class Exchange:
    """One ClientSession; it follows no redirect, keeps no cookie, decompresses within bounds."""

    def __init__(
        self,
        tls: Tls,
        time_limit: timedelta,
        connections: int,
        may_send: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what raises where nothing may leave this process."""
        self.time_limit = time_limit
        self._may_send = may_send
        self._stopping = False
        self.context: ssl.SSLContext
        """What is trusted now, and who we are."""
        self._tls = tls
        self._versions = tls.versions()
        self._connections = connections
        whole = time_limit.total_seconds()
        self._deadlines = Deadlines(whole, min(SILENT_SECONDS, whole))
        self._patient = Deadlines(whole, whole)
        self._connector: aiohttp.TCPConnector
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Open the session, inside the loop that will use it."""
        self.context = self._tls.context()
        self._renew_at = time.monotonic() + NAME_SECONDS
        self._connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=IDLE_SECONDS,
            ttl_dns_cache=int(NAME_SECONDS),
        )
        limit = self.time_limit.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None,  # `Deadlines` keeps the limits
                # What has no connection by then was not sent.
                connect=0.8 * min(SILENT_SECONDS, limit),
                sock_connect=min(CONNECT_SECONDS, limit),
            ),
            headers={ACCEPT: "application/json", ACCEPT_ENCODING: "gzip", USER_AGENT: "ven-daemon"},
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the session and its connections."""
        await self._session.close()

    def trust(self, tls: Tls) -> None:
        """Trust others from now on; no connection of before is used again.

        Raises:
            ConfigurationError: a file cannot be read; what was trusted still is.
        """
        self.context = tls.context()
        self._tls, self._versions = tls, tls.versions()

    async def _renew(self) -> None:
        """Use no connection of before again: each belongs to the context that it was made with."""
        self._renew_at = time.monotonic() + NAME_SECONDS
        with suppress(ConfigurationError):  # whoever watches the files has said so
            self.context = await asyncio.to_thread(self._tls.context)

    def trust_what_changed(self) -> bool:
        """Read the files again if one has changed; True where that was so. Raises as `trust`."""
        found = self._tls.versions()
        if found == self._versions:
            return False
        self._versions = found  # a bad file is said once, not at every look
        self.trust(self._tls)
        return True

    def insist(self) -> None:
        """Let through what may be sent.

        Raises:
            StoppingError: nothing more is, because we are stopping.
            VenDaemonError: nothing may be, for whatever reason.
        """
        if self._stopping:
            raise StoppingError("the daemon is stopping")
        self._may_send()

    def stop_sending(self) -> None:
        """Let what is under way come to its end, and nothing more begin."""
        self._stopping = True

    async def send(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Send one request and read its answer, within the time limit.

        Raises:
            VtnUnreachableError: nothing was sent.
            OutcomeUnknownError: something was sent, no whole answer came back.
            TooLargeError: the answer is over `BODY_LIMIT`.
        """
        if time.monotonic() >= self._renew_at:
            await self._renew()
        is_large = body is not None and len(body) > AT_ONCE
        deadlines = self._patient if is_large else self._deadlines
        try:
            with deadlines:
                response = await self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    ssl=self.context,
                )
                try:
                    read = await _read(response, deadlines.heard)
                    return Answer(response.status, response.headers, read)
                finally:
                    response.release()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._connector.clear_dns_cache()  # it may have moved
            raise VtnUnreachableError(f"{url.origin()}: {_reason(error)}") from error
        except aiohttp.InvalidURL as error:
            raise ConfigurationError(f"{url.origin()} is no URL to send to") from error
        except (aiohttp.ClientError, TimeoutError, zlib.error, OSError) as error:
            raise OutcomeUnknownError(f"{url.origin()}: {_reason(error)}") from error


def _version(file: Path | None) -> int | None:
    """Give something that changes when the file does; None: there is none that we may see."""
    try:
        return file.stat().st_mtime_ns if file else None
    except OSError:
        return None


async def _read(response: aiohttp.ClientResponse, heard: Callable[[], None]) -> bytes:
    encoding = response.headers.get(CONTENT_ENCODING, "identity").lower()
    content = response.content
    if encoding == "identity" and content.is_eof() and content.total_bytes <= BODY_LIMIT:
        # Most answers are there in one piece by now, and need no more turns of the loop.
        return content.read_nowait()
    if encoding not in ("identity", "gzip", "x-gzip"):
        response.close()
        raise OutcomeUnknownError(f"an answer in {encoding}, which was not asked for")
    inflate = None if encoding == "identity" else Inflate(BODY_LIMIT)
    read = bytearray()
    heard()
    async for chunk in content.iter_any():
        heard()
        read += chunk if inflate is None else inflate.feed(chunk)
        if len(read) > BODY_LIMIT:
            response.close()
            error = TooLargeError(
                f"an answer of more than {BODY_LIMIT} bytes", status=response.status
            )
            error.head = bytes(read[:HEAD_LIMIT])
            raise error
    if inflate is not None and not inflate.is_whole:
        raise OutcomeUnknownError("an answer cut short")
    return bytes(read)


def _reason(error: BaseException) -> str:
    """Say what broke, in words that hold neither headers nor bodies."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return "connection refused"
        return error.os_error.strerror or str(error.os_error)
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "no answer in time"
    return type(error).__name__
