"""One step of one report: what its state says is done at the VTN, and kept."""

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from ven_daemon.domain.errors import (
    ConflictError,
    NotFoundError,
    OutdatedError,
    RejectedError,
    TooLargeError,
    VtnError,
)
from ven_daemon.domain.ids import ReportId
from ven_daemon.domain.reporting.halving import halves, is_half
from ven_daemon.domain.reporting.outbox import Do, Entry, State, accepted, announced, renewed
from ven_daemon.domain.reporting.sending import (
    TOO_LARGE,
    Found,
    MassGuard,
    Moment,
    answered,
    event_asked,
    looked_up,
    unanswered,
)
from ven_daemon.domain.retry import Backoff
from ven_daemon.services.reporting.cutting import Cutting
from ven_daemon.services.reporting.journal import Journal
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.outbox_rows import Filed
from ven_daemon.vtn.client import VtnClient

_REFUSALS = (RejectedError, NotFoundError)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """What was done since the process began."""

    sent: int = 0
    """Reports that the VTN took, replacements included."""
    adopted: int = 0
    """Reports that were found there."""
    retried: int = 0
    """Attempts that came to nothing yet."""
    quarantined: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """Answers that were none, by what they said."""


@dataclass(slots=True)
class _Intent:
    """A report that is about to leave, as it is on record (`vtn.transport.Intent`)."""

    entry: Entry
    body: bytes
    start_by: float
    again: Callable[[Entry], Awaitable[float]]

    async def renew(self) -> None:
        self.start_by = await self.again(self.entry)


class Sender:
    """Does what is to be done next about one report, and keeps what came of it."""

    def __init__(
        self,
        outbox: OutboxStore,
        journal: Journal,
        time_limit: timedelta,
        clock: Callable[[], datetime],
        dice: Callable[[], float] = random.random,
        backoff: Backoff | None = None,
    ) -> None:
        self.tally = Tally()
        self.cutting = Cutting(outbox, journal, clock)
        self._journal = journal
        self._time_limit = time_limit
        self._start_within = min(timedelta(seconds=5), time_limit / 2)
        self._clock = clock
        self._dice = dice
        self._backoff = backoff or Backoff()
        self._guard = MassGuard()

    async def take(self, report: Filed, do: Do, client: VtnClient) -> Entry | None:
        """Do *do*; give how the report stands now, None where others came in its place or after it.

        Those are to be sent next, before what followed it.
        """
        match do:
            case Do.CREATE if await self.cutting.halved_unsent(report, client):
                return None
            case Do.CREATE | Do.UPDATE:
                return await self._send(report, client)
            case Do.LOOK_UP:
                return await self._look_up(report, client)
            case _:
                return await self._ask_event(report, client)

    async def _send(self, report: Filed, client: VtnClient, cuts: int = 0) -> Entry | None:
        """Announce, send, and keep the answer; what the VTN has is halved *cuts* times before."""
        name = report.entry.name
        intent = await self._announce(name)
        if intent is None:
            return None
        entry, body = intent.entry, intent.body
        offer = self.cutting.offer(entry, body, cuts, client)
        try:
            answer = await self._exchange(intent, offer.body, client)
        except OutdatedError:
            return await self._send(report, client, cuts)
        divisible = False
        if isinstance(answer, TooLargeError) and answer.status in TOO_LARGE:
            divisible = halves(client.profile.read_written(offer.body)) is not None
            self.cutting.learn(len(offer.body), answer)
        moment = self._moment(divisible=divisible)
        do = answered(entry, answer, moment).do
        if do is Do.SHRINK:
            return await self._send(report, client, offer.cuts + 1)
        if do is Do.HALVE:
            await self.cutting.halve(report._replace(entry=entry), body, client)
            return None
        if offer.shrunk and not isinstance(answer, VtnError):
            taken = accepted(replace(entry, part=offer.shrunk.part), answer)
            if await self.cutting.shrink(report._replace(entry=taken), offer, client):
                return None
        return await self._keep(name, lambda entry: answered(entry, answer, moment).entry)

    async def _announce(self, name: str) -> _Intent | None:
        """Keep that a request is about to leave, and read what it says."""
        start_by, settles_at = self._promise()
        announce = partial(announced, settles_at=settles_at)
        kept = await self._journal.change(name, announce, with_body=True)
        return _Intent(kept.entry, kept.body, start_by, self._announce_again) if kept else None

    async def _announce_again(self, entry: Entry) -> float:
        """Keep that it is about to leave only now, for it had to wait.

        Raises:
            OutdatedError: it says something else by now, or is gone.
        """
        start_by, settles_at = self._promise()
        kept = await self._journal.change(entry.name, partial(renewed, settles_at=settles_at))
        if kept is None or kept.entry.revision != entry.revision:
            raise OutdatedError(f"report {entry.name} was changed while it had to wait")
        return start_by

    def _promise(self) -> tuple[float, datetime]:
        """Say by when what leaves next must have left, and when the VTN can accept it no more."""
        by = time.monotonic() + self._start_within.total_seconds()
        return by, self._clock() + self._start_within + self._time_limit

    async def _exchange(
        self, intent: _Intent, body: bytes, client: VtnClient
    ) -> ReportId | VtnError:
        answer: ReportId | VtnError
        entry = intent.entry
        try:
            if entry.vtn_id:
                answer = await client.replace_report(entry.vtn_id, body, entry.name, intent)
            else:
                answer = await client.create_report(body, entry.name, intent)
        except VtnError as error:
            answer = error
        self._note(answer, entry)
        return answer

    async def _look_up(self, report: Filed, client: VtnClient) -> Entry | None:
        """Look whether the VTN has it, by its name."""
        name, event = report.entry.name, report.about.event
        try:
            listed = await client.reports(event, report.about.client)
        except VtnError as error:
            return await self._unanswered(name, error)
        found = next((Found(each.id, ours=True) for each in listed if each.name == name), None)
        self.tally.adopted += found is not None
        parts = {each.name for each in listed if each.name and is_half(each.name)}
        suspect = report.entry.suspect and not report.entry.offered
        if suspect and parts and await self.cutting.as_before(report, found, parts, client):
            return None
        return await self._keep(name, lambda entry: looked_up(entry, found, self._clock()))

    async def _ask_event(self, report: Filed, client: VtnClient) -> Entry | None:
        """Ask whether what was refused is about an event that is there (T-28)."""
        name, exists = report.entry.name, True
        try:
            await client.event(report.about.event)
        except NotFoundError:
            exists = False
        except VtnError as error:
            return await self._unanswered(name, error)
        moment = self._moment()
        return await self._keep(name, lambda entry: event_asked(entry, exists, moment))

    async def _unanswered(self, name: str, error: VtnError) -> Entry | None:
        self.tally.errors[type(error).__name__] += 1
        self.tally.retried += 1
        moment = self._moment()
        return await self._keep(name, lambda entry: unanswered(entry, error, moment))

    async def _keep(self, name: str, do: Callable[[Entry], Entry]) -> Entry | None:
        changed = await self._journal.change(name, do)
        if changed is None:
            return None
        entry = changed.entry
        if entry.state is State.QUARANTINED:
            cause = entry.cause.value if entry.cause else "unknown"
            self.tally.quarantined[cause] += 1
            _log.error(
                "report.quarantined", ven=entry.ven, report=name, cause=cause, reason=entry.reason
            )
        return entry

    def _note(self, answer: ReportId | VtnError, entry: Entry) -> None:
        if not isinstance(answer, VtnError):
            self.tally.sent += 1
            self._guard = self._guard.noted(False)
            return
        self.tally.retried += 1
        self.tally.errors[type(answer).__name__] += 1
        if isinstance(answer, _REFUSALS) and not entry.vtn_id:
            self._guard = self._guard.noted(True)
        if not isinstance(answer, ConflictError):
            _log.info("report.not_taken", ven=entry.ven, report=entry.name, error=str(answer))

    def _moment(self, *, divisible: bool = False) -> Moment:
        return Moment(self._clock(), self._dice(), self._backoff, divisible, self._guard.is_tripped)
