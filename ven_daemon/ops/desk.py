"""What the operator's HTTP surface asks of the daemon, and nothing more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ven_daemon.ops.dispatches import DispatchDesk
from ven_daemon.ops.events import EventDesk
from ven_daemon.ops.readings import ReadingsDesk
from ven_daemon.ops.reports import ReportDesk
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.fleet_view import FleetView
from ven_daemon.runtime.health import Health
from ven_daemon.runtime.loop import LoopState


@dataclass(frozen=True, slots=True)
class VtnView:
    """How the VTN is doing."""

    url: str
    profile: str | None
    answered: bool
    circuit_open: bool
    requests: int
    writes: int
    in_flight_limit: int


class Desk(Protocol):
    """The daemon, as seen by its operators."""

    health: Health
    fleet: FleetView
    started_at: datetime

    @property
    def events(self) -> EventDesk | None:
        """The events on record, once they are open."""
        ...

    @property
    def reports(self) -> ReportDesk | None:
        """The outbox, once it is open."""
        ...

    @property
    def dispatch(self) -> DispatchDesk | None:
        """Dispatch, once it is open."""
        ...

    def loops(self) -> list[tuple[LoopState, datetime | None]]:
        """Every loop, and when it runs next."""
        ...

    def figures(self) -> Iterable[Figure]:
        """The metrics of every part."""
        ...

    def summaries(self) -> Mapping[str, Any]:
        """The counts of every part that has some, by its name."""
        ...

    def readings(self) -> ReadingsDesk | None:
        """Who takes readings; None while nobody can."""
        ...

    def vtn(self) -> VtnView:
        """The VTN."""
        ...

    def configuration(self) -> Mapping[str, Any]:
        """The settings in force, secrets masked."""
        ...

    async def resources(self, ven: str) -> list[Mapping[str, Any]]:
        """The resources of one VEN: name, id at the VTN, status, last error."""
        ...

    def reconcile(self, ven: str | None) -> None:
        """Ask for a pass over one VEN, or all, as soon as possible."""
        ...

    async def pause(self, ven: str) -> None:
        """Leave a VEN alone from now on."""
        ...

    async def resume(self, ven: str) -> None:
        """Work for a VEN again."""
        ...
