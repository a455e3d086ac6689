"""A plan laid out: who follows what and by which sink, when that changes, and what is new in it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ven_daemon.domain.dispatches import Dispatch
from ven_daemon.domain.dispatching.convergence import (
    Assignment,
    Changes,
    Wanted,
    begin,
    converge,
    in_force,
)
from ven_daemon.domain.dispatching.schedules import Roster, Schedule
from ven_daemon.domain.dispatching.scheduling import Planner
from ven_daemon.domain.dispatching.selectors import Kind, Route, choose
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.optouts import Absence, OptOut, absences
from ven_daemon.domain.targets import Place
from ven_daemon.store.dispatches import Plan, Record

LEAD = timedelta(seconds=2)
"""How long before it begins a dispatch is on record, so that its sink is told in time."""

AT_ONCE = 500
"""Of how many payloads, each counted for everyone it is meant for, a plan is made at once.

It takes five milliseconds of the event loop at the most; larger ones are made beside it.
"""


def away(
    outs: Sequence[OptOut],
    gone: Mapping[ResourceKey, Absence],
    roster: Roster,
    begin: datetime,
    until: datetime,
) -> dict[Place, tuple[Absence, ...]]:
    """Say who is away when: who opted out, and whose readings stopped."""
    found: defaultdict[Place, list[Absence]] = defaultdict(list)
    for out in outs:
        times = absences(out, begin, until)
        for member in roster.of(out.ven):
            if times and out.is_about(member.place):
                found[member.place].extend(times)
    if gone:
        for place in roster.by_place:
            if place.resource in gone:
                found[place].append(gone[place.resource])
    return {place: tuple(times) for place, times in found.items()}


async def laid_out(
    planner: Planner, roster: Roster, routes: Sequence[Route]
) -> tuple[Plan, list[datetime]]:
    """Make the plan, say by which sink everybody is reached, and when something happens.

    One of few is made at once: to wake another thread takes as long.
    """
    if planner.is_within(AT_ONCE):
        return _lay_out(planner, roster, routes)
    return await asyncio.to_thread(_lay_out, planner, roster, routes)


def _lay_out(
    planner: Planner, roster: Roster, routes: Sequence[Route]
) -> tuple[Plan, list[datetime]]:
    schedules = planner.plan()
    sinks: dict[Kind, str] = {}
    named = {route.whom.resource for route in routes}
    plan: dict[Place, tuple[Assignment, Schedule]] = {}
    for place, schedule in schedules.items():
        member = roster.by_place[place]
        kind = member.kind
        if place.resource not in named:
            kind = Kind(kind.type, kind.sub_type, "")
        sink = sinks.get(kind)
        if sink is None:
            route = choose(routes, kind)
            sink = sinks[kind] = route.sink if route else routes[0].sink
        plan[place] = Assignment(place, member.name, sink), schedule
    different = {id(schedule): schedule for schedule in schedules.values()}
    edges: set[datetime] = set()
    for schedule in different.values():
        for entry in schedule.entries:
            edges.update((entry.start - LEAD, entry.start, entry.end or entry.start))
    return plan, sorted(edges)


def compare(plan: Plan, record: Record, now: datetime) -> Changes:
    """Compare everybody's schedule with the record, and the record with nothing planned."""
    wanted: dict[int, tuple[Wanted, ...]] = {}
    created: list[Dispatch] = []
    changed: list[Dispatch] = []
    for place, (who, schedule) in plan.items():
        holding = wanted.get(id(schedule))
        if holding is None:
            holding = wanted[id(schedule)] = in_force(schedule.entries, now, LEAD)
        held = record.get(place)
        if held:
            some = converge(who, holding, held, now)
            created.extend(some.created)
            changed.extend(some.changed)
        else:
            created += [begin(who, each) for each in holding]
    for place, held in record.items():
        if place not in plan:
            nobody = Assignment(place, held[0].name, held[0].sink)
            changed.extend(converge(nobody, (), held, now).changed)
    return Changes(tuple(created), tuple(changed))
