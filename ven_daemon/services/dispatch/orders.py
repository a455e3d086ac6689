"""Events placed in time, for whom they mean; what is drawn is kept before it is used."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from ven_daemon.domain.dispatching.schedules import Order
from ven_daemon.domain.durations import FOR_EVER
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.targets import Audience, TargetIndex
from ven_daemon.domain.timeline import Timeline, draws_needed, place
from ven_daemon.services.dispatch.book import Known
from ven_daemon.store.draws import DrawStore, Lot

AT_A_TIME = 200
"""Events that are placed before others have a turn."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of the events that hold."""

    orders: tuple[Order, ...]
    unplaceable: Mapping[EventId, str] = field(default_factory=dict)
    unknown_targets: int = 0
    """Targets that nobody of the fleet bears (F45)."""


class Orders:
    """Makes orders of events; timelines and draws are kept from one time to the next."""

    def __init__(self, draws: DrawStore, dice: Callable[[], float]) -> None:
        """Take *dice* that fall uniformly in [0, 1)."""
        self._draws = draws
        self._dice = dice
        self._timelines: dict[tuple[object, ...], Timeline | str] = {}

    async def place(self, known: Sequence[Known], index: TargetIndex) -> Placed:
        """Place everything in time that means somebody."""
        meant = [(each, _audience(each, index)) async for each in _in_turns(known)]
        drawn = await self._drawn([(each, who) for each, who in meant if who])
        orders: list[Order] = []
        unplaceable: dict[EventId, str] = {}
        kept: dict[tuple[object, ...], Timeline | str] = {}
        async for each, audience in _in_turns(meant):
            if audience:
                order = self._order(each, audience, drawn, kept)
                if isinstance(order, str):
                    unplaceable[each.event.id] = order
                else:
                    orders.append(order)
        self._timelines = kept
        unknown = sum([len(index.unknown(e.event.targets)) async for e in _in_turns(known)])
        return Placed(tuple(orders), unplaceable, unknown)

    def _order(
        self,
        each: Known,
        audience: Audience,
        drawn: Mapping[Lot, Mapping[int, float]],
        kept: dict[tuple[object, ...], Timeline | str],
    ) -> Order | str:
        nominal = self._timeline(each, {}, kept)
        if isinstance(nominal, str):
            return nominal
        own = _own(each, audience, drawn)
        moved = {ven: self._timeline(each, draws, kept) for ven, draws in own.items()}
        return Order(
            each.event,
            each.version,
            audience,
            nominal,
            {ven: t for ven, t in moved.items() if isinstance(t, Timeline)},
            _reach(each),
            each.program.payload_descriptors if each.program else (),
        )

    async def _drawn(
        self, meant: Sequence[tuple[Known, Audience]]
    ) -> Mapping[Lot, Mapping[int, float]]:
        """Give what everybody drew, and draw for those who have not: once, and for good (F39)."""
        needed: defaultdict[Lot, set[int]] = defaultdict(set)
        for each, audience in meant:
            for draw in draws_needed(each.event):
                for ven in _vens(audience):
                    needed[Lot(ven, each.event.id)].add(draw.interval)
        if not needed:
            return {}
        held = await self._draws.of({lot.event for lot in needed})
        missing = {
            lot: {n: self._dice() * 2 - 1 for n in sorted(wanted - held.get(lot, {}).keys())}
            for lot, wanted in needed.items()
            if wanted - held.get(lot, {}).keys()
        }
        await self._draws.save(missing)
        return {lot: {**held.get(lot, {}), **missing.get(lot, {})} for lot in needed}

    def _timeline(
        self,
        known: Known,
        draws: Mapping[int, float],
        kept: dict[tuple[object, ...], Timeline | str],
    ) -> Timeline | str:
        key = (known.event.id, known.version, known.seen, tuple(draws.items()))
        found = self._timelines.get(key)
        if found is None:
            placed = place(known.event, known.seen, draws=draws, dialect=known.dialect)
            found = placed if isinstance(placed, Timeline) else placed.reason
        kept[key] = found
        return found


async def _in_turns(some: Iterable[T]) -> AsyncIterator[T]:
    """Go through many things without keeping everybody else waiting."""
    for count, each in enumerate(some):
        if count and count % AT_A_TIME == 0:
            await asyncio.sleep(0)
        yield each


def _audience(known: Known, index: TargetIndex) -> Audience:
    program = known.program.targets if known.program else ()
    return index.meant(known.event.targets, program, known.readers)


def _vens(audience: Audience) -> frozenset[VenName]:
    return audience.vens | {place.ven for place in audience.resources}


def _own(
    known: Known, audience: Audience, drawn: Mapping[Lot, Mapping[int, float]]
) -> dict[VenName, Mapping[int, float]]:
    lots = ((ven, Lot(ven, known.event.id)) for ven in sorted(_vens(audience)))
    return {ven: drawn[lot] for ven, lot in lots if lot in drawn}


def _reach(known: Known) -> timedelta:
    """Say how far a draw may move an event at the most; months are as long as they can be."""
    lengths: Iterable[timedelta] = (
        draw.extent.length + timedelta(days=31 * draw.extent.months)
        for draw in draws_needed(known.event)
    )
    return min(max(lengths, default=timedelta(0)), FOR_EVER)
