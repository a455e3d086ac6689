"""The outbox: reports named and durable before anything is sent, and how they stand.

Writers take turns, so that what one reads is what it changes: a change is a function of
the entry as it stands, and nobody's is lost.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, literal_column, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.reporting.outbox import Entry, State, amended
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.outbox_rows import Filed, filed, selected, values
from ven_daemon.store.schema import outbox, outbox_totals, report_bodies, report_marks

UNSETTLED = (State.QUEUED.value, State.SENDING.value)

_O = outbox.c


class Draft(NamedTuple):
    """A report that is owed, built, and not in the outbox yet."""

    report: Filed
    body: bytes


class Mark(NamedTuple):
    """What a mark is for: one thing that an event asks of one VEN."""

    ven: VenName
    event: EventId
    request: str


class Change(NamedTuple):
    """What is to become of a report, by its name."""

    name: str
    do: Callable[[Entry], Entry]
    with_body: bool = False


class Changed(NamedTuple):
    """How a report stands now; its body where it was asked for."""

    entry: Entry
    body: bytes = b""


class OutboxStore:
    """The reports for one VTN. Each method is one transaction."""

    def __init__(self, database: Database, vtn: str) -> None:
        self._database = database
        self._vtn = vtn
        self._turn = asyncio.Lock()

    @retried
    async def file(
        self, drafts: Sequence[Draft], marks: Mapping[Mark, datetime], now: datetime
    ) -> int:
        """Put in what is owed together with how far that goes; give how many are new.

        What is in there already stays as it is: owed twice is sent once. It gives way
        where its event was moved, and it is about another time now.
        """
        async with self._turn, self._database.begin() as connection:
            held = await self._read(connection, [draft.report.entry.name for draft in drafts])
            named = {draft.report.entry.name: draft for draft in drafts}
            fresh = [draft for name, draft in named.items() if name not in held]
            await self._insert(connection, fresh, now)
            moved = [_moved(held[n], d) for n, d in named.items() if n in held]
            await self._replace(connection, [draft for draft in moved if draft], now)
            rows = [(self._vtn, *mark, bulk.instant(until)) for mark, until in marks.items()]
            await bulk.upsert(connection, report_marks, rows)
        return len(fresh)

    @retried
    async def amend(self, drafts: Sequence[Draft], now: datetime) -> int:
        """Put what late readings changed in the place of what was there, and file what is new.

        What says the same as before is left alone. Give how many changed.

        Raises:
            OutdatedError: one was halved or let go of since the drafts were built.
        """
        async with self._turn, self._database.begin() as connection:
            names = [draft.report.entry.name for draft in drafts]
            held = await self._read(connection, names)
            if any(_is_outdated(draft, held) for draft in drafts):
                raise OutdatedError(
                    f"{self._database}: a report was halved meanwhile, or let go of"
                )
            bodies = await _bodies(connection, names)
            changed = [
                Draft(held[report.entry.name]._replace(size=len(body)), body)
                for report, body in drafts
                if bodies.get(report.entry.name, body) != body
            ]
            await self._replace(connection, changed, now)
            fresh = [draft for draft in drafts if draft.report.entry.name not in held]
            await self._insert(connection, fresh, now)
        return len(changed) + len(fresh)

    @retried
    async def change(self, changes: Sequence[Change], now: datetime) -> list[Changed | None]:
        """Change how reports stand; None where one is not there any more."""
        async with self._turn, self._database.begin() as connection:
            held = await self._read(connection, [change.name for change in changes])
            for change in changes:
                report = held.get(change.name)
                if report is not None:
                    held[change.name] = report._replace(entry=change.do(report.entry))
            rows = [values(self._vtn, report, now) for report in held.values()]
            await bulk.upsert(connection, outbox, rows)
            wanted = [change.name for change in changes if change.with_body]
            bodies = await _bodies(connection, wanted)
        return [
            Changed(held[name].entry, bodies.get(name, b"") if with_body else b"")
            if name in held
            else None
            for name, _, with_body in changes
        ]

    @retried
    async def halve(self, whole: Entry, halves: Sequence[Draft], now: datetime) -> None:
        """Put two reports in the place of one that was too large, unless it was changed since."""
        name, mine = whole.name, (_O.name == whole.name, _O.revision == whole.revision)
        async with self._turn, self._database.begin() as connection:
            gone = await connection.execute(delete(outbox).where(*mine))
            if gone.rowcount:
                await connection.execute(delete(report_bodies).where(report_bodies.c.name == name))
                await _count(connection, accepted=-1)
                await self._put(connection, halves, now)

    @retried
    async def shrink(self, kept: Draft, rests: Sequence[Draft], now: datetime) -> bool:
        """Keep that the VTN took the first part of a report, and file the rest beside it.

        False, and nothing is changed, where it says something else by now, or is gone.
        """
        entry, body = kept.report.entry, kept.body
        async with self._turn, self._database.begin() as connection:
            held = (await self._read(connection, [entry.name])).get(entry.name)
            if held is None or held.entry.revision != entry.revision:
                return False
            await bulk.upsert(connection, outbox, [values(self._vtn, kept.report, now)])
            await _write_body(connection, entry.name, body)
            await self._put(connection, rests, now)
        return True

    @retried
    async def discard(self, name: str) -> bool:
        """Let go of a quarantined report, as somebody decided."""
        mine = and_(_O.name == name, _O.state == State.QUARANTINED.value)
        async with self._turn, self._database.begin() as connection:
            gone = await connection.execute(delete(outbox).where(mine))
            if gone.rowcount:
                await connection.execute(delete(report_bodies).where(report_bodies.c.name == name))
                await _count(connection, trimmed=1)
        return gone.rowcount > 0

    @retried
    async def let_go(self, names: Iterable[str]) -> Counter[State]:
        """Remove reports for good, and count them by how they stood."""
        async with self._turn, self._database.begin() as connection:
            mine = _O.name.in_(bulk.texts(connection, names))
            movable = _O.state != State.SENDING.value
            removed = delete(outbox).where(mine, movable).returning(_O.name, _O.state)
            rows = (await connection.execute(removed)).all()
            bodies = report_bodies.c.name.in_(bulk.texts(connection, [row.name for row in rows]))
            await connection.execute(delete(report_bodies).where(bodies))
            counts = Counter(State(row.state) for row in rows)
            sent = counts[State.SENT]
            await _count(connection, reported_gone=sent, trimmed=counts.total() - sent)
        return counts

    @retried
    async def forget_marks(self, before: datetime, standing: Iterable[EventId]) -> None:
        """Forget how far was owed for events that do not hold any more, and have not for long."""
        async with self._turn, self._database.begin() as connection:
            gone = report_marks.c.event.not_in(bulk.texts(connection, standing))
            old = and_(report_marks.c.vtn == self._vtn, report_marks.c.until < before, gone)
            await connection.execute(delete(report_marks).where(old))

    async def marks(self) -> dict[Mark, datetime]:
        """Say how far everything owed is in here."""
        async with self._database.read() as connection:
            mine = select(report_marks).where(report_marks.c.vtn == self._vtn)
            rows = (await connection.execute(mine)).all()
        return {Mark(VenName(row.ven), EventId(row.event), row.request): row.until for row in rows}

    async def waiting(self) -> list[VenName]:
        """Give the VENs that have something to be sent, or to be found out."""
        unsettled = select(_O.ven).where(_O.vtn == self._vtn, _O.state.in_(UNSETTLED)).distinct()
        async with self._database.read() as connection:
            return [VenName(ven) for ven in (await connection.execute(unsettled)).scalars()]

    async def next_of(self, ven: VenName, most: int) -> list[Filed]:
        """Give the first unsettled reports of one VEN, in the order they leave."""
        mine = and_(_O.vtn == self._vtn, _O.ven == ven, _O.state.in_(UNSETTLED))
        query = selected().where(mine).order_by(_O.due, _O.name).limit(most)
        async with self._database.read() as connection:
            return [filed(row) for row in await connection.execute(query)]

    async def covering(self, ven: VenName, start: datetime, end: datetime) -> list[Filed]:
        """Give the reports of one VEN that cover any of [start, end]; set aside or not."""
        meets = and_(_O.begins_at <= end, or_(_O.ends_at.is_(None), _O.ends_at >= start))
        query = selected().where(_O.vtn == self._vtn, _O.ven == ven, meets)
        async with self._database.read() as connection:
            return [filed(row) for row in await connection.execute(query.order_by(_O.due))]

    async def parts(
        self, event: EventId, vens: Iterable[VenName], first: int, last: int
    ) -> list[Entry]:
        """Give the parts of the first to the last of some VENs' reports on *event*."""
        is_part = _O.part != literal_column("''")  # as the index says it
        async with self._database.read() as connection:
            mine = and_(_O.vtn == self._vtn, _O.event == event, _O.k.between(first, last), is_part)
            query = selected().where(mine, _O.ven.in_(bulk.texts(connection, vens)))
            return [filed(row).entry for row in await connection.execute(query)]

    async def books(self) -> Books:
        """Say what became of everything that was ever owed, in one statement: at one instant."""
        rows = select(_O.state, func.count().label("number")).group_by(_O.state).subquery()
        asked = select(outbox_totals, rows).outerjoin(rows, true())
        async with self._database.read() as connection:
            found = (await connection.execute(asked)).all()
        totals = found[0]
        counts = {State(row.state): row.number for row in found if row.state}
        return Books(
            totals.accepted,
            totals.reported_gone + counts.get(State.SENT, 0),
            counts.get(State.QUEUED, 0) + counts.get(State.SENDING, 0),
            counts.get(State.QUARANTINED, 0),
            totals.trimmed,
        )

    async def _insert(
        self, connection: AsyncConnection, drafts: Sequence[Draft], now: datetime
    ) -> None:
        if not drafts:
            return
        rows = [values(self._vtn, report, now) for report, _ in drafts]
        await bulk.upsert(connection, outbox, rows)
        bodies = [{"name": report.entry.name, "body": body} for report, body in drafts]
        await connection.execute(report_bodies.insert(), bodies)
        await _count(connection, accepted=len(drafts))

    async def _replace(
        self, connection: AsyncConnection, drafts: Sequence[Draft], now: datetime
    ) -> None:
        """Let reports say something else from now on."""
        rows = [
            values(self._vtn, report._replace(entry=amended(report.entry)), now)
            for report, _ in drafts
        ]
        await bulk.upsert(connection, outbox, rows)
        for report, body in drafts:
            await _write_body(connection, report.entry.name, body)

    async def _put(
        self, connection: AsyncConnection, parts: Sequence[Draft], now: datetime
    ) -> None:
        """File parts of a report; one that is in there from before says this from now on."""
        held = await self._read(connection, [part.report.entry.name for part in parts])
        known = [part for part in parts if part.report.entry.name in held]
        await self._insert(connection, [part for part in parts if part not in known], now)
        again = [_again(held[part.report.entry.name].entry, part) for part in known]
        await self._replace(connection, again, now)

    async def _read(self, connection: AsyncConnection, names: Iterable[str]) -> dict[str, Filed]:
        """Read what is about to be changed; a command beside the daemon waits its turn."""
        mine = _O.name.in_(bulk.texts(connection, names))
        rows = await connection.execute(selected().where(mine).with_for_update())
        return {row.name: filed(row) for row in rows}


def _moved(held: Filed, draft: Draft) -> Draft | None:
    """Give a report that is in there, about the time that it is about now; None is the same."""
    about, due = draft.report.about, draft.report.entry.due
    if (held.about.start, held.about.end) == (about.start, about.end):
        return None
    entry = replace(held.entry, due=due, part=draft.report.entry.part)
    return Draft(held._replace(entry=entry, about=about, size=len(draft.body)), draft.body)


def _again(entry: Entry, part: Draft) -> Draft:
    """Give what *entry* stands for now: another part, of another cut."""
    entry = replace(entry, part=part.report.entry.part)
    return Draft(part.report._replace(entry=entry), part.body)


def _is_outdated(draft: Draft, held: Mapping[str, Filed]) -> bool:
    """Whether what a draft was to take the place of is there no more, or another part now."""
    entry = draft.report.entry
    there = held.get(entry.name)
    if there is None:
        return entry.state is State.QUEUED  # else it was not there when it was built
    return there.entry.part != entry.part


async def _write_body(connection: AsyncConnection, name: str, body: bytes) -> None:
    mine = report_bodies.c.name == name
    await connection.execute(update(report_bodies).where(mine).values(body=body))


async def _bodies(connection: AsyncConnection, names: Sequence[str]) -> dict[str, bytes]:
    if not names:
        return {}
    mine: Any = report_bodies.c.name.in_(bulk.texts(connection, names))
    rows = await connection.execute(select(report_bodies).where(mine))
    return {row.name: bytes(row.body) for row in rows}


async def _count(connection: AsyncConnection, **rises: int) -> None:
    changed = {name: outbox_totals.c[name] + rise for name, rise in rises.items() if rise}
    if changed:
        await connection.execute(update(outbox_totals).values(changed))
