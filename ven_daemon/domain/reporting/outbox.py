"""What becomes of a report, step by step, until the VTN has it or somebody must look at it.

    queued ──→ sending ──→ sent ──→ queued (late readings: the whole report again, by PUT)
       ↑          ├──→ queued       (not taken, and surely so: later again)
       └──────────┴──→ quarantined  (never to be taken as it is; with the VTN's words)

Every step is a value that the store keeps before or after the network is used, never
during. `sending` is kept before a request leaves, so after a crash its outcome is not
known. A create of unknown outcome is looked up by its name, and only once the VTN can
no longer accept it; a PUT is simply repeated.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.ids import ReportId, VenName
from ven_daemon.domain.reporting.halving import FIRST, SECOND


class State(StrEnum):
    """How a report stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    QUARANTINED = "quarantined"


class Doubt(StrEnum):
    """What is not known of a report that is being sent."""

    OUTCOME = "outcome"
    """Whether the VTN took it."""
    CONFLICT = "conflict"
    """Whether its name is taken, by us or somebody else, or its event is gone (T-25)."""
    EVENT = "event"
    """Whether it was refused because its event is gone (T-28)."""
    PARENT = "parent"
    """The same after a conflict with a name that is not there."""


class Cause(StrEnum):
    """Why a report is quarantined."""

    REJECTED = "rejected"
    TOO_LARGE = "too large"
    NAME_TAKEN = "name taken"
    EVENT_GONE = "event gone"


class Do(StrEnum):
    """What to do about a report next."""

    NOTHING = "nothing"
    WAIT = "wait"
    CREATE = "create"
    UPDATE = "update"
    LOOK_UP = "look up"
    """List the event's reports of this VEN and look for the name."""
    ASK_EVENT = "ask event"
    """Get the event by its id."""
    HALVE = "halve"
    """Replace it by its two halves, in one transaction (T-29)."""
    SHRINK = "shrink"
    """Offer the first half in the place of what the VTN has; once it took that, the rest is new."""


class Step(NamedTuple):
    """What to do next, and not before when."""

    do: Do
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One report in the outbox, without its body."""

    name: str
    ven: VenName
    due: datetime
    state: State = State.QUEUED
    vtn_id: ReportId | None = None
    """Known once the VTN has it: from then on it is a PUT."""
    revision: int = 1
    """Counts what was put into it; late readings make the next."""
    offered: int = 0
    """The revision that was sent last."""
    attempts: int = 0
    """How often it was sent until the VTN took it; what late readings changed begins anew."""
    next_at: datetime = FIRST_INSTANT
    """Nothing is done about it before."""
    doubt: Doubt | None = None
    """Only while it is being sent."""
    cause: Cause | None = None
    """Only in quarantine."""
    reason: str = ""
    """In the VTN's own words."""
    first_failed: datetime | None = None
    part: str = ""
    """Which part of what was owed it says, where that was too large (`halving`)."""
    suspect: bool = False
    """Whether an earlier life of ours may have sent it, or parts of it: its halves are suspect."""


def next_step(entry: Entry, now: datetime) -> Step:
    """Say what to do about *entry*, as it stands in the store."""
    match entry.state:
        case State.SENT | State.QUARANTINED:
            return Step(Do.NOTHING, entry.next_at)
        case State.QUEUED:
            do = Do.UPDATE if entry.vtn_id else Do.CREATE
        case State.SENDING:
            do = _resolution(entry)
    return Step(do if entry.next_at <= now else Do.WAIT, entry.next_at)


def _resolution(entry: Entry) -> Do:
    if entry.doubt in (Doubt.EVENT, Doubt.PARENT):
        return Do.ASK_EVENT
    # A PUT may be repeated without anybody noticing.
    return Do.UPDATE if entry.vtn_id else Do.LOOK_UP


def announced(entry: Entry, settles_at: datetime) -> Entry:
    """Keep this before the request leaves; by *settles_at* the VTN can accept it no more."""
    return replace(
        entry,
        state=State.SENDING,
        doubt=Doubt.OUTCOME,
        offered=entry.revision,
        attempts=entry.attempts + 1,
        next_at=settles_at,
    )


def renewed(entry: Entry, settles_at: datetime) -> Entry:
    """Keep this where what was announced had to wait, and is about to leave only now."""
    return replace(entry, next_at=settles_at)


def accepted(entry: Entry, vtn_id: ReportId) -> Entry:
    """The VTN has what was offered; what came in since then is sent again."""
    done = replace(
        entry,
        state=State.SENT,
        vtn_id=vtn_id,
        next_at=FIRST_INSTANT,
        doubt=None,
        reason="",
        first_failed=None,
    )
    return done if entry.revision == entry.offered else _again(done)


def amended(entry: Entry) -> Entry:
    """Note that late readings changed what it says (F47): what was sent is sent again, whole."""
    changed = replace(entry, revision=entry.revision + 1)
    return _again(changed) if entry.state is State.SENT else changed


def _again(entry: Entry) -> Entry:
    return replace(entry, state=State.QUEUED, attempts=0)


def postponed(entry: Entry, until: datetime, reason: str, now: datetime) -> Entry:
    """Surely not taken, through no fault of its own: again at *until*."""
    return replace(
        entry,
        state=State.QUEUED,
        doubt=None,
        next_at=until,
        reason=reason,
        first_failed=entry.first_failed or now,
    )


def doubted(entry: Entry, doubt: Doubt, at: datetime, reason: str, now: datetime) -> Entry:
    """Not known to be taken or not: to be found out at *at*."""
    return replace(
        entry,
        state=State.SENDING,
        doubt=doubt,
        next_at=at,
        reason=reason,
        first_failed=entry.first_failed or now,
    )


def quarantined(entry: Entry, cause: Cause, reason: str, now: datetime) -> Entry:
    """Set aside what will never be taken as it is, with the reason."""
    return replace(
        entry,
        state=State.QUARANTINED,
        doubt=None,
        cause=cause,
        reason=reason,
        first_failed=entry.first_failed or now,
    )


def released(entry: Entry, now: datetime) -> Entry:
    """Offer again what somebody has looked at; first it is looked up, for it may be there."""
    if entry.state is not State.QUARANTINED:
        return entry
    return replace(
        entry,
        state=State.SENDING,
        doubt=Doubt.OUTCOME,
        cause=None,
        attempts=0,
        next_at=now,
        first_failed=None,
    )


def hurried(entry: Entry, now: datetime) -> Entry:
    """Try again now what was surely not taken; what is in doubt keeps its time."""
    surely = entry.state is State.QUEUED and entry.vtn_id is None
    return replace(entry, next_at=now) if surely and entry.next_at > now else entry


def suspected(entry: Entry, now: datetime) -> Entry:
    """Owe what may have been sent in an earlier life of ours: it is looked up first.

    So a report that is owed late is owed, for a state that was lost knows nothing of it.
    That it is not there does not clear its halves, which have names of their own.
    """
    return replace(entry, state=State.SENDING, doubt=Doubt.OUTCOME, next_at=now, suspect=True)


def halved(entry: Entry, names: tuple[str, str], now: datetime) -> tuple[Entry, Entry]:
    """Put two halves in the place of what was too large (T-29)."""
    left, right = (
        Entry(name, entry.ven, entry.due, part=entry.part + half)
        for name, half in zip(names, (FIRST, SECOND), strict=True)
    )
    return (suspected(left, now), suspected(right, now)) if entry.suspect else (left, right)


def rest_of(entry: Entry, name: str, part: str, now: datetime) -> Entry:
    """Make a report of what does not fit into *entry* at the VTN any more (T-29).

    It is looked up before it is sent: in an earlier life of ours it may have been made.
    """
    return suspected(Entry(name, entry.ven, entry.due, part=part), now)
