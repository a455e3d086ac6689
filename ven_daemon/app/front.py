"""The daemon as its operators see it: what the HTTP surface asks, answered from what is open."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ven_daemon.app.connection import Connection
from ven_daemon.app.dispatching import DispatchFront
from ven_daemon.app.events import EventFront
from ven_daemon.app.figures import core_figures, store_figures, vtn_figures
from ven_daemon.app.parts import EventsPart, Part, ReadingsPart, RegistrationPart
from ven_daemon.app.reports import ReportFront
from ven_daemon.config import Settings
from ven_daemon.domain.ids import VenName
from ven_daemon.ops.desk import VtnView
from ven_daemon.ops.readings import ReadingsDesk
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.fleet_view import FleetView
from ven_daemon.runtime.health import Health
from ven_daemon.runtime.loop import LoopState
from ven_daemon.runtime.schedule import Cadences
from ven_daemon.store.database import Standing
from ven_daemon.store.lease import Lease
from ven_daemon.store.pauses import Pauses


class Front:
    """Answers before anything is open, too: with what there is."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self.health = Health()
        self.pauses = Pauses()
        self.fleet = FleetView(self.pauses)
        self.cadences = Cadences()
        self.started_at = datetime.now(UTC)
        self.parts: Sequence[Part] = ()
        self.registration: RegistrationPart | None = None
        self.taker: ReadingsPart | None = None
        self.follower: EventsPart | None = None
        self.events: EventFront | None = None
        self.dispatch: DispatchFront | None = None
        self.reports: ReportFront | None = None
        self.connection: Connection | None = None
        self.lease: Lease | None = None
        self.standing: Standing | None = None
        self._settings = settings

    def loops(self) -> list[tuple[LoopState, datetime | None]]:
        """Every loop, and when it runs next."""
        return [(state, self.cadences.next_run(state.name)) for state in self.loop_states()]

    def loop_states(self) -> list[LoopState]:
        """How each loop is doing."""
        return [state for part in self.parts for state in part.states()]

    def figures(self) -> Iterable[Figure]:
        """Give the metrics of the core and of every part."""
        yield from core_figures(self.health, self.cadences, self.pauses, self.lease)
        if self.standing is not None:
            yield from store_figures(self.standing)
        if self.connection is not None and self.connection.current is not None:
            yield from vtn_figures(self.connection.current)
        for part in self.parts:
            yield from part.figures()

    def summaries(self) -> Mapping[str, Any]:
        """Give the counts of every part that has some, by its name."""
        found = {part.name: part.summary() for part in self.parts}
        return {name: summary for name, summary in found.items() if summary}

    def readings(self) -> ReadingsDesk | None:
        """Who takes readings, while there is somebody who can."""
        taker = self.taker
        return taker if taker and taker.is_open and not self.health.stopping else None

    def vtn(self) -> VtnView:
        """How the VTN is doing."""
        url = str(self._settings().vtn_url)
        connected = self.connection.current if self.connection else None
        if connected is None:
            return VtnView(url, None, False, False, 0, 0, 0)
        transport = connected.transport
        return VtnView(
            url,
            connected.profile.name,
            transport.circuit.answered,
            transport.circuit.is_open,
            transport.requests,
            transport.writes,
            transport.gate.limit,
        )

    def words(self) -> str:
        """Say in a line how it goes; a standby has nothing to count."""
        if "lease" in self.health.concerns:
            return "standby"
        counts = self.fleet.counts()
        return f"{counts['resources_registered']} of {counts['resources']} resources registered"

    def configuration(self) -> Mapping[str, Any]:
        """Give the settings in force, secrets masked."""
        return self._settings().shown()

    async def resources(self, ven: str) -> list[Mapping[str, Any]]:
        """Give what is on record of the resources of one VEN."""
        return await self.registration.resources(ven) if self.registration else []

    def reconcile(self, ven: str | None) -> None:
        """Ask for a pass over one VEN, or all, and for its events, as soon as possible."""
        if self.registration is not None:
            self.registration.reconcile(ven)
        if self.follower is not None:
            self.follower.hurry(ven)

    async def pause(self, ven: str) -> None:
        """Leave a VEN alone from now on: nothing is sent for it, over restarts too."""
        await self.pauses.pause(VenName(ven), datetime.now(UTC))

    async def resume(self, ven: str) -> None:
        """Work for a VEN again, and look at it at once."""
        await self.pauses.resume(VenName(ven))
        self.reconcile(ven)
