"""What reading events needs, put together."""

from dataclasses import dataclass

from ven_daemon.app.connection import Connected
from ven_daemon.config import Settings
from ven_daemon.domain.events import Event, Program
from ven_daemon.services.events import EventService
from ven_daemon.store.database import Database
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore


@dataclass(frozen=True, slots=True)
class Reading:
    """What is open while events are read."""

    service: EventService
    sightings: SightingStore
    events: VersionStore[Event]
    programs: VersionStore[Program]


async def reading(settings: Settings, database: Database, connected: Connected) -> Reading:
    """Put together what reads events from a VTN that has been asked what it speaks."""
    events = VersionStore(database, Event, connected.profile)
    programs = VersionStore(database, Program, connected.profile)
    sightings = SightingStore(database, connected.vtn, events)
    service = EventService(
        sightings, events, programs, settings.program_interval, settings.event_intervals_most
    )
    await service.open()
    return Reading(service, sightings, events, programs)
