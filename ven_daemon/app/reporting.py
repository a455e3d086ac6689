"""What reporting needs, put together: for the daemon, and for commands beside it."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ven_daemon.app.connection import Connected
from ven_daemon.config import Settings
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.naming import wire_name
from ven_daemon.domain.reporting.measures import Baseline
from ven_daemon.domain.reporting.obligations import Terms
from ven_daemon.domain.targets import Place
from ven_daemon.services.dispatch import FleetBook
from ven_daemon.services.dispatch.fleet import Addressees
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
from ven_daemon.services.reporting.owing import utc_now
from ven_daemon.services.reporting.ports import EventBook, Metered, Roster
from ven_daemon.services.reporting.sender import Sender
from ven_daemon.store.database import Database
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.outbox_listing import OutboxListing
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.spells import SpellStore

_NONE: Mapping[str, float] = MappingProxyType({})
"""One for all who have none."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """What is open while reports are made and sent."""

    outbox: OutboxStore
    listing: OutboxListing
    owing: Owing
    completing: Completing
    draining: Draining
    sender: Sender


class Rosters:
    """The fleet as reports need it: by the names that the VTN knows, with its capacities."""

    def __init__(self, book: FleetBook, inventory: InventoryStore) -> None:
        self._book = book
        self._inventory = inventory
        self._addressees: Addressees | None = None
        self._roster: Roster | None = None

    async def roster(self) -> Roster:
        """Give the fleet; the same object for as long as nothing changed."""
        addressees = await self._book.addressees()
        if self._roster is None or addressees is not self._addressees:
            fleet = await self._inventory.fleet()
            rows = {row.resource_id: row for ven in fleet.vens for row in ven.resources}
            members: dict[VenName, list[Metered]] = {}
            for each in addressees.members:
                row = rows.get(each.place.resource)
                if row is not None:
                    metered = _metered(each.place, each.name, row)
                    members.setdefault(each.place.ven, []).append(metered)
            self._roster = Roster(
                {ven: tuple(some) for ven, some in members.items()},
                addressees.index,
                {ven: wire_name(ven) for ven in members},
                {each.place.resource: each.place.ven for each in addressees.members},
            )
            self._addressees = addressees
        return self._roster


def _metered(place: Place, name: Any, row: Resource) -> Metered:
    """Take what the inventory's `reporting` column says of a resource's reports."""
    baseline = row.reporting.get("baseline_kw")
    said = row.reporting.get("reservations")
    reservations = said if isinstance(said, dict) else {}
    return Metered(
        place,
        name,
        row.capacities,
        float(baseline) if isinstance(baseline, int | float) else None,
        {str(k): float(v) for k, v in reservations.items() if isinstance(v, int | float)} or _NONE,
    )


def timing_of(settings: Settings) -> Timing:
    """Give when reports leave, as an operator chose."""
    return Timing(
        settings.report_grace,
        settings.report_jitter,
        Terms(settings.report_frequency == "seconds", settings.report_ad_hoc),
        tuple(each.standing() for each in settings.report_standing),
    )


def reporting(
    settings: Callable[[], Settings],
    connected: Connected,
    database: Database,
    inventory: InventoryStore,
    fleet: FleetBook,
    readings: ReadingStore,
    book: EventBook,
    paused: Container[VenName],
) -> Reporting:
    """Put together what reports to a VTN that has been asked what it speaks."""
    chosen = settings()
    outbox = OutboxStore(database, connected.vtn)
    rosters = Rosters(fleet, inventory)
    baseline = Baseline() if chosen.report_baseline == "history" else None
    subjects = Subjects(readings, SpellStore(database), baseline)
    building = Building(connected.profile, Manner(frozenset(chosen.report_signed)))
    owing = Owing(
        book,
        rosters,
        DrawStore(database),
        outbox,
        readings,
        subjects,
        building,
        lambda: timing_of(settings()),
    )
    sender = Sender(outbox, Journal(outbox, utc_now), connected.transport.time_limit, utc_now)
    draining = Draining(outbox, sender, connected.speakers.of, paused, lanes=chosen.report_lanes)
    completing = Completing(owing, outbox, readings, subjects, building)
    return Reporting(outbox, OutboxListing(database), owing, completing, draining, sender)
