"""The sink that posts commands to a URL, signed, so that a receiver sees each at most once."""

import asyncio
import hmac
import time
from collections.abc import Sequence
from hashlib import blake2b, sha256
from typing import Self

import aiohttp
import orjson
from aiohttp.hdrs import CONTENT_TYPE
from pydantic import SecretStr

from ven_daemon.devices.messages import message, refusals, words
from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command, Verdict

SECONDS = 10.0
"""Time limit of one request, connecting included."""

READ_MOST = 1024 * 1024
"""Bytes of an answer that are read."""

_UNFIT = frozenset({400, 410, 413, 415, 422})
"""Answers that are about what was sent: it is not taken as it is, whoever asks again."""


class HttpSink:
    """POSTs of up to 500 commands as `{"commands": […]}`.

    Every request bears `Idempotency-Key`, the same for the same commands, and with a
    secret `VEN-Signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of the time, a dot and the body.
    Any 2xx acknowledges all that its body does not refuse by key.
    """

    name = "http"
    batch = 500
    in_flight = 4

    def __init__(self, url: str, secret: SecretStr | None, seconds: float = SECONDS) -> None:
        self._url = url
        self._secret = secret
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Open the session, inside the loop that will use it."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={CONTENT_TYPE: "application/json"},
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._session.close()

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Post them; where the receiver does not take them together, find out which it takes."""
        answers = await self._post(commands)
        if answers is not None:
            return answers
        if len(commands) == 1:
            raise AssertionError("one command is judged by its own answer")
        middle = len(commands) // 2
        return [
            *await self.deliver(commands[:middle]),
            *await self.deliver(commands[middle:]),
        ]

    async def _post(self, commands: Sequence[Command]) -> Sequence[Answer] | None:
        """Post once; None says that they must be told apart."""
        body = orjson.dumps({"commands": [message(command) for command in commands]})
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers(commands, body), allow_redirects=False
            ) as response:
                said = await response.content.read(READ_MOST)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return [Answer(Verdict.UNREACHABLE, _reason(error))] * len(commands)
        if 200 <= response.status < 300:
            return _accepted(commands, said)
        reason = words(f"HTTP {response.status}: {said.decode(errors='replace')}")
        if response.status not in _UNFIT:
            return [Answer(Verdict.UNREACHABLE, reason)] * len(commands)
        return [Answer(Verdict.FAILED, reason)] if len(commands) == 1 else None

    def _headers(self, commands: Sequence[Command], body: bytes) -> dict[str, str]:
        keys = "\0".join(f"{command.key} {command.do}" for command in commands)
        headers = {"Idempotency-Key": blake2b(keys.encode(), digest_size=16).hexdigest()}
        if self._secret is not None:
            at = str(int(time.time()))
            key = self._secret.get_secret_value().encode()
            signed = hmac.new(key, at.encode() + b"." + body, sha256).hexdigest()
            headers["VEN-Signature"] = f"t={at},v1={signed}"
        return headers


def _accepted(commands: Sequence[Command], said: bytes) -> list[Answer]:
    try:
        refused = refusals(orjson.loads(said))
    except orjson.JSONDecodeError:
        refused = {}  # it may say anything, or nothing: the status is the answer
    return [
        Answer(Verdict.FAILED, refused[command.key]) if command.key in refused else ACKNOWLEDGED
        for command in commands
    ]


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return _reason(error.os_error)
        return words(error.os_error.strerror or error.os_error)
    return words(error) or type(error).__name__
