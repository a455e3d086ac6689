"""Reporting: what is owed is built, kept, and sent while the daemon runs."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ven_daemon.app.connection import Connected, Connection
from ven_daemon.app.dispatching import FleetBooks
from ven_daemon.app.parts.events import EventsPart
from ven_daemon.app.parts.part import Part
from ven_daemon.app.reporting import Reporting, reporting
from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.instants import format_instant
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.domain.reporting.sending import SizeLimit
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop
from ven_daemon.runtime.supervisor import Root
from ven_daemon.services.reporting import Keeping
from ven_daemon.services.reporting.subjects import FOLLOWING
from ven_daemon.store.database import Database
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.outbox_listing import Depth, OutboxListing
from ven_daemon.store.pauses import Pauses
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.spells import SpellStore, Turn

OWE = timedelta(seconds=1)
"""How often it is looked what is due."""

WATCH = timedelta(seconds=2)
"""How often it is looked who followed something else, or opted out."""

REMEMBERED = timedelta(minutes=1)
"""How long a change may take to be committed, and still be noticed."""

KEEP = timedelta(seconds=10)

_Samples = Mapping[tuple[str, ...], float]


class ReportingPart(Part):
    """Makes reports of readings, and sees to it that the VTN has them."""

    name = "reports"

    def __init__(
        self,
        settings: Callable[[], Settings],
        connection: Connection,
        inventory: InventoryStore,
        fleets: FleetBooks,
        database: Database,
        readings: ReadingStore,
        events: EventsPart,
        pauses: Pauses,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._inventory = inventory
        self._fleets = fleets
        self._database = database
        self._readings = readings
        self._events = events
        self._pauses = pauses
        self._book = events.reading.service
        self._listing = OutboxListing(database)
        self._spells = SpellStore(database)
        self._open: Reporting | None = None
        self._connected: Connected | None = None
        self._keeping: Keeping | None = None
        self._depths: Mapping[State, Depth] = {}
        self._causes: Mapping[str, int] = {}
        self._turns: set[Turn] | None = None
        self._owing = Loop("reports due", self._owe)
        self._watching = Loop("reports on change", self._watch)
        self._completing = Loop("reports late", self._complete)
        self._housekeeping = Loop("outbox keeping", self._keep)
        self._owing.wake()
        self._housekeeping.wake()
        events.listeners.append(lambda _: self.changed())

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Look what is due, what changed, what came late, and what may go."""
        return (
            (self._owing, OWE),
            (self._watching, WATCH),
            (self._completing, self._settings().report_completion),
            (self._housekeeping, KEEP),
        )

    def roots(self) -> Mapping[str, Root]:
        """Send."""
        return {"reports": self._drain}

    async def rest(self) -> None:
        """Build and send nothing more, and wait for what is under way."""
        draining = [self._open.draining.rest()] if self._open else []
        await asyncio.gather(super().rest(), *draining)

    def reload(self, settings: Settings) -> None:
        """Take the new settings with the next connection."""
        del settings
        self.changed()

    def changed(self) -> None:
        """Look at events and settings anew."""
        if self._open is not None:
            self._open.owing.changed()
        self._owing.wake()

    def hurry(self, ven: VenName) -> None:
        """Send for one VEN now, whatever it waits for."""
        if self._open is not None:
            self._open.draining.hurry(ven)

    async def _opened(self) -> Reporting:
        connected = await self._connection.get()
        if self._open is None or connected is not self._connected:
            if self._open is not None:
                await self._open.draining.rest()
            self._open = reporting(
                self._settings,
                connected,
                self._database,
                self._inventory,
                self._fleets.of(connected.vtn),
                self._readings,
                self._book,
                self._pauses,
            )
            self._connected = connected
        return self._open

    async def _owe(self) -> None:
        """Build what is due; where the VTN was never asked, nothing is known to be."""
        opened = await self._opened()
        if await opened.owing.step():
            opened.draining.wake()

    async def _complete(self) -> None:
        """Complete what late readings belong to."""
        opened = await self._opened()
        if await opened.completing.step():
            opened.draining.wake()

    async def _watch(self) -> None:
        """Report what dispatch and opting out changed, where an event wants to know at once."""
        opened = await self._opened()
        turns = await self._spells.changed(datetime.now(UTC) - REMEMBERED)
        vens = {turn.ven for turn in turns - self._turns} if self._turns is not None else set()
        if vens and await opened.owing.ad_hoc(vens, FOLLOWING):
            opened.draining.wake()
        self._turns = turns

    async def _drain(self) -> None:
        """Send with whoever is connected, for ever."""
        while True:
            if self._open is not None:
                # It ends where another connection takes its place, or when we stop.
                await self._open.draining.run()
            await asyncio.sleep(OWE.total_seconds() / 10)

    async def _keep(self) -> None:
        """Trim, count, and balance the books."""
        opened = await self._opened()
        settings = self._settings()
        if self._keeping is None:
            self._keeping = Keeping(
                opened.outbox,
                self._listing,
                settings.report_retention,
                int(settings.report_size),
            )
        await self._keeping.step()
        self._depths = await self._listing.depths()
        self._causes = await self._listing.causes()

    @property
    def _books(self) -> Books:
        return self._keeping.books if self._keeping else Books()

    def figures(self) -> Iterable[Figure]:
        """Depth and age of the outbox, what became of reports, and whether the books balance."""
        books = self._books
        yield Figure(
            "reports",
            "Reports by what became of them, since the store was made.",
            {
                ("accepted",): books.accepted,
                ("reported",): books.reported,
                ("queued",): books.queued,
                ("quarantined",): books.quarantined,
                ("trimmed",): books.trimmed,
            },
            ("fate",),
        )
        words = "Reports that are nowhere; it must be zero."
        yield Figure.gauge("reports_missing", words, books.missing)
        yield from self._standing()
        if self._open is not None:
            yield from sending_figures(self._open)

    def _standing(self) -> Iterable[Figure]:
        depths, unsent = self._depths, (State.QUEUED, State.SENDING)
        counts: _Samples = {(s.value,): float(d.reports) for s, d in depths.items()}
        yield Figure("outbox_reports", "Reports in the outbox.", counts, ("state",))
        oldest = [d.oldest for s, d in depths.items() if s in unsent and d.oldest]
        age = (datetime.now(UTC) - min(oldest)).total_seconds() if oldest else 0.0
        yield Figure.gauge("outbox_age_seconds", "Age of the oldest report not sent.", age)
        size = sum(depth.size for depth in depths.values())
        yield Figure.gauge("outbox_bytes", "Bytes of all reports in the outbox.", size)
        causes: _Samples = {(cause,): float(count) for cause, count in self._causes.items()}
        yield Figure("outbox_quarantined", "Reports set aside, by why.", causes, ("cause",))

    def summary(self) -> Mapping[str, Any]:
        """Count reports by what became of them, and say what the VTN found too large."""
        books = self._books
        limit = self._open.sender.cutting.limit if self._open is not None else SizeLimit()
        return {
            "accepted": books.accepted,
            "reported": books.reported,
            "queued": books.queued,
            "quarantined": books.quarantined,
            "trimmed": books.trimmed,
            "missing": books.missing,
            "size_refused_bytes": limit.bytes,
            "size_refused_until": None if limit.bytes is None else format_instant(limit.until),
        }


def sending_figures(opened: Reporting) -> Iterable[Figure]:
    """Say what was sent since the process began, and what the VTN finds too large."""
    tally = opened.sender.tally
    yield Figure.counter("reports_filed", "Reports put into the outbox.", opened.owing.filed)
    words = "Reports that late readings changed."
    yield Figure.counter("reports_completed", words, opened.completing.completed)
    words = "Reports that the VTN took, replacements included."
    yield Figure.counter("reports_sent", words, tally.sent)
    words = "Reports that were found at the VTN."
    yield Figure.counter("reports_adopted", words, tally.adopted)
    words = "Attempts that came to nothing yet."
    yield Figure.counter("reports_retried", words, tally.retried)
    words = "Reports that were too large, and halved."
    yield Figure.counter("reports_halved", words, opened.sender.cutting.halved)
    words = (
        "Bytes of the smallest report that is not offered, for it was too large (413); 0: any is."
    )
    yield Figure.gauge("report_size_refused_bytes", words, opened.sender.cutting.limit.bytes or 0)
    yield Figure(
        "report_errors",
        "Attempts that came to nothing yet, by why.",
        {(kind,): float(count) for kind, count in tally.errors.items()},
        ("error",),
        "counter",
    )
    yield Figure.gauge("report_lanes", "VENs being sent for.", opened.draining.lanes)
