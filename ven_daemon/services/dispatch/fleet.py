"""Who can be told what to do: the inventory, by the names and targets that the VTN knows."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ven_daemon.domain.dispatching.ratings import Rating
from ven_daemon.domain.dispatching.schedules import Member, Roster
from ven_daemon.domain.dispatching.selectors import Kind
from ven_daemon.domain.fleet import Fleet, Ven
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.naming import resource_names, wire_name
from ven_daemon.domain.registration import Records
from ven_daemon.domain.targets import Bearer, Place, TargetIndex
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.registrations import RegistrationStore


@dataclass(frozen=True, slots=True, eq=False)
class Addressees:
    """Everybody who can be told something, and how events mean them; equal only to itself."""

    roster: Roster
    index: TargetIndex

    @property
    def members(self) -> tuple[Member, ...]:
        """Give them in the order of the inventory."""
        return tuple(self.roster.by_place.values())


class FleetBook:
    """Keeps the addressees, and reads them again when inventory or registrations change.

    A fleet takes megabytes: whoever needs it shares a book.
    """

    def __init__(self, inventory: InventoryStore, registrations: RegistrationStore) -> None:
        self._inventory = inventory
        self._registrations = registrations
        self._reading = asyncio.Lock()
        self._mark: tuple[Any, ...] | None = None
        self._addressees = Addressees(Roster(()), TargetIndex({}))

    async def addressees(self) -> Addressees:
        """Give everybody; the same object for as long as nothing changed."""
        async with self._reading:
            mark = (await self._inventory.mark(), *await self._registrations.mark())
            if mark != self._mark:
                fleet = await self._inventory.fleet()
                records = await self._registrations.records()
                self._addressees = address(fleet, records)
                self._mark = mark
            return self._addressees


def address(fleet: Fleet, records: Mapping[VenName, Records]) -> Addressees:
    """Say how everybody of the fleet is addressed; what is disabled is told nothing."""
    members: list[Member] = []
    vens: dict[VenName, Bearer] = {}
    bearers: dict[Place, Bearer] = {}
    for ven in fleet.vens:
        known = records.get(ven.name, Records())
        vens[ven.name] = _bearer(wire_name(ven.name), known)
        for member, bearer in _of(ven, known):
            members.append(member)
            bearers[member.place] = bearer
    return Addressees(Roster(members), TargetIndex(vens, bearers))


def _of(ven: Ven, known: Records) -> list[tuple[Member, Bearer]]:
    names = resource_names(ven.resources, known.remembered)
    found = []
    for row in ven.enabled:
        name = names[row.resource_id]
        kind = Kind(row.resource_type, row.resource_sub_type, row.resource_id)
        place = Place(ven.name, row.resource_id)
        member = Member(place, name, kind, Rating.of(row.capacities))
        record = known.resources.get(name)
        id_ = record.vtn_id if record else None
        targets = record.targets if record else ()
        found.append((member, Bearer((name, *([id_] if id_ else [])), targets)))
    return found


def _bearer(name: str, known: Records) -> Bearer:
    if known.ven is None:
        return Bearer((name,))
    id_ = known.ven.vtn_id
    return Bearer((name, *([id_] if id_ else [])), known.ven.targets)
