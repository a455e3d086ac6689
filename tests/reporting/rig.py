"""Reporting over a real VTN and a real store, put together in the test's own process."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sandbox.rig import Sandbox
from tests.vtn.servers import transporting
from ven_daemon.domain.events import Dialect, Event, Payload, PayloadDescriptor, Program
from ven_daemon.domain.ids import EventId, ProgramId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.readings import Quality, Quantity, Reading
from ven_daemon.domain.reporting.outbox import Entry, State, suspected
from ven_daemon.domain.reporting.reports import Report, ReportInterval, ReportResource
from ven_daemon.domain.retry import Backoff
from ven_daemon.domain.sightings import Known
from ven_daemon.domain.targets import Bearer, Place, TargetIndex
from ven_daemon.services.reporting import (
    Building,
    Completing,
    Draining,
    Manner,
    Owing,
    Subjects,
    Timing,
)
from ven_daemon.services.reporting.journal import Journal
from ven_daemon.services.reporting.ports import Metered, Roster
from ven_daemon.services.reporting.sender import Sender
from ven_daemon.store.database import Database
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.outbox import Draft, OutboxStore
from ven_daemon.store.outbox_listing import Asked, OutboxListing
from ven_daemon.store.outbox_rows import About, Filed
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.spells import SpellStore
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.token import NoCredential
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.dialects import PROFILES
from ven_daemon.wire.profile import Form

START = datetime(2026, 3, 14, 12, tzinfo=UTC)
FLEET: Mapping[str, int] = {"Aalborg": 2, "Vejle": 1}


def metered(ven: str, number: int, **more: Any) -> Metered:
    key = ResourceKey(f"{ven}-{number}")
    place = Place(VenName(ven), key)
    return Metered(
        place, ResourceName(f"bar {number}"), {"P_max_kw": 50.0, "P_min_kw": -20.0}, **more
    )


def roster_of(fleet: Mapping[str, int], **more: Any) -> Roster:
    members = {
        VenName(ven): tuple(metered(ven, n, **more) for n in range(count))
        for ven, count in fleet.items()
    }
    vens = {ven: Bearer((ven,)) for ven in members}
    places = {m.place: Bearer((m.name,)) for some in members.values() for m in some}
    whose = {place.resource: place.ven for place in places}
    return Roster(members, TargetIndex(vens, places), {ven: ven for ven in members}, whose)


class Books:
    """What holds, and whose it is: the ports of reporting, as plain lists."""

    def __init__(self, fleet: Mapping[str, int] = FLEET) -> None:
        self.known: list[Known] = []
        self.fleet = roster_of(fleet)

    async def standing(self, since: datetime) -> Sequence[Known]:
        del since
        return self.known

    async def roster(self) -> Roster:
        return self.fleet


class Rig:
    """A whole reporting, whose clock the test moves."""

    def __init__(
        self,
        transport: Transport,
        database: Database,
        profile: str = "3.1",
        timing: Timing | None = None,
        manner: Manner | None = None,
    ) -> None:
        self.now = START
        self.books = Books()
        self.paused: set[VenName] = set()
        self.client = VtnClient(transport, PROFILES[profile], NoCredential(), Form.BL)
        self.outbox = OutboxStore(database, "http://vtn/")
        self.listing = OutboxListing(database)
        self.readings = ReadingStore(database)
        self.timing = timing or Timing()
        subjects = Subjects(self.readings, SpellStore(database))
        building = Building(self.client.profile, manner or Manner())
        self.owing = Owing(
            self.books,
            self.books,
            DrawStore(database),
            self.outbox,
            self.readings,
            subjects,
            building,
            lambda: self.timing,
            self.clock,
        )
        self.completing = Completing(
            self.owing, self.outbox, self.readings, subjects, building, self.clock
        )
        self.sender = Sender(
            self.outbox,
            Journal(self.outbox, self.clock),
            transport.time_limit,
            self.clock,
            lambda: 1.0,
            Backoff(base=1.0, cap=60.0),
        )
        self.draining = Draining(
            self.outbox, self.sender, lambda _: self.client, self.paused, self.clock
        )

    def clock(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def holds(self, event: Event, program: Program | None = None) -> None:
        """Let an event hold, as everybody was shown it at START."""
        self.books.known.append(Known(event, "v1", START, Dialect.V3_1, program))
        self.owing.changed()

    async def drain(self, passes: int = 1, pause: float = 0.0) -> None:
        """Send what can be sent; time passes between the passes."""
        for _ in range(passes):
            await self.draining.begin()
            await self.draining.settle()
            self.later(pause)

    async def file(self, *drafts: Draft) -> None:
        await self.outbox.file(drafts, {}, self.now)

    async def read(self, ven: str, number: int, kw: float, *ats: datetime) -> None:
        key = ResourceKey(f"{ven}-{number}")
        await self.readings.write([Reading(key, Quantity.POWER, kw, at, Quality.OK) for at in ats])

    async def states(self) -> dict[str, str]:
        """Say how every report stands, by its name."""
        return {
            each.entry.name: f"{each.entry.state}: {each.entry.cause}"
            if each.entry.state is State.QUARANTINED
            else str(each.entry.state)
            for each in await self.listing.find(Asked(limit=1000))
        }

    async def balanced(self) -> bool:
        return (await self.outbox.books()).missing == 0


def draft(
    rig: Rig,
    name: str,
    event: str,
    ven: str = "Aalborg",
    due: datetime = START,
    resources: Iterable[str] = ("bar 0",),
    value: float = 1.0,
) -> Draft:
    """Write a report by hand, as if it had been owed."""
    usage = (Payload("USAGE", (value,)),)
    interval = ReportInterval(0, due - timedelta(hours=1), due, usage)
    report = Report(
        name,
        ven,
        EventId(event),
        ProgramId("program"),
        (PayloadDescriptor("USAGE", "KWH", reading_type="DIRECT_READ", is_report=True),),
        tuple(ReportResource(each, (interval,)) for each in resources),
    )
    body = rig.client.profile.write_report(report)
    about = About(EventId(event), ven, "digest", 0, ("USAGE",), interval.start, due)
    return Draft(Filed(Entry(name, VenName(ven), due), about, len(body)), body)


def late(made: Draft) -> Draft:
    """Owe it late, as what an earlier life may have sent."""
    filed = made.report
    return made._replace(report=filed._replace(entry=suspected(filed.entry, START)))


@asynccontextmanager
async def reporting(
    sandbox: Sandbox, database: Database, seconds: float = 5.0, **more: Any
) -> AsyncIterator[Rig]:
    async with transporting(sandbox.url, patience=0.2, seconds=seconds) as transport:
        yield Rig(transport, database, **more)
