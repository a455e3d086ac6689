"""Following events: every VEN on its own phase, or one credential for all."""

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ven_daemon.app.connection import Connected, Connection
from ven_daemon.app.events import readers, reading
from ven_daemon.app.parts.part import Part
from ven_daemon.config import Settings
from ven_daemon.domain.errors import ForbiddenError, UnauthorizedError, VtnError
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.retry import Backoff
from ven_daemon.domain.sightings import Standing
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop, LoopState
from ven_daemon.runtime.spread import Spread
from ven_daemon.runtime.supervisor import Root
from ven_daemon.services.events import EVERYBODY, Changed, Reader
from ven_daemon.store.database import Database
from ven_daemon.store.registrations import RegistrationStore

REFRESH = timedelta(seconds=5)
"""How often it is looked who reads, and which targets they were granted."""

HOUSEKEEPING = timedelta(hours=1)

NOTE_CONTACT = timedelta(minutes=1)
"""How often it is put on record when the VTN was last heard of."""

COUNT_SECONDS = 1.0
"""How often events are counted at the most, while they change."""

FORBIDDEN_SECONDS = 900.0
"""How long a VEN that may not read events is left alone (F03)."""

_log = structlog.get_logger(__name__)


class EventsPart(Part):
    """Keeps what VENs are shown of programs and events."""

    name = "events"

    def __init__(
        self,
        settings: Callable[[], Settings],
        connection: Connection,
        database: Database,
        pauses: Container[VenName],
    ) -> None:
        self.listeners: list[Callable[[Changed], None]] = []
        """Told after each commit which events changed for whom; they only wake somebody."""
        self._settings = settings
        self._connection = connection
        self._database = database
        self._pauses = pauses
        self.reading = reading(settings(), database)
        """What reads: also the book of what holds, for dispatch and reports."""
        self.reading.service.listeners.append(self._tell)
        self._connected: Connected | None = None
        self._mark: tuple[Any, ...] | None = None
        self._readers: Mapping[str, Reader] = {}
        self._refused: dict[str, int] = {}
        self._missed: set[str] = set()
        """Who could not be polled for because the VTN did not work."""
        self._counts: Mapping[Standing, int] = {}
        self._spread = Spread("events", settings().poll_interval.total_seconds(), self._poll)
        self._refreshing = Loop("event readers", self._refresh)
        self._housekeeping = Loop("event housekeeping", self._tidy)
        self._counting = Loop("event counts", self._count)
        self._noting = Loop("event contact", self._note_contact)
        self._refreshing.wake()

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Look who reads; count; tidy up."""
        return (
            (self._refreshing, REFRESH),
            (self._counting, HOUSEKEEPING),
            (self._noting, NOTE_CONTACT),
            (self._housekeeping, HOUSEKEEPING),
        )

    def roots(self) -> Mapping[str, Root]:
        """Poll, each VEN on its own phase."""
        return {"events": self._spread.run}

    async def rest(self) -> None:
        """Begin no poll any more, and wait for those under way."""
        await asyncio.gather(super().rest(), self._spread.rest())

    def states(self) -> Iterable[LoopState]:
        """Say how the polls are doing, too."""
        return (*super().states(), self._spread.state)

    def reload(self, settings: Settings) -> None:
        """Read with the clients that the new settings make, and as often as they say."""
        self._spread.retime(settings.poll_interval.total_seconds())
        self.reading.service.read_programs_every(settings.program_interval)
        self._refreshing.wake()

    def catch_up(self) -> None:
        """Poll for those who missed their turn, too."""
        super().catch_up()
        missed, self._missed = self._missed, set()
        self._spread.catch_up(missed)

    def hurry(self, ven: str | None) -> None:
        """Poll as soon as possible: for one VEN, or for all."""
        for name in self._readers:
            if ven is None or name in (ven, EVERYBODY):
                self._spread.hurry(name)

    async def _refresh(self) -> None:
        """Follow the credentials, the registrations, and the targets that the VTN grants."""
        await self.reading.service.open()
        connected = await self._connection.get()
        if connected is not self._connected:
            self.reading.service.relearn()
            self._connected = connected
            self._counting.wake()
            self._mark = None
        records = RegistrationStore(self._database, connected.vtn)
        mark = await records.mark()
        if mark == self._mark:
            return  # to read ten thousand again, for nothing, would hold the loop up
        self._readers = readers(connected, await records.bearers())
        self._mark = mark
        for gone in self._spread.names - self._readers.keys():
            self.reading.service.forget_reader(gone)
        self._spread.keep_to(self._readers)

    async def _poll(self, name: str) -> float | None:
        reader = self._readers.get(name)
        if reader is None or name in self._pauses:
            return None
        try:
            await self.reading.service.poll(reader)
        except ForbiddenError as error:
            _log.error("events.forbidden", reader=name, error=str(error))
            return FORBIDDEN_SECONDS
        except UnauthorizedError as error:
            _log.error("events.unauthorized", reader=name, error=str(error))
            self._refused[name] = self._refused.get(name, 0) + 1
            return Backoff(base=5.0, cap=300.0).delay(self._refused[name], 1.0)
        except VtnError as error:
            if error.transient:
                self._missed.add(name)
            raise
        self._refused.pop(name, None)
        self._missed.discard(name)
        return None

    async def _tidy(self) -> None:
        before = datetime.now(UTC) - self._settings().events_kept
        removed = await self.reading.service.prune(before)
        _log.info("events.tidied", versions=removed)

    async def _note_contact(self) -> None:
        await self.reading.service.note_contact()

    async def _count(self) -> None:
        self._counts = await self.reading.sightings.counts()
        await asyncio.sleep(COUNT_SECONDS)

    def _tell(self, changed: Changed) -> None:
        self._counting.wake()
        for listener in self.listeners:
            listener(changed)

    def figures(self) -> Iterable[Figure]:
        """Events by how they stand, polls, and what they cost."""
        counts: dict[tuple[str, ...], float] = {
            (each.value,): float(self._counts.get(each, 0)) for each in Standing
        }
        yield Figure("events", "Events, once for each reader that knows them.", counts, ("state",))
        yield Figure.gauge("event_readers", "Who polls for events.", len(self._readers))
        service = self.reading.service
        yield Figure.counter("event_polls", "Lists of events read to the end.", service.polls)
        words = "Lists of events that showed nothing new, and were not parsed."
        yield Figure.counter("event_polls_unchanged", words, service.unchanged)
        words = "Pages of events that were parsed."
        yield Figure.counter("event_pages_parsed", words, service.pages.parsed)
        words = "Events asked for by id, because they were no longer listed."
        yield Figure.counter("events_asked_for", words, service.asked_by_id)
        words = "Elements of lists of events that had no id."
        yield Figure.counter("events_nameless", words, service.nameless)
        words = "Seconds by which the last poll was late."
        yield Figure.gauge("event_poll_late_seconds", words, self._spread.latest)

    def summary(self) -> Mapping[str, Any]:
        """Count events by how they stand, and polls."""
        service = self.reading.service
        return {
            "known": sum(self._counts.values()),
            **{each.value: self._counts.get(each, 0) for each in Standing},
            "readers": len(self._readers),
            "polls": service.polls,
            "polls_unchanged": service.unchanged,
            "targets_mode": service.targets_mode,
        }
