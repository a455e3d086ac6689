"""Dispatch: a step when something changes, begins or ends, and a task for each sink."""

import asyncio
import random
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from ven_daemon.app.dispatching import DispatchFront, choices_of
from ven_daemon.app.parts.part import Part
from ven_daemon.config import Settings
from ven_daemon.devices.port import Sink
from ven_daemon.domain.dispatches import State, Verdict
from ven_daemon.domain.ids import VenName
from ven_daemon.runtime.clock import SteadyClock
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop
from ven_daemon.runtime.supervisor import Root
from ven_daemon.services.dispatch import (
    Courier,
    DispatchService,
    EventBook,
    FleetBook,
    Opting,
    Orders,
)
from ven_daemon.store.database import Database
from ven_daemon.store.dispatch_listing import DispatchListing
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.reading_pages import ReadingPages

LOOK = timedelta(seconds=5)
"""How often it is looked whether inventory, registrations or opt-outs changed."""

TIDY = timedelta(minutes=1)
FORGET_AT_ONCE = 5000
"""Dispatches that one transaction removes: the next one may wait for it."""

_dice = random.random


class DispatchPart(Part):
    """Makes resources follow events."""

    name = "dispatch"

    def __init__(
        self,
        settings: Callable[[], Settings],
        fleet: FleetBook,
        database: Database,
        sinks: Mapping[str, Sink],
        book: EventBook,
        readings: ReadingPages,
        pauses: Container[VenName],
    ) -> None:
        self._settings = settings
        self._clock = SteadyClock()
        self._store = DispatchStore(database)
        self._listing = DispatchListing(database)
        self._counts: Mapping[str, int] = {}
        self._due: Mapping[str, int] = {}
        outs = OptOutStore(database)
        self._service = DispatchService(
            book,
            fleet,
            Orders(DrawStore(database), _dice),
            self._store,
            outs,
            readings,
            lambda: choices_of(settings()),
            self._clock,
            pauses,
        )
        self._couriers = [Courier(each, self._store, _dice, self._clock) for each in sinks.values()]
        self._stepping = Loop("dispatch", self._step)
        self._tidying = Loop("dispatch housekeeping", self._tidy)
        self._stepped, self._recovered = asyncio.Event(), asyncio.Event()
        self.front = DispatchFront(database, fleet, Opting(outs, fleet, self._clock, self.changed))
        self._stepping.wake()

    def changed(self) -> None:
        """Take in that something changed: opt-outs, settings."""
        self._service.changed()
        self._stepping.wake()

    def events_changed(self) -> None:
        """Take in that events changed."""
        self._service.events_changed()
        self._stepping.wake()

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Look whether anything changed; tidy up."""
        return ((self._stepping, LOOK), (self._tidying, TIDY))

    def roots(self) -> Mapping[str, Root]:
        """Watch the clock, and serve each sink."""
        return {
            "dispatch clock": self._watch_the_clock,
            **{f"courier {c.sink.name}": self._serving(c) for c in self._couriers},
        }

    async def rest(self) -> None:
        """End in order; where that is chosen, release whatever is followed."""
        await super().rest()
        if self._settings().failsafe_stop == "release":
            await self._store.release(self._clock())
            await asyncio.gather(*(courier.drain() for courier in self._couriers))
        await asyncio.gather(*(courier.rest() for courier in self._couriers))

    def reload(self, settings: Settings) -> None:
        """Plan with what was read; sinks stay those of the start."""
        del settings
        self.changed()

    async def _step(self) -> None:
        if not self._recovered.is_set():
            await self._store.recover(self._clock())
            self._recovered.set()
        changes = await self._service.step()
        self._stepped.set()
        if changes.created or changes.changed:
            for courier in self._couriers:
                courier.wake()

    async def _watch_the_clock(self) -> None:
        """Wake the step when something begins or ends, by the clock that does not jump."""
        while True:
            self._stepped.clear()
            due = self._service.due
            pause = None if due is None else (due - self._clock()).total_seconds()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stepped.wait()
                continue
            self._stepping.wake()
            await self._stepped.wait()

    def _serving(self, courier: Courier) -> Root:
        async def serve() -> None:
            await self._recovered.wait()
            await courier.run()

        return serve

    async def _tidy(self) -> None:
        before = self._clock() - self._settings().dispatch_retention
        full = True
        while full:  # one transaction after the other: whoever hands over comes between
            full = await self._store.forget(before, FORGET_AT_ONCE) == FORGET_AT_ONCE
        self._counts = await self._listing.counts()
        self._due = await self._listing.due(self._clock())

    def figures(self) -> Iterable[Figure]:
        """Dispatches by state, what is planned, and how each sink does."""
        states: dict[tuple[str, ...], float] = {
            (each.value,): float(self._counts.get(each.value, 0)) for each in State
        }
        yield Figure("dispatches", "Dispatches on record, by state.", states, ("state",))
        yield from self._planned()
        yield from self._sinks()

    def _planned(self) -> Iterable[Figure]:
        planned = self._service.planned
        if planned is None:
            return
        words = "Resources that follow something now or will."
        yield Figure.gauge("dispatch_resources", words, planned.followed)
        words = "Events of which nothing could be made, or not all."
        yield Figure.gauge("dispatch_refused_events", words, len(planned.refused))
        words = "Events with more windows than one plan takes in."
        yield Figure.gauge("dispatch_cut_short_events", words, len(planned.cut_short))
        words = "Targets of events that nobody of the fleet bears."
        yield Figure.gauge("dispatch_unknown_targets", words, planned.unknown_targets)
        words = "VENs for which the VTN has been silent for so long that the fail-safe holds."
        yield Figure.gauge("dispatch_silent_vens", words, len(planned.quiet.vens))
        words = "Resources left alone because their readings stopped."
        yield Figure.gauge("dispatch_unmeasured_resources", words, len(planned.quiet.resources))

    def _sinks(self) -> Iterable[Figure]:
        tallies = {courier.sink.name: courier.tally for courier in self._couriers}
        due: dict[tuple[str, ...], float] = {(n,): float(self._due.get(n, 0)) for n in tallies}
        words = "Dispatches that a sink is to be told of and has not acknowledged, each minute."
        yield Figure("dispatches_due", words, due, ("sink",))
        verdicts: dict[tuple[str, ...], float] = {
            (name, each.value): float(tally.verdicts[each])
            for name, tally in tallies.items()
            for each in Verdict
        }
        words = "Commands that sinks were told, by what they answered."
        yield Figure("sink_commands", words, verdicts, ("sink", "verdict"), "counter")
        kept: tuple[tuple[str, str, Callable[[Any], float], bool], ...] = (
            ("sink_calls", "Calls of a sink.", lambda t: t.calls, True),
            ("sink_seconds", "Seconds spent waiting for a sink.", lambda t: t.seconds, True),
            ("sink_late", "Commands handed over over a second late.", lambda t: t.late, True),
            ("sink_slowest_seconds", "The longest call.", lambda t: t.slowest, False),
            ("sink_unreachable", "1: its last call found nobody.", lambda t: t.unreachable, False),
            ("sink_calls_in_flight", "Calls under way.", lambda t: t.in_flight, False),
        )
        for name, words, read, counts in kept:
            samples: dict[tuple[str, ...], float] = {
                (sink,): float(read(tally)) for sink, tally in tallies.items()
            }
            yield Figure(name, words, samples, ("sink",), "counter" if counts else "gauge")

    def summary(self) -> Mapping[str, Any]:
        """Count dispatches by state, and commands."""
        planned = self._service.planned
        tallies = [courier.tally for courier in self._couriers]
        return {
            **self._counts,
            "resources": planned.followed if planned else 0,
            "commands": sum(tally.verdicts.total() for tally in tallies),
            "late": sum(tally.late for tally in tallies),
        }
