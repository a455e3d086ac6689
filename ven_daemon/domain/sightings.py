"""What a reader was shown of an event, and what became of it: decided, not carried out.

A reader is whoever polls: one VEN, or the credential that polls for all. Absence from a
listing proves nothing (T-21, T-22): it is confirmed by asking for the event by its id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ven_daemon.domain.events import Dialect, Event, Program
from ven_daemon.domain.ids import EventId, ProgramId, VenName
from ven_daemon.domain.registration import Target
from ven_daemon.domain.timeline import first_seen, is_cancelled


@dataclass(frozen=True, slots=True)
class Known:
    """One version of an event that holds, as it stands with those who were shown it."""

    event: Event
    version: str
    """Names the version: two that say the same have the same."""
    seen: datetime
    """What "now" in it means."""
    dialect: Dialect = Dialect.V3_1
    program: Program | None = None
    """None where it cannot be read (T-15)."""
    readers: frozenset[VenName] | None = None
    """The VENs that were shown it; None is the credential that reads for all."""


class Glimpse(NamedTuple):
    """One element as a listing showed it."""

    id: str
    digest: str
    """Names the version: of its words and its dialect."""
    modified: datetime | None


class Standing(StrEnum):
    """How an event stands with one reader."""

    SEEN = "seen"
    UNCONFIRMED = "gone-unconfirmed"
    """It is not listed, and the VTN has not said that it is gone: it still holds."""
    DELETED = "deleted"
    TARGET_LOST = "target-lost"
    """It may be there still; this reader's targets no longer let it see it (T-14)."""
    QUARANTINED = "quarantined"
    """It is there and cannot be read."""


class Lost(NamedTuple):
    """What asking for an absent event by its id came to."""

    standing: Standing
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event, as it stands with one reader."""

    event: EventId
    digest: str
    """The version last shown; empty where it never could be read at all."""
    standing: Standing
    first_seen: datetime
    """When this reader was first shown it, whatever became of it since."""
    seen: datetime
    """What "now" in it means (`timeline.first_seen`)."""
    last_seen: datetime
    changed: datetime
    """When version or standing last changed."""
    read: str = ""
    """The last version that could be read; empty where none could."""
    modified: datetime | None = None
    cancelled: bool = False
    """Whether this version takes the event back (`timeline.is_cancelled`)."""
    reason: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether it holds: it was shown, can be read, and was not found to be gone."""
        return self.standing in (Standing.SEEN, Standing.UNCONFIRMED)

    @property
    def is_gone(self) -> bool:
        """Whether the VTN said that it is not, or no longer, for this reader."""
        return self.standing in (Standing.DELETED, Standing.TARGET_LOST)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a whole listing says that was not known."""

    shown: tuple[Glimpse, ...] = ()
    """New, changed, or back."""
    absent: tuple[Sighting, ...] = ()
    """Known, not known to be gone, and not listed."""


class Reading(NamedTuple):
    """What reading a version came to, as far as every decision needs it."""

    reason: str | None = None
    """Why it cannot be read."""
    program: ProgramId | None = None
    void: bool = False
    """Whether it takes the event back even where none was known before."""
    targeted: bool = False
    """Whether it has targets, as far as they are shown."""
    dialect: str = Dialect.V3_1

    @classmethod
    def of(cls, event: Event | Program, dialect: str) -> "Reading":
        """Say it of a version that can be read."""
        if isinstance(event, Program):
            return cls(dialect=dialect)
        void = is_cancelled(event, None)
        return cls(None, event.program_id, void, bool(event.targets), dialect)


def compare(
    known: Mapping[EventId, Sighting],
    found: Mapping[str, Glimpse],
    readings: Mapping[str, Reading],
) -> Difference:
    """Compare what a reader holds with a whole listing, read to its end."""
    shown = [glimpse for glimpse in found.values() if is_news(known, glimpse, readings)]
    absent = [each for id_, each in known.items() if id_ not in found and not each.is_gone]
    return Difference(tuple(shown), tuple(absent))


def is_news(
    known: Mapping[EventId, Sighting], glimpse: Glimpse, readings: Mapping[str, Reading]
) -> bool:
    """Whether a reader that is shown this has something to record."""
    held = known.get(EventId(glimpse.id))
    if held is None or held.digest != glimpse.digest:
        return True
    if held.standing is Standing.QUARANTINED:
        # The words are the same; a newer program, or another limit, may read them.
        reading = readings.get(glimpse.digest)
        return reading is not None and reading.reason is None
    return held.standing is not Standing.SEEN


class Revision(NamedTuple):
    """A version, and the last one before it that could be read."""

    event: Event
    before: Event


def revises(held: Sighting | None, glimpse: Glimpse, reading: Reading) -> bool:
    """Whether what it means depends on the version before, so that both must be read."""
    if held is None or reading.reason is not None or not held.read:
        return False
    return held.read != glimpse.digest and held.standing is not Standing.DELETED


def sight(
    glimpse: Glimpse,
    held: Sighting | None,
    now: datetime,
    reading: Reading,
    revision: Revision | None = None,
) -> Sighting:
    """Take in a version that was shown; *revision* where it `revises`.

    An event that was deleted and is shown again, changed, is another of the same id; one
    that is unchanged is the same, come back from a backup.
    """
    seen, cancelled = _meaning(glimpse, held, now, reading, revision)
    readable = reading.reason is None
    return Sighting(
        EventId(glimpse.id),
        glimpse.digest,
        Standing.SEEN if readable else Standing.QUARANTINED,
        held.first_seen if held is not None else now,
        seen,
        now,
        now,
        glimpse.digest if readable else (held.read if held is not None else ""),
        glimpse.modified,
        cancelled,
        reading.reason,
    )


def _meaning(
    glimpse: Glimpse,
    held: Sighting | None,
    now: datetime,
    reading: Reading,
    revision: Revision | None,
) -> tuple[datetime, bool]:
    """Say what "now" in a version means, and whether the version takes the event back."""
    if held is not None and (reading.reason is not None or held.read == glimpse.digest):
        return held.seen, held.cancelled
    if held is None or revision is None:
        return now, reading.void
    event, before = revision
    return (
        first_seen(event, before, held.seen, now, was_cancelled=held.cancelled),
        is_cancelled(event, before, was_cancelled=held.cancelled),
    )


def oversee(id_: EventId, held: Sighting | None, now: datetime, reason: str) -> Sighting:
    """Take in that an event is there and too large to be read."""
    if held is None:
        return Sighting(id_, "", Standing.QUARANTINED, now, now, now, now, reason=reason)
    if held.standing is Standing.QUARANTINED and held.reason == reason:
        return held
    return replace(
        held, standing=Standing.QUARANTINED, reason=reason, digest="", last_seen=now, changed=now
    )


def lose(held: Sighting, lost: Lost, now: datetime) -> Sighting:
    """Take in that an event is not listed, and what the VTN says to that."""
    if held.standing is lost.standing and held.reason == lost.reason:
        return held
    # One that cannot be read is news as soon as it can, unchanged as it may be.
    digest = "" if lost.standing is Standing.QUARANTINED else held.digest
    return replace(held, standing=lost.standing, reason=lost.reason, digest=digest, changed=now)


def why_gone(targets: Iterable[Target], granted: frozenset[str]) -> Lost:
    """Tell a deletion from targets that were taken away; the VTN says "not found" to both.

    *targets* are the event's, as this reader was shown them; *granted* are those that its
    ven and resources bear now.
    """
    values = {target.value for target in targets}
    if not values or values & granted:
        return Lost(Standing.DELETED)
    return Lost(
        Standing.TARGET_LOST, f"none of its targets is granted: {', '.join(sorted(values))}"
    )


def goes_back(held: Sighting | None, glimpse: Glimpse) -> bool:
    """Whether a version is older than what was known: the VTN was restored (F27)."""
    if held is None:
        return False
    if held.standing is Standing.DELETED and held.digest == glimpse.digest:
        return True
    return bool(held.modified and glimpse.modified and glimpse.modified < held.modified)
