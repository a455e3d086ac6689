"""Keeping registrations: a pass on a cadence, and at once when the inventory changes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ven_daemon.app.connection import Connection
from ven_daemon.app.parts.part import Part
from ven_daemon.app.registration import Registering, registering
from ven_daemon.config import Settings
from ven_daemon.domain.errors import InventoryError, VenDaemonError, VtnUnreachableError
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import Outcome, VenOutcome
from ven_daemon.domain.registration import Policy
from ven_daemon.runtime.fleet_view import FleetView
from ven_daemon.runtime.health import REGISTRATION, Health
from ven_daemon.runtime.loop import Loop
from ven_daemon.runtime.memory import give_back
from ven_daemon.services.registration import Selection
from ven_daemon.store.database import Database
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.pauses import Pauses

WATCH_INVENTORY = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


class RegistrationPart(Part):
    """Makes the VTN equal to the inventory, again and again."""

    name = "registration"

    def __init__(
        self,
        settings: Callable[[], Settings],
        connection: Connection,
        inventory: InventoryStore,
        database: Database,
        fleet: FleetView,
        health: Health,
        pauses: Pauses,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._inventory = inventory
        self._database = database
        self._fleet = fleet
        self._health = health
        self._pauses = pauses
        self._registration = Loop("registration", self._reconcile)
        self._watching = Loop("inventory", self._watch_inventory)
        self._asked: set[VenName] = set()
        self._everything = False
        self._seen: str | None = None
        self._registration.wake()

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Reconcile on the period that is set; look at the inventory every few seconds."""
        period = self._settings().reconcile_interval
        return ((self._registration, period), (self._watching, WATCH_INVENTORY))

    def reload(self, settings: Settings) -> None:
        """Go over the whole fleet with what was read."""
        del settings
        self.reconcile(None)

    def reconcile(self, ven: str | None) -> None:
        """Ask for a pass over one VEN, or all, as soon as possible."""
        if ven is None:
            self._everything = True
        else:
            self._asked.add(VenName(ven))
        self._registration.wake()

    async def resources(self, ven: str) -> list[Mapping[str, Any]]:
        """Give what is on record of the resources of one VEN."""
        opened = self._opened()
        if opened is None:
            return []
        name = VenName(ven)
        records = (await opened.store.records(name)).get(name)
        return [
            {
                "name": record.name,
                "resource_id": record.key,
                "id": record.vtn_id,
                "status": record.status.value,
                "error": record.last_error,
            }
            for record in (records.resources.values() if records else ())
        ]

    async def _reconcile(self) -> None:
        """One pass: over the VENs that were asked for, or over all."""
        names, self._asked = self._asked, set()
        some = () if self._everything else tuple(names)
        selection = Selection(names=some, without=self._pauses)
        self._everything = False
        try:
            await self._register(selection)
            self._health.settled("inventory")
        except InventoryError as error:
            self._health.lacks("inventory", str(error))
            raise
        finally:
            if selection.is_whole:
                await asyncio.to_thread(give_back)  # a pass is the largest thing that we do
            # A VTN that is down is a class: the first pass has ended all the same.
            self._health.settled(REGISTRATION)

    async def _register(self, selection: Selection) -> None:
        try:
            connected = await self._connection.get()
        except VenDaemonError as error:
            await self._classify(selection, error)
            raise
        opened = registering(self._settings(), self._inventory, self._database, connected)
        outcome = await opened.service.register(selection, Policy(), put_off=True)
        self._come_back([each for each in outcome.vens if each.put_off is not None])
        self._fleet.take(outcome, datetime.now(UTC), whole=selection.is_whole)
        _log.info(
            "registration.passed",
            vens=len(outcome.vens),
            resources=outcome.registered,
            writes=outcome.writes,
            failed=len(outcome.failures),
        )
        circuit = connected.transport.circuit
        if circuit.is_open or circuit.gave_up:
            raise VtnUnreachableError("the VTN does not work: see the failures of the VENs")

    def _come_back(self, vens: Sequence[VenOutcome]) -> None:
        """Look at VENs again as soon as that makes sense, rather than a whole period later."""
        now = datetime.now(UTC)
        for each in vens:
            if each.put_off is not None:
                wait = max(0.0, (each.put_off - now).total_seconds()) + 0.05
                asyncio.get_running_loop().call_later(wait, self.reconcile, each.ven)

    async def _classify(self, selection: Selection, error: VenDaemonError) -> None:
        """Say of every VEN why nothing can be done for it: the VTN cannot be asked."""
        fleet = await self._inventory.fleet()
        outcome = Outcome(problems=fleet.problems())
        for ven in fleet.vens:
            each = VenOutcome(ven.name, len(ven.enabled), failures={None: str(error)})
            alone = ven.name in selection.without
            (outcome.left_alone if alone else outcome.vens).append(each)
        self._fleet.take(outcome, datetime.now(UTC), whole=True)

    async def _watch_inventory(self) -> None:
        """Follow changes of the inventory at once."""
        mark = await self._inventory.mark()
        if self._seen is not None and mark != self._seen:
            _log.info("inventory.changed")
            self.reconcile(None)
        self._seen = mark

    def _opened(self) -> Registering | None:
        connected = self._connection.current
        if connected is None:
            return None
        return registering(self._settings(), self._inventory, self._database, connected)
