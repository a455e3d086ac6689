"""Reports to put into an outbox, and how they are brought to where a test needs them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ven_daemon.domain.ids import EventId, ReportId, VenName
from ven_daemon.domain.reporting.outbox import (
    Cause,
    Entry,
    accepted,
    announced,
    quarantined,
)
from ven_daemon.store.outbox import Change, Draft, Mark, OutboxStore
from ven_daemon.store.outbox_rows import About, Filed

VTN = "http://vtn.test/"
T = datetime(2026, 3, 14, 12, tzinfo=UTC)
VEN, OTHER, EVENT = VenName("Ærø"), VenName("Vejle"), EventId("event-1")
MARK = Mark(VEN, EVENT, "0a1b")


def draft(name: str, ven: VenName = VEN, due: datetime = T, body: bytes = b"{}") -> Draft:
    about = About(EVENT, ven, "0a1b", 7, ("USAGE", "DEMAND"), due - timedelta(hours=1), due)
    return Draft(Filed(Entry(name, ven, due), about, len(body)), body)


async def sent(outbox: OutboxStore, name: str) -> None:
    await outbox.change([Change(name, partial(announced, settles_at=T))], T)
    await outbox.change([Change(name, partial(accepted, vtn_id=ReportId(f"id-{name}")))], T)


async def set_aside(outbox: OutboxStore, name: str) -> None:
    aside = partial(quarantined, cause=Cause.REJECTED, reason="400", now=T)
    await outbox.change([Change(name, aside)], T)


def as_part(made: Draft, part: str, **more: Any) -> Draft:
    """Say that a report is only a part of what was owed."""
    entry = replace(made.report.entry, part=part, **more)
    return made._replace(report=made.report._replace(entry=entry))
