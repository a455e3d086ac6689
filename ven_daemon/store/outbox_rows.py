"""Reports in the outbox as rows, and back."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.ids import EventId, ReportId, VenName
from ven_daemon.domain.reporting.outbox import Cause, Doubt, Entry, State
from ven_daemon.store import bulk
from ven_daemon.store.schema import outbox


class About(NamedTuple):
    """What a report is about: it never changes, whatever part of that it says."""

    event: EventId
    client: str
    """clientName: what the VEN is called at the VTN."""
    request: str
    """Digest of what of the event it answers."""
    k: int
    types: tuple[str, ...]
    start: datetime
    end: datetime | None


class Filed(NamedTuple):
    """One report as it is in the outbox, without its body."""

    entry: Entry
    about: About
    size: int
    """Bytes of its body."""
    vtn: str = ""
    """Which VTN it is for, once it is in there."""


def selected() -> Select[Any]:
    """Select what `filed` reads."""
    return select(outbox)


def filed(row: Row[Any]) -> Filed:
    """Read a row."""
    entry = Entry(
        row.name,
        VenName(row.ven),
        row.due,
        State(row.state),
        ReportId(row.vtn_id) if row.vtn_id is not None else None,
        row.revision,
        row.offered,
        row.attempts,
        row.next_at or FIRST_INSTANT,
        Doubt(row.doubt) if row.doubt is not None else None,
        Cause(row.cause) if row.cause is not None else None,
        row.reason,
        row.first_failed,
        row.part,
        row.suspect,
    )
    types = tuple(row.types.split("\n"))
    about = About(
        EventId(row.event), row.client, row.request, row.k, types, row.begins_at, row.ends_at
    )
    return Filed(entry, about, row.size, row.vtn)


def values(vtn: str, report: Filed, now: datetime) -> tuple[Any, ...]:
    """Write a row, in the order of the table's columns."""
    entry, about, size, kept_for = report
    return (
        entry.name,
        kept_for or vtn,
        entry.ven,
        about.event,
        about.client,
        about.request,
        about.k,
        _plain("\n".join(about.types)),
        bulk.instant(about.start),
        bulk.instant(about.end),
        bulk.instant(entry.due),
        entry.state.value,
        entry.vtn_id,
        entry.revision,
        entry.offered,
        entry.attempts,
        None if entry.next_at == FIRST_INSTANT else bulk.instant(entry.next_at),
        entry.doubt.value if entry.doubt else None,
        entry.cause.value if entry.cause else None,
        _plain(entry.reason),
        bulk.instant(entry.first_failed),
        size,
        bulk.instant(now),
        entry.part,
        entry.suspect,
    )


def _plain(words: str) -> str:
    """Take out what PostgreSQL cannot store, and no text can be written with."""
    return words.replace("\0", "").encode("utf-8", "replace").decode()
