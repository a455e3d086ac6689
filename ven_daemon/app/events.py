"""What reading events needs, put together."""

from dataclasses import dataclass

from ven_daemon.app.dispatching import vtn_of
from ven_daemon.config import Settings
from ven_daemon.domain.events import Event, Program
from ven_daemon.services.events import EventService
from ven_daemon.store.database import Database
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads events, made before the VTN was ever asked."""

    service: EventService
    sightings: SightingStore
    events: VersionStore[Event]
    programs: VersionStore[Program]


def reading(settings: Settings, database: Database) -> Reading:
    """Put together what reads events from the VTN of the settings."""
    events = VersionStore(database, Event)
    programs = VersionStore(database, Program)
    sightings = SightingStore(database, vtn_of(settings), events)
    service = EventService(
        sightings, events, programs, settings.program_interval, settings.event_intervals_most
    )
    return Reading(service, sightings, events, programs)
