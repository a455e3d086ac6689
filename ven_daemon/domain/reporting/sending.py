"""What an answer of the VTN makes of a report: the status classifier's table, for reports.

| answer to a create | then |
|---|---|
| accepted | sent |
| never left (no route, circuit open) | queued, later |
| 429, 5xx with an answer | looked up when the VTN wants to be asked again |
| no answer, or a gateway's | looked up once the VTN can no longer accept it |
| 409 | looked up: ours is adopted, somebody else's quarantined; else the event is asked for |
| 400, 404, 415, 422 | the event is asked for; quarantined as gone, or with these words |
| 413, 414, 431 | halved, a PUT shrunk to its first half; quarantined where that cannot be |
| 401, 403, 3xx, 405, 501 | this VEN waits; it is nothing about this report |

A PUT may be repeated, so where its outcome is not known it is; a 404 means that its id
is forgotten, and it is looked up by its name.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisdirectedError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.ids import ReportId
from ven_daemon.domain.reporting.outbox import (
    Cause,
    Do,
    Doubt,
    Entry,
    accepted,
    doubted,
    postponed,
    quarantined,
)
from ven_daemon.domain.retry import Backoff, clamp_retry_after

BLOCKED = timedelta(minutes=15)
"""How long a VEN waits whose credential may not report, or whose VTN has moved."""

UNSUPPORTED = timedelta(hours=1)
"""How long it waits for a VTN that takes no reports at all."""


BODY_TOO_LARGE = 413

TOO_LARGE = frozenset((BODY_TOO_LARGE, 414, 431))
"""By these a VTN says that it is the request; else it was its answer that we cut short."""


class Decision(NamedTuple):
    """How the report stands now; `do` is HALVE or SHRINK where it is too large, else NOTHING."""

    entry: Entry
    do: Do = Do.NOTHING


class Found(NamedTuple):
    """A report at the VTN that bears our name."""

    id: ReportId
    ours: bool
    """Whether its event, client name and client are ours too."""


class Moment(NamedTuple):
    """What the caller brings: the time, dice in [0, 1), and how to back off."""

    now: datetime
    dice: float = 0.5
    backoff: Backoff = Backoff()
    divisible: bool = True
    """Whether the report has more than one interval."""
    mass_refusal: bool = False
    """Whether the VTN refuses nearly everything (`MassGuard`)."""

    def later(self, entry: Entry, error: VtnError) -> datetime:
        """Say when to try again: as the VTN asks, and not before our own backoff."""
        wait = self.backoff.delay(max(0, entry.attempts - 1), self.dice)
        if error.retry_after is not None:
            wait = max(wait, clamp_retry_after(error.retry_after.total_seconds()))
        return self.now + timedelta(seconds=wait)


def answered(entry: Entry, answer: ReportId | VtnError, moment: Moment) -> Decision:
    """Take the answer to a create or a PUT."""
    if not isinstance(answer, VtnError):
        return Decision(accepted(entry, answer))
    if isinstance(answer, TooLargeError) and answer.status in TOO_LARGE:
        return _too_large(entry, answer, moment)
    return Decision(_failed(entry, answer, moment))


def _failed(entry: Entry, error: VtnError, moment: Moment) -> Entry:
    now, words = moment.now, str(error)
    match error:
        case VtnUnreachableError():
            return postponed(entry, moment.later(entry, error), words, now)
        case VtnBusyError() | OutcomeUnknownError():
            return _undecided(entry, error, moment)
        case ConflictError():
            return doubted(replace(entry, vtn_id=None), Doubt.CONFLICT, now, words, now)
        case NotFoundError() if entry.vtn_id:
            forgotten = replace(entry, vtn_id=None, offered=0)
            return doubted(forgotten, Doubt.OUTCOME, now, words, now)
        case NotFoundError() | RejectedError():
            return doubted(entry, Doubt.EVENT, now, words, now)
        case UnsupportedError():
            return postponed(entry, now + UNSUPPORTED, words, now)
        case UnauthorizedError() | ForbiddenError() | MisdirectedError():
            return postponed(entry, now + BLOCKED, words, now)
        case _:
            return _undecided(entry, error, moment)


def _undecided(entry: Entry, error: VtnError, moment: Moment) -> Entry:
    """Keep in doubt what the VTN may have taken; what it answered for, it is done with."""
    later = moment.later(entry, error)
    at = later if error.settled else max(later, entry.next_at)
    if entry.vtn_id:
        # Not before the first can no longer arrive: it would undo what the second says.
        return postponed(entry, at, str(error), moment.now)
    return doubted(entry, Doubt.OUTCOME, at, str(error), moment.now)


def _too_large(entry: Entry, error: VtnError, moment: Moment) -> Decision:
    if moment.divisible:
        return Decision(entry, Do.SHRINK if entry.vtn_id else Do.HALVE)
    return Decision(quarantined(entry, Cause.TOO_LARGE, str(error), moment.now))


def looked_up(entry: Entry, found: Found | None, now: datetime) -> Entry:
    """Take what a look for the name found.

    What is ours is adopted. After a conflict it may be of an earlier life and say
    something else, so it is put right by a PUT; after a lost answer it is what we sent.
    """
    if found and not found.ours:
        words = entry.reason or "a report of this name is somebody else's"
        return quarantined(entry, Cause.NAME_TAKEN, words, now)
    if found and entry.doubt is Doubt.CONFLICT:
        return postponed(replace(entry, vtn_id=found.id), now, entry.reason, now)
    if found and entry.offered:
        return accepted(entry, found.id)
    if found:
        return postponed(replace(entry, vtn_id=found.id), now, entry.reason, now)
    if entry.doubt is Doubt.CONFLICT:
        return replace(entry, doubt=Doubt.PARENT)
    return postponed(entry, now, entry.reason, now)


def event_asked(entry: Entry, exists: bool, moment: Moment) -> Entry:
    """Take whether the event is there: what was refused is either orphaned or wrong.

    Where a VTN refuses nearly everything it is not the reports that are wrong: then they
    wait instead of being set aside one after the other.
    """
    now, words = moment.now, entry.reason
    if not exists:
        return quarantined(entry, Cause.EVENT_GONE, words, now)
    if entry.doubt is Doubt.PARENT:
        return quarantined(entry, Cause.NAME_TAKEN, words, now)
    if moment.mass_refusal:
        return postponed(entry, now + BLOCKED, words, now)
    return quarantined(entry, Cause.REJECTED, words, now)


def unanswered(entry: Entry, error: VtnError, moment: Moment) -> Entry:
    """Take a failure of the look or the question itself: the doubt stays, until later."""
    blocked = isinstance(error, UnauthorizedError | ForbiddenError | MisdirectedError)
    at = moment.now + BLOCKED if blocked else moment.later(entry, error)
    return replace(entry, next_at=at)


@dataclass(frozen=True, slots=True)
class MassGuard:
    """Tells a VTN that refuses everything from reports that are wrong."""

    recent: tuple[bool, ...] = ()
    """Of the last answers, which refused."""
    most: int = 25
    of: int = 50

    def noted(self, refused: bool) -> "MassGuard":
        """Count one more answer that took or refused a report."""
        return replace(self, recent=(*self.recent, refused)[-self.of :])

    @property
    def is_tripped(self) -> bool:
        """Whether at least half of the last fifty were refused."""
        return sum(self.recent) >= self.most


REMEMBERED = timedelta(hours=1)
"""How long a VTN is not offered again what was too large for it: its limit may be raised."""


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """What a VTN said of the size of reports (T-29): less than this it may take."""

    bytes: int | None = None
    """The least that was too large; None where nothing was."""
    until: datetime = FIRST_INSTANT

    def learned(self, size: int, now: datetime) -> "SizeLimit":
        """Note that *size* bytes were too large."""
        least = size if self.bytes is None else min(size, self.bytes)
        return SizeLimit(least, now + REMEMBERED)

    def remembered(self, now: datetime) -> "SizeLimit":
        """Give what is remembered of it: all, or nothing."""
        return self if now < self.until else SizeLimit()

    def excludes(self, size: int) -> bool:
        """Whether *size* bytes need not be offered."""
        return self.bytes is not None and size >= self.bytes
