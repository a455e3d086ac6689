"""Sending any `Request` to one VTN: signed, bounded, classified, repeated where that helps."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeVar

import structlog
from aiohttp.hdrs import AUTHORIZATION, CONTENT_TYPE
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ven_daemon.domain.errors import (
    GaveUpError,
    MisdirectedError,
    OutcomeUnknownError,
    RejectedError,
    TooLargeError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.vtn.budget import RetryBudget
from ven_daemon.vtn.exchange import Answer, Exchange
from ven_daemon.vtn.limits import Circuit, Gate
from ven_daemon.vtn.status import classify, date_of, is_authentication, retry_after, words_of
from ven_daemon.vtn.token import Credential
from ven_daemon.wire.profile import Request, WireError

T = TypeVar("T")

STUMBLE = 1.0
"""Seconds per step of concurrency after an error that says nothing of pressure."""

TRIES = 5
"""Times that a request which may be repeated is sent while the VTN works for others."""

SKEW_EVERY = 10.0
"""Seconds between two looks at the VTN's clock."""

SKEW_SAID = 30.0
"""Seconds of difference from which on it is worth a warning."""

_log = structlog.get_logger(__name__)


class Intent(Protocol):
    """What is on record of a request that may leave only once, before it does."""

    start_by: float
    """By when it must have left, on the monotonic clock: from then on it counts as lost."""

    async def renew(self) -> None:
        """Put it on record anew; what this raises keeps the request from being sent."""
        ...


class Transport:
    """One VTN, as somewhere to send requests."""

    backoff = Backoff(base=0.5, cap=10.0)

    def __init__(self, exchange: Exchange, base: str, gate: Gate, circuit: Circuit) -> None:
        self.base = URL(base.rstrip("/") + "/")
        self.gate = gate
        self.circuit = circuit
        self.time_limit: timedelta = exchange.time_limit
        self.budget = RetryBudget()
        self.clock_skew: float | None = None
        """Seconds that the VTN's clock is ahead of ours, by its Date header; good to a second."""
        self._skew_at = float("-inf")
        self.requests = 0
        self.writes = 0
        """POST, PUT and DELETE requests that the VTN accepted."""
        self.gives_full_pages = False
        """Whether a page as long as asked for was ever seen: then a shorter one is the last."""
        self._unreadable = 0
        self._exchange = exchange
        self._url = lru_cache(maxsize=4096)(self._make_url)

    async def send(
        self, request: Request, credential: Credential, intent: Intent | None = None
    ) -> Answer:
        """Send *request* and give its successful answer.

        What is idempotent, and what never left, is repeated while that can help. A POST
        whose outcome is not known is not: its caller looks first. However long it has to
        wait, it leaves by the *intent* that is on record of it.

        Raises:
            VtnError: classified by `vtn.status`, with the VTN's own words.
        """
        attempt = 0
        self.budget.first()
        while True:
            self._exchange.insist()
            try:
                header = await credential.header()
                answer = await self._send_once(request, header, intent)
                if classify(answer.status) is not None:
                    answer = await self._sign_anew(request, credential, header, answer, intent)
            except VtnError as error:
                repeatable = request.idempotent or isinstance(error, VtnUnreachableError)
                over = isinstance(error, GaveUpError) or self.circuit.gave_up
                if over or not (error.transient and repeatable):
                    raise
                # While the circuit is open it paces everybody, and no try is counted.
                attempt += not self.circuit.is_open
                if attempt == TRIES or not (self.circuit.is_open or self.budget.take()):
                    raise
                _log.debug("request.repeated", path=request.path, why=str(error))
            else:
                self.writes += request.method != "GET"
                return answer
            await asyncio.sleep(self.backoff.delay(attempt, random.random()))  # noqa: S311 - spread

    async def _sign_anew(
        self,
        request: Request,
        credential: Credential,
        header: str | None,
        answer: Answer,
        intent: Intent | None,
    ) -> Answer:
        """Where it is the token that was refused, send once more with a fresh one."""
        words = words_of(answer.status, answer.headers, answer.body)
        if header and is_authentication(answer.status, answer.headers, words):
            header = await credential.header(stale=header)
            answer = await self._send_once(request, header, intent)
            words = words_of(answer.status, answer.headers, answer.body)
        if (kind := classify(answer.status)) is not None:
            raise self._error(kind, answer, _without(words, header))
        return answer

    async def _send_once(
        self, request: Request, header: str | None, intent: Intent | None
    ) -> Answer:
        closed = not self.circuit.is_open and self.gate.enter()
        probe = False if closed else await self._enter()
        began = time.monotonic()
        if not closed or (intent is not None and began > intent.start_by):
            began = await self._look_again(intent, probe=probe)
        recovery: float | None = None
        try:
            answer = await self._exchange.send(
                request.method,
                self._url(request.path, request.query),
                _headers(header, has_body=request.body is not None),
                request.body,
            )
            if began >= self._skew_at:
                self._compare_clocks(answer, began)
            if classify(answer.status) is None:
                self.circuit.succeeded(probe=probe)
            else:
                recovery = self._note(answer, header, probe=probe)
        except TooLargeError as error:
            self.circuit.succeeded(probe=probe)
            if request.idempotent:
                raise
            # The answer to a write was too large: whether it was carried out is not known.
            raise OutcomeUnknownError(str(error), status=error.status) from error
        except VtnError as error:
            opens = isinstance(error, VtnUnreachableError)
            self.circuit.failed(str(error), probe=probe, opens=opens)
            raise
        except BaseException:
            self.circuit.abandon(probe=probe)
            raise
        finally:
            self.requests += 1
            seconds = time.monotonic() - began
            self.gate.release(seconds, trouble=recovery is not None, recovery=recovery)
        return answer

    def _compare_clocks(self, answer: Answer, now: float) -> None:
        """Read the VTN's clock from time to time: schedules are instants, so it matters (F30)."""
        self._skew_at = now + SKEW_EVERY
        theirs = date_of(answer.headers)
        if theirs is None:
            return
        # A Date is cut to the second: half of one is what it says too little on average.
        skew = (theirs - datetime.now(UTC)).total_seconds() + 0.5
        if abs(skew) > SKEW_SAID and (self.clock_skew is None or abs(self.clock_skew) <= SKEW_SAID):
            _log.warning("vtn.clock_differs", seconds=round(skew))
        self.clock_skew = skew

    async def _look_again(self, intent: Intent | None, *, probe: bool) -> float:
        """See, after a wait, that this may still be sent; give the time that it is."""
        try:
            while intent is not None and time.monotonic() > intent.start_by:
                await intent.renew()
            self._exchange.insist()
        except BaseException:
            self.circuit.abandon(probe=probe)
            self.gate.leave()
            raise
        return time.monotonic()

    async def _enter(self) -> bool:
        """Pass the circuit and take a place at the gate; True says that this is the probe."""
        while True:
            probe = await self.circuit.permit() if self.circuit.is_open else False
            if self.gate.enter():
                return probe
            try:
                await self.gate.acquire()
            except BaseException:
                self.circuit.abandon(probe=probe)
                raise
            if probe or not self.circuit.is_open:
                return probe
            # It opened while we stood in line: a VTN that is down is not told so 64 times.
            self.gate.leave()

    def _note(self, answer: Answer, header: str | None, *, probe: bool) -> float | None:
        """Tell the circuit; where the VTN is in trouble, say how slowly to press on again."""
        self.circuit.answered = True
        kind = classify(answer.status)
        if kind is not VtnBusyError:
            self.circuit.succeeded(rejected=kind is RejectedError, probe=probe)
            return None
        words = _without(words_of(answer.status, answer.headers, answer.body), header)
        told = retry_after(answer.headers, datetime.now(UTC))
        self.circuit.failed(words, probe=probe, retry_after=told)
        pressed = answer.status == 429 or told is not None
        return self.gate.recovery if pressed else STUMBLE

    def _error(self, kind: type[VtnError], answer: Answer, words: str) -> VtnError:
        if kind is MisdirectedError:
            target = _host(answer.headers.get("Location", ""))
            words = f"{self.base.origin()} redirects to {target}, which is not followed"
        if kind is RejectedError and self.circuit.rejects_everything:
            kind, words = VtnBusyError, f"the VTN rejects everything: {words}"
        told = retry_after(answer.headers, datetime.now(UTC))
        return kind(
            words,
            status=answer.status,
            retry_after=timedelta(seconds=told) if told is not None and told > 0 else None,
        )

    def _make_url(self, path: str, query: tuple[tuple[str, str], ...]) -> URL:
        url = self.base.join(URL(path))
        return url.with_query(list(query)) if query else url

    def read(self, request: Request, answer: Answer, read: Callable[[bytes], T]) -> T:
        """Read a successful answer; one that cannot be read is the VTN's trouble.

        Raises:
            OutcomeUnknownError: it holds something else than the dialect says.
        """
        try:
            value = read(answer.body)
        except WireError as error:
            raise self.misread(request, answer, error) from error
        self._unreadable = 0
        return value

    def misread(self, request: Request, answer: Answer, error: WireError) -> OutcomeUnknownError:
        """Say of which answer it is that *error* speaks."""
        kind = answer.headers.get("Content-Type", "no content type")
        return self.unreadable(f"{request.method} {request.path} ({kind}): {error}")

    def unreadable(self, words: str) -> OutcomeUnknownError:
        """Name a success that holds no usable answer; several in a row open the circuit."""
        self._unreadable += 1
        self.circuit.failed(words, opens=self._unreadable >= self.circuit.threshold)
        return OutcomeUnknownError(f"{self.base.origin()}: {words}", status=200)


def _host(location: str) -> str:
    try:
        return URL(location).host or "elsewhere"
    except ValueError:
        return "elsewhere"


@lru_cache(maxsize=256)
def _headers(header: str | None, *, has_body: bool) -> CIMultiDictProxy[str]:
    """Make what aiohttp would make of a dictionary at every request."""
    headers = CIMultiDict({AUTHORIZATION: header} if header else {})
    if has_body:
        headers[CONTENT_TYPE] = "application/json"
    return CIMultiDictProxy(headers)


def _without(words: str, header: str | None) -> str:
    """Hold back a token that a VTN quotes in its error."""
    return words.replace(header.removeprefix("Bearer "), "***") if header else words
