"""What reading events needs, put together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from ven_daemon.app.connection import Connected, exchange_of, people_of
from ven_daemon.app.dispatching import fleet_book, vtn_of
from ven_daemon.app.registration import open_inventory, open_state
from ven_daemon.config import Settings
from ven_daemon.domain.errors import ConfigurationError, StateInUseError
from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.sightings import Known
from ven_daemon.domain.targets import TargetIndex
from ven_daemon.services.dispatch import FleetBook
from ven_daemon.services.events import EVERYBODY, EventService, Reader
from ven_daemon.services.events.listing import Asked, EventListing, Found
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.registrations import Bearers, RegistrationStore
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore

PATIENCE = timedelta(seconds=30)
"""How long a VTN that does not work is tried for somebody who waits."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads events, made before the VTN was ever asked."""

    service: EventService
    sightings: SightingStore
    events: VersionStore[Event]
    programs: VersionStore[Program]


class EventFront:
    """Events as operators see them, from the record alone."""

    def __init__(self, service: EventService, listing: EventListing) -> None:
        self._service = service
        self._listing = listing

    async def events(self, asked: Asked) -> Found:
        """List events."""
        await self._service.open()
        return await self._listing.find(asked, datetime.now(UTC))


def reading(settings: Settings, database: Database) -> Reading:
    """Put together what reads events from the VTN of the settings."""
    events = VersionStore(database, Event)
    programs = VersionStore(database, Program)
    sightings = SightingStore(database, vtn_of(settings), events)
    service = EventService(
        sightings, events, programs, settings.program_interval, settings.event_intervals_most
    )
    return Reading(service, sightings, events, programs)


def event_listing(opened: Reading, fleet: FleetBook, database: Database) -> EventListing:
    """Let people see events."""
    return EventListing(
        opened.sightings,
        opened.events,
        opened.programs,
        DrawStore(database),
        fleet,
    )


@asynccontextmanager
async def open_events(settings: Settings) -> AsyncIterator[EventListing]:
    """Open the stores for a command that only reads, beside whoever works with them.

    Raises:
        StoreError: a database cannot be used.
    """
    database = open_database(settings.state_url)
    try:
        await migrations.prepare(database)
        opened = reading(settings, database)
        await opened.events.open()
        async with open_inventory(settings.inventory_url) as inventory:
            yield event_listing(opened, fleet_book(settings, inventory, database), database)
    finally:
        await database.dispose()


def readers(connected: Connected, bearers: Mapping[VenName, Bearers]) -> dict[str, Reader]:
    """Say who polls: whoever speaks to the VTN, for VENs that stand there."""
    found = {}
    for ven, client in connected.speakers:
        if ven is None:
            granted = {each for bearer in bearers.values() for each in bearer.targets}
        elif ven in bearers:
            granted = bearers[ven].targets
        else:
            continue  # it is not registered yet, so there is nothing that it could be shown
        name = EVERYBODY if ven is None else ven
        found[name] = Reader(name, client, tuple(sorted({each.value for each in granted})))
    return found


async def events_of(
    settings: Settings, ven: VenName, bearer: SecretStr | None = None
) -> list[Event]:
    """Poll once, and give the events that mean *ven* and are not over.

    While a daemon works with the same state it polls, and what it has on record is given.

    Raises:
        ConfigurationError: there is no such VEN, or nobody who speaks for it.
        VtnError: the VTN does not show its events.
    """
    try:
        return await _polled(settings, ven, bearer)
    except StateInUseError:
        return await _recorded(settings, ven)


async def _polled(settings: Settings, ven: VenName, bearer: SecretStr | None) -> list[Event]:
    async with AsyncExitStack() as stack:
        inventory = await stack.enter_async_context(open_inventory(settings.inventory_url))
        database = await stack.enter_async_context(open_state(settings))
        exchange = await stack.enter_async_context(exchange_of(settings))
        index = await _index_with(ven, fleet_book(settings, inventory, database))
        people = await people_of(settings, exchange, PATIENCE)
        connected = await people.connected(database, bearer)
        bearers = await RegistrationStore(database, connected.vtn).bearers()
        found = readers(connected, bearers)
        reader = found.get(ven) or found.get(EVERYBODY)
        if reader is None:
            raise ConfigurationError(f"{ven} is not registered, or has no credential")
        service = reading(settings, database).service
        await service.poll(reader)
        standing = await service.standing(datetime.now(UTC))
    return [each.event for each in standing if _means(ven, each, index)]


async def _recorded(settings: Settings, ven: VenName) -> list[Event]:
    database = open_database(settings.state_url, read_only=True)
    try:
        async with open_inventory(settings.inventory_url) as inventory:
            index = await _index_with(ven, fleet_book(settings, inventory, database))
        standing = await reading(settings, database).service.standing(datetime.now(UTC))
    finally:
        await database.dispose()
    return [each.event for each in standing if _means(ven, each, index)]


async def _index_with(ven: VenName, fleet: FleetBook) -> TargetIndex:
    index = (await fleet.addressees()).index
    if ven not in index.vens:
        raise ConfigurationError(f"{ven} is no VEN of the inventory")
    return index


def _means(ven: VenName, known: Known, index: TargetIndex) -> bool:
    targets = known.program.targets if known.program else ()
    meant = index.meant(known.event.targets, targets, known.readers)
    return ven in meant.vens or any(place.ven == ven for place in meant.resources)
