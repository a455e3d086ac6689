"""Opting out and in again: an operator's word, made a decision on record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import structlog

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.optouts import OptOut, Weekly
from ven_daemon.domain.targets import Place
from ven_daemon.services.dispatch.fleet import FleetBook
from ven_daemon.store.optouts import OptOutStore

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asks for."""

    ven: str
    resource: str | None = None
    """By its name at the VTN, or by its key in the inventory."""
    event: str | None = None
    start: datetime | None = None
    """None is now."""
    end: datetime | None = None
    weekly: Weekly | None = None
    reason: str = ""


class Decision(NamedTuple):
    """An opt-out as it is shown."""

    out: OptOut
    resource: ResourceName | None
    """Its resource's name at the VTN; None where it is about all, or is not there any more."""


class Opting:
    """Each method can be repeated; a decision that is taken back stays on record."""

    def __init__(
        self,
        outs: OptOutStore,
        fleet: FleetBook,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take whom to tell when something *changed*."""
        self._outs = outs
        self._fleet = fleet
        self._clock = clock
        self._changed = changed

    async def out(self, wish: Wish) -> Decision:
        """Keep a decision.

        Raises:
            ConfigurationError: the inventory has no such VEN or resource, or it ends too soon.
        """
        now = self._clock()
        start = wish.start or now
        if wish.end is not None and wish.end <= max(start, now):
            raise ConfigurationError("an opt-out must end after it begins, and in the future")
        out = OptOut(
            str(uuid4()),
            VenName(wish.ven),
            start,
            wish.end,
            await self._resource(wish),
            EventId(wish.event) if wish.event is not None else None,
            wish.weekly,
            wish.reason,
        )
        await self._outs.add(out, now)
        _log.info("optout.made", id=out.id, ven=out.ven, resource=out.resource)
        self._changed()
        return await self._named(out)

    async def back(self, id_: str) -> bool:
        """Take a decision back from now on; False where none of that id still holds."""
        ended = await self._outs.end(id_, self._clock())
        if ended:
            _log.info("optout.ended", id=id_)
            self._changed()
        return ended

    async def holding(self) -> list[Decision]:
        """Give the decisions that hold now or will."""
        return [await self._named(out) for out in await self._outs.since(self._clock())]

    async def _named(self, out: OptOut) -> Decision:
        if out.resource is None:
            return Decision(out, None)
        roster = (await self._fleet.addressees()).roster
        member = roster.by_place.get(Place(out.ven, out.resource))
        return Decision(out, member.name if member else None)

    async def _resource(self, wish: Wish) -> ResourceKey | None:
        addressees = await self._fleet.addressees()
        if VenName(wish.ven) not in addressees.index.vens:
            raise ConfigurationError(f"the inventory has no VEN {wish.ven!r}")
        if wish.resource is None:
            return None
        for member in addressees.roster.of(VenName(wish.ven)):
            if member.is_called(wish.resource):
                return member.place.resource
        raise ConfigurationError(f"{wish.ven} has no enabled resource {wish.resource!r}")
