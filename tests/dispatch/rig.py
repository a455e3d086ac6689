"""A small fleet with real stores, a clock that is set by hand, and a sink that remembers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from tests.registration.fleet import SmallFleet
from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command, Do
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Event, Interval, IntervalPeriod, Payload
from ven_daemon.domain.ids import EventId, ProgramId, ResourceId, VenId, VenName
from ven_daemon.domain.registration import Record, Status, Target
from ven_daemon.services.dispatch import (
    Choices,
    Courier,
    DispatchService,
    FleetBook,
    Known,
    Orders,
)
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.registrations import RegistrationStore

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
AALBORG, VEJLE = VenName("Aalborg"), VenName("Vejle")
SHED = Payload("SIMPLE", (2,))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def event(
    name: str = "e",
    start: float | None = 0,
    lasts: float = 60,
    *payloads: Payload,
    randomize: float = 0,
    **fields: object,
) -> Event:
    period = IntervalPeriod(
        None if start is None else at(start),
        Duration(length=timedelta(minutes=lasts)),
        Duration(length=timedelta(minutes=randomize)) if randomize else None,
    )
    intervals = tuple(Interval(n, payloads=(p,)) for n, p in enumerate(payloads or [SHED]))
    made = Event(EventId(name), ProgramId("p"), period=period, intervals=intervals)
    return replace(made, **fields)  # type: ignore[arg-type]


@dataclass
class Book:
    """What the VTN says: set by a test."""

    events: list[Known] = field(default_factory=list)
    answered: datetime | None = None

    def publish(self, *events: Event, version: str = "1", seen: datetime = NOON) -> None:
        """Show events to everybody, in place of earlier versions of them."""
        ids = {each.id for each in events}
        self.events = [known for known in self.events if known.event.id not in ids]
        self.events += [Known(each, version, seen) for each in events]

    def withdraw(self, name: str) -> None:
        self.events = [known for known in self.events if known.event.id != name]

    async def standing(self, since: datetime) -> Sequence[Known]:
        return self.events

    async def heard(self) -> Mapping[VenName | None, datetime]:
        return {None: self.answered} if self.answered else {}


@dataclass
class Memory:
    """A sink that remembers every command, and answers as it is told to."""

    name: str = "log"
    batch: int = 500
    in_flight: int = 2
    commands: list[Command] = field(default_factory=list)
    answer: Callable[[Command], Answer] = lambda _: ACKNOWLEDGED
    gate: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        self.commands.extend(commands)
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        return [self.answer(command) for command in commands]

    async def holds(self, number: int) -> None:
        """Wait until it was told so many commands."""
        async with asyncio.timeout(5):
            while len(self.commands) < number:
                self.arrived.clear()
                await self.arrived.wait()

    @property
    def told(self) -> list[tuple[Do, str, float | None]]:
        return [(each.do, each.resource, each.kw) for each in self.commands]


@dataclass
class Rig:
    """Dispatch as the daemon wires it, one step at a time."""

    fleet: SmallFleet
    database: Database
    book: Book
    sink: Memory
    now: datetime = NOON
    choices: Choices = field(default_factory=Choices)
    paused: set[VenName] = field(default_factory=set)

    def __post_init__(self) -> None:
        inventory = InventoryStore(open_database(self.fleet.url, read_only=True))
        self.inventory = inventory
        self.registrations = RegistrationStore(self.database, "http://vtn/")
        self.outs = OptOutStore(self.database)
        self.draws = DrawStore(self.database)
        self.readings = ReadingStore(self.database)
        self.start()

    def start(self, dice: Callable[[], float] | None = None) -> None:
        """Begin anew with what is on record, as after a restart."""
        dice = dice or Random(1).random
        self.store = DispatchStore(self.database)
        self.service = DispatchService(
            self.book,
            FleetBook(self.inventory, self.registrations),
            Orders(self.draws, dice),
            self.store,
            self.outs,
            self.readings.pages,
            lambda: self.choices,
            lambda: self.now,
            self.paused,
        )
        self.courier = Courier(self.sink, self.store, dice, lambda: self.now)

    async def turn(self, minutes: float | None = None) -> list[tuple[Do, str, float | None]]:
        """Take a step and hand over what is due; give what the sink was told."""
        if minutes is not None:
            self.now = at(minutes)
        self.service.changed()
        await self.service.step()
        before = len(self.sink.commands)
        await self.courier.drain()
        return sorted(self.sink.told[before:], key=str)

    async def target(self, ven: VenName, *targets: str, **resources: tuple[str, ...]) -> None:
        """Put on record what a VEN and its resources are targeted by."""

        def record(name: str, marks: Sequence[str], id_: str) -> Record:
            borne = tuple(Target(mark) for mark in marks)
            return Record(name, Status.REGISTERED, name, id_, targets=borne)

        await self.registrations.save(
            self.now,
            {ven: record(ven, targets, VenId(f"id-{ven}"))},
            [(ven, record(n, m, ResourceId(f"id-{n}"))) for n, m in resources.items()],
        )


@asynccontextmanager
async def rigged(folder: Path, url: str | None = None) -> AsyncIterator[Rig]:
    """Open a rig: Aalborg with a cafe and a charger, Vejle with a pool; each key is its name."""
    is_new = not (folder / "resources.db").exists()
    fleet = SmallFleet(folder / "resources.db")
    if is_new:
        fleet.add(AALBORG, "cafe", "cafe")
        fleet.add(AALBORG, "charger", "charger", resource_type="EV")
        fleet.add(VEJLE, "pool", "pool")
    database = open_database(url or f"sqlite:///{folder}/state.db")
    await migrations.prepare(database)
    rig = Rig(fleet, database, Book(), Memory())
    try:
        yield rig
    finally:
        await rig.inventory._database.dispose()
        await database.dispose()
