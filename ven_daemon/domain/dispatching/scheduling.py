"""Making schedules: each resource's events, resolved, read as kW, and shared by who is alike."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ven_daemon.domain.dispatching.claims import Claim, heard, present
from ven_daemon.domain.dispatching.limiting import Roles, limited
from ven_daemon.domain.dispatching.policies import ALONE, SHARED, Ask, Derived, Policy
from ven_daemon.domain.dispatching.priority import resolve
from ven_daemon.domain.dispatching.ratings import Pool, Rating
from ven_daemon.domain.dispatching.schedules import (
    Entry,
    Member,
    Order,
    Roster,
    Schedule,
    Situation,
)
from ven_daemon.domain.dispatching.selectors import Kind
from ven_daemon.domain.durations import shifted
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.optouts import Absence
from ven_daemon.domain.payload_types import descriptor, problem
from ven_daemon.domain.targets import Place
from ven_daemon.domain.windows import Window

WINDOW_LIMIT = 20_000
"""Windows of one event that one plan takes in; further ones wait for the next plan."""


class _Asked(NamedTuple):
    """What a resource is asked, and when it is away; those who are asked alike share it."""

    orders: tuple[int, ...]
    ven: VenName | None
    absences: tuple[Absence, ...]


class _Read(NamedTuple):
    """What one event asks of one VEN."""

    claims: tuple[Claim, ...]
    refused: tuple[Entry, ...]


class Planner:
    """Makes the plan of one situation; what resources have in common is done once."""

    def __init__(self, roster: Roster, situation: Situation) -> None:
        self.situation = situation
        self._roster = roster
        self._pools = _Pools(roster, situation.orders)
        self._read: dict[tuple[int, VenName | None], _Read] = {}
        self._resolved: dict[_Asked, tuple[Claim, ...]] = {}
        self._policies: dict[tuple[_Asked, Kind], tuple[dict[str, Policy], bool]] = {}
        self._schedules: dict[tuple[_Asked, Kind, Rating, VenName | None], Schedule] = {}
        self._alike: dict[tuple[Entry, ...], Schedule] = {}
        self.refused: dict[EventId, str] = {}
        """Events that hold nonsense, and what was wrong with it."""
        self.cut_short: set[EventId] = set()
        """Events with more windows than one plan takes in."""

    def is_within(self, most: int) -> bool:
        """Whether those meant, each counted once for every payload of theirs, are few."""
        left = most
        for order in self.situation.orders:
            audience = order.audience
            if len(audience.vens) > left:
                return False
            meant = len(audience.resources) + sum(len(self._roster.of(v)) for v in audience.vens)
            for window in self._windows(order, None):
                left -= max(meant, 1) * max(len(window.payloads), 1)
                if left < 0:
                    return False
        return True

    def plan(self) -> dict[Place, Schedule]:
        """Give every resource that is to follow something its schedule; it costs those meant."""
        whole: defaultdict[VenName, list[int]] = defaultdict(list)
        single: defaultdict[Place, list[int]] = defaultdict(list)
        for number, order in enumerate(self.situation.orders):
            for ven in order.audience.vens:
                whole[ven].append(number)
            for place in order.audience.resources:
                single[place].append(number)
        found: dict[Place, Schedule] = {}
        for ven, numbers in whole.items():
            asked = self._asked(ven, tuple(numbers))
            for member in self._roster.of(ven):
                if member.place not in single:
                    self._follow(member, asked, found)
        for place, some in single.items():
            orders = tuple(sorted({*some, *whole.get(place.ven, ())}))
            self._follow(self._roster.by_place[place], self._asked(place.ven, orders), found)
        return found

    def _follow(self, member: Member, asked: _Asked, found: dict[Place, Schedule]) -> None:
        absences = self.situation.absences.get(member.place)
        if absences:
            asked = asked._replace(absences=absences)
        schedule = self._schedule(member, asked)
        if schedule.entries:
            found[member.place] = schedule

    def _asked(self, ven: VenName, orders: tuple[int, ...]) -> _Asked:
        """Name the VEN only where it makes a difference: by its draws, or by its silence."""
        situation = self.situation
        own = ven in situation.silent or any(ven in situation.orders[n].drawn for n in orders)
        return _Asked(orders, ven if own else None, ())

    def _schedule(self, member: Member, asked: _Asked) -> Schedule:
        kind = self.situation.rules.class_of(member.kind)
        policies, shares = self._policies_of(asked, kind)
        key = (asked, kind, member.rating, member.place.ven if shares else None)
        found = self._schedules.get(key)
        if found is None:
            read = [self._entry(claim, member, policies) for claim in self._resolve(asked)]
            entries = limited(read, Roles.of(policies))
            for number in asked.orders:
                entries.extend(self._read_order(number, asked.ven).refused)
            made = tuple(sorted(entries, key=_by_start))
            found = self._schedules[key] = self._alike.setdefault(made, Schedule(made))
        return found

    def _policies_of(self, asked: _Asked, kind: Kind) -> tuple[dict[str, Policy], bool]:
        """Choose who reads what a resource is asked, and say whether any of it is shared."""
        found = self._policies.get((asked, kind))
        if found is None:
            types = {claim.payload.type for claim in self._resolve(asked)}
            chosen = {type_: self.situation.rules.policy(type_, kind) for type_ in types}
            shares = any(policy in SHARED for policy in chosen.values())
            found = self._policies[asked, kind] = chosen, shares
        return found

    def _resolve(self, asked: _Asked) -> tuple[Claim, ...]:
        if asked not in self._resolved:
            read = (self._read_order(number, asked.ven) for number in asked.orders)
            claims = (claim for each in read for claim in each.claims)
            self._resolved[asked] = resolve(present(claims, asked.absences))
        return self._resolved[asked]

    def _read_order(self, number: int, ven: VenName | None) -> _Read:
        """Read the windows of an event, as one VEN has them, into claims and nonsense."""
        if (number, ven) not in self._read:
            order = self.situation.orders[number]
            silence = self.situation.silent.get(ven) if ven else None
            claims: list[Claim] = []
            refused: list[Entry] = []
            for window in self._windows(order, ven):
                for payload in window.payloads:
                    claim = Claim.of(order.event, order.version, window, payload)
                    claim = claim._replace(source=number)
                    words = problem(payload)
                    if words is None:
                        claims.extend(heard([claim], silence))
                    else:
                        self.refused.setdefault(order.event.id, words)
                        refused.append(_entry(claim, Derived(reason=words), refused=True))
            self._read[number, ven] = _Read(tuple(claims), tuple(refused))
        return self._read[number, ven]

    def _windows(self, order: Order, ven: VenName | None) -> Iterator[Window]:
        times = order.drawn.get(ven, order.nominal) if ven else order.nominal
        limit = shifted(self.situation.until, order.reach)
        for count, window in enumerate(times.windows(self.situation.begin)):
            if window.nominal_start >= limit:
                return
            if count >= WINDOW_LIMIT:
                self.cut_short.add(order.event.id)
                return
            yield window

    def _entry(self, claim: Claim, member: Member, policies: Mapping[str, Policy]) -> Entry:
        type_, values = claim.payload
        order = self.situation.orders[claim.source]
        described = descriptor(type_, order.event.payload_descriptors, order.defaults)
        hours = (claim.end - claim.start).total_seconds() / 3600 if claim.end else None
        pool = (
            self._pools.of(claim.source, member.place.ven) if policies[type_] in SHARED else ALONE
        )
        units, currency = described.units, described.currency
        ask = Ask(type_, values, member.rating, units, currency, hours, pool)
        return _entry(claim, policies[type_](ask))


class _Pools:
    """What those of a VEN can do together whom an event means."""

    def __init__(self, roster: Roster, orders: Sequence[Order]) -> None:
        self._roster = roster
        self._orders = orders
        self._found: dict[tuple[int, VenName], Pool] = {}

    def of(self, number: int, ven: VenName) -> Pool:
        """Add up, once for each order and VEN; who has opted out still counts."""
        if (number, ven) not in self._found:
            audience = self._orders[number].audience
            meant = (each.rating for each in self._roster.of(ven) if each.place in audience)
            self._found[number, ven] = Pool.of(meant)
        return self._found[number, ven]


def _entry(claim: Claim, derived: Derived, *, refused: bool = False) -> Entry:
    type_, values = claim.payload
    reason = derived.reason
    if claim.rank[0]:
        reason = ", ".join(filter(None, ("the VTN is silent: subscribed capacity", reason)))
    return Entry(
        claim.event,
        claim.version,
        claim.window,
        type_,
        values,
        derived.kw,
        derived.kwh,
        claim.start,
        claim.end,
        reason,
        refused,
    )


def _by_start(entry: Entry) -> tuple[datetime, str, str, str]:
    return entry.start, entry.type, entry.event, entry.window
