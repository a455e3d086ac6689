"""One step of dispatch: plan what holds, compare it with the record, keep the difference."""

from bisect import bisect_right
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from ven_daemon.domain.dispatching.convergence import Changes
from ven_daemon.domain.dispatching.schedules import Situation
from ven_daemon.domain.dispatching.scheduling import Planner
from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.optouts import OptOut
from ven_daemon.services.dispatch.book import EventBook
from ven_daemon.services.dispatch.choices import Choices
from ven_daemon.services.dispatch.fleet import Addressees, FleetBook
from ven_daemon.services.dispatch.layout import away, compare, laid_out
from ven_daemon.services.dispatch.orders import Orders, Placed
from ven_daemon.services.dispatch.quiet import Listening, Quiet
from ven_daemon.store.dispatches import DispatchStore, Plan, Record
from ven_daemon.store.optouts import Mark, OptOutStore
from ven_daemon.store.reading_pages import ReadingPages

PERIOD = timedelta(hours=6)
"""Plans begin and end on this grid: within a period, the passing of time changes no schedule."""

BACKWARDS = timedelta(hours=1)
"""How far back a plan reaches at least: what ended, but may not have been released yet."""

PLAN_AGE = timedelta(minutes=5)
"""How old a plan may become before it is made anew though nobody said that anything changed."""

LOOK_AGE = timedelta(seconds=5)
"""How long what was seen of fleet and opt-outs serves a step that only events ask for."""

NAMED = 5
"""Of many who fall silent together, so many are named in the log."""

_log = structlog.get_logger(__name__)


class Seen(NamedTuple):
    """Whom there is to tell, and what changes when somebody opts out or in again."""

    addressees: Addressees
    outs: Mark


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what is to be seen of it."""

    plan: Plan
    edges: Sequence[datetime]
    """Every instant at which something begins or ends, in order."""
    begin: datetime
    made: datetime
    quiet: Quiet
    seen: Seen
    """What it was made of, to see whether it still holds."""
    refused: Mapping[EventId, str]
    """Events of which something, or all, was refused, and why."""
    cut_short: frozenset[EventId]
    unknown_targets: int

    @property
    def followed(self) -> int:
        """How many resources follow something."""
        return len(self.plan)


class DispatchService:
    """Safe to repeat at any time; nothing depends on having seen anything change."""

    def __init__(
        self,
        book: EventBook,
        fleet: FleetBook,
        orders: Orders,
        store: DispatchStore,
        outs: OptOutStore,
        readings: ReadingPages,
        choices: Callable[[], Choices],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        paused: Container[VenName] = (),
    ) -> None:
        """For who is *paused* nothing new begins, and what they follow takes its course."""
        self._book = book
        self._fleet = fleet
        self._orders = orders
        self._store = store
        self._outs = outs
        self._listening = Listening(book, readings, clock)
        self._choices = choices
        self._clock = clock
        self._paused = paused
        self._changed = self._look = True
        self._seen: Seen | None = None
        self._looked: datetime | None = None
        """When that was seen."""
        self.due: datetime | None = None
        """When the next step has something to do: something begins soon after, or ends."""
        self._opt_outs: tuple[tuple[datetime, Mark], Sequence[OptOut]] | None = None
        self.planned: Planned | None = None
        """The plan in force."""

    def changed(self) -> None:
        """Say that anything may have changed: the next step looks, and plans anew."""
        self._changed = self._look = True

    def events_changed(self) -> None:
        """Say that events changed: the next step plans anew, for whom it knows of."""
        self._changed = True

    async def step(self) -> Changes:
        """Plan where something changed, and bring the record in line."""
        try:
            return await self._step()
        except OutdatedError:
            return await self._step()

    async def _step(self) -> Changes:
        now = self._clock()
        planned, is_new = await self._plan(now)
        if not is_new and self.due is not None and now < self.due:
            return Changes((), ())

        def decide(record: Record) -> Changes:
            created, changed = compare(planned.plan, record, now)
            paused = self._paused
            return Changes(tuple(c for c in created if c.place.ven not in paused), changed)

        plan = planned.plan if is_new else None
        # Who opts out by command is not told of in this process, and no event may overtake it.
        with self._anew_unless_done():
            changes = await self._store.step(plan, decide, now, planned.seen.outs)
        self.planned = planned
        self.due = _next_edge(planned, now)
        if changes.created or changes.changed:
            _log.info(
                "dispatch.stepped", created=len(changes.created), changed=len(changes.changed)
            )
        return changes

    async def _plan(self, now: datetime) -> tuple[Planned, bool]:
        """Give the plan in force, or a new one where that may be out of date."""
        changed, look = self._changed, self._look
        self._changed = self._look = False
        with self._anew_unless_done():
            seen = await self._see(now, look=look or not changed)
            quiet = await self._listening.quiet(seen.addressees.index.vens, self._choices(), now)
            if self.planned and not changed and _holds(self.planned, now, quiet, seen):
                return self.planned, False
            return await self._make(now, seen, quiet), True

    @contextmanager
    def _anew_unless_done(self) -> Iterator[None]:
        """Forget nothing that was to be looked at or planned, where that comes to nothing."""
        try:
            yield
        except BaseException:
            self.changed()
            raise

    async def _see(self, now: datetime, *, look: bool) -> Seen:
        at = self._looked
        if self._seen is None or at is None or look or not now - LOOK_AGE < at <= now:
            self._seen = Seen(await self._fleet.addressees(), await self._outs.mark())
            self._looked = now
        return self._seen

    async def _make(
        self,
        now: datetime,
        seen: Seen,
        quiet: Quiet,
    ) -> Planned:
        addressees = seen.addressees
        choices, begin = self._choices(), _period(now)
        until = begin + PERIOD + choices.horizon
        known = await self._book.standing(begin)
        placed = await self._orders.place(known, addressees.index)
        outs = await self._opted_out(begin, seen.outs)
        situation = Situation(
            placed.orders,
            begin,
            until,
            away(outs, quiet.resources, addressees.roster, begin, until),
            quiet.vens,
            choices.rules,
        )
        planner = Planner(addressees.roster, situation)
        plan, edges = await laid_out(planner, addressees.roster, choices.routes)
        self._say(planner, placed, quiet)
        return Planned(
            plan,
            edges,
            begin,
            now,
            quiet,
            seen,
            {**planner.refused, **placed.unplaceable},
            frozenset(planner.cut_short),
            placed.unknown_targets,
        )

    async def _opted_out(self, begin: datetime, mark: Mark) -> Sequence[OptOut]:
        """Give the opt-outs; they are read again where their mark is not that of the plan."""
        if self._opt_outs is None or self._opt_outs[0] != (begin, mark):
            self._opt_outs = (begin, mark), await self._outs.since(begin)
        return self._opt_outs[1]

    def _say(self, planner: Planner, placed: Placed, quiet: Quiet) -> None:
        """Tell what could not be taken as it is: once, until it changes."""
        held = self.planned
        before = held.refused if held else {}
        for event, reason in {**planner.refused, **placed.unplaceable}.items():
            if before.get(event) != reason:
                _log.warning("dispatch.refused", dispatch_event=event, reason=reason)
        for event in planner.cut_short - (held.cut_short if held else set()):
            _log.warning("dispatch.cut_short", dispatch_event=event)
        if quiet.vens and not (held and held.quiet.vens):
            _log.warning("dispatch.vtn_silent", vens=len(quiet.vens))
        if fresh := quiet.resources.keys() - (held.quiet.resources.keys() if held else ()):
            some = sorted(fresh)[:NAMED]
            _log.warning("dispatch.telemetry_gone", resources=len(fresh), among_them=some)


def _next_edge(planned: Planned, now: datetime) -> datetime:
    following = bisect_right(planned.edges, now)
    later = planned.made + PLAN_AGE
    return min(planned.edges[following], later) if following < len(planned.edges) else later


def _holds(
    planned: Planned,
    now: datetime,
    quiet: Quiet,
    seen: Seen,
) -> bool:
    return (
        planned.seen == seen
        and planned.quiet.is_like(quiet)
        and planned.begin == _period(now)
        and now - PLAN_AGE < planned.made <= now
    )


def _period(now: datetime) -> datetime:
    """Give the instant from which on a plan made now looks at events."""
    seconds = int((now - BACKWARDS).timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(PERIOD.total_seconds()), UTC)
