"""A setpoint under a capacity limit: of what holds at once, the limit has the last word.

Payload types do not compete (User Guide 7.1), so both are handed on. But a limit is the
most that its resource may import or export, and a power that a device would carry out to
the letter must not pass it: for as long as both hold, the setpoint is clamped (F40).
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from ven_daemon.domain.dispatching.policies import (
    Policy,
    charge,
    export_limit,
    import_limit,
    setpoint,
)
from ven_daemon.domain.dispatching.schedules import Entry

_FOR_EVER = datetime.max.replace(tzinfo=UTC)

Limits = Mapping[str, Sequence[Entry]]
"""By payload type, those of one in order of start and without overlap."""


class Roles(NamedTuple):
    """Which payload types say what power is to be, and which what it may be."""

    setpoints: frozenset[str]
    ceilings: frozenset[str]
    floors: frozenset[str]
    """Limits of export: powers are negative."""

    @classmethod
    def of(cls, policies: Mapping[str, Policy]) -> "Roles":
        """Read them off the policies by which types are read."""
        groups = ({setpoint, charge}, {import_limit}, {export_limit})
        return cls(*(frozenset(t for t, p in policies.items() if p in group) for group in groups))


def limited(entries: Iterable[Entry], roles: Roles) -> list[Entry]:
    """Clamp the setpoints of one resource to the limits that hold beside them.

    A setpoint is split where a limit that it passes begins or ends; no time of it is lost.
    """
    some = list(entries)
    if not roles.setpoints or not (roles.ceilings or roles.floors):
        return some
    limits: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in some:
        if entry.type in roles.ceilings | roles.floors and entry.kw is not None:
            limits[entry.type].append(entry)
    made: list[Entry] = []
    for entry in some:
        is_bound = entry.type in roles.setpoints and entry.kw is not None
        made.extend(_pieces(entry, limits, roles) if is_bound else (entry,))
    return made


def _pieces(entry: Entry, limits: Limits, roles: Roles) -> Iterator[Entry]:
    """Cut one setpoint at the edges of what limits it, and join what stays the same."""
    end = _end(entry)
    lanes = [deque(_meeting(entry, some)) for some in limits.values()]
    bounds = {edge for lane in lanes for limit in lane for edge in (limit.start, _end(limit))}
    edges = sorted({entry.start, *(edge for edge in bounds if entry.start < edge < end), end})
    held: Entry | None = None
    for begin, until in pairwise(edges) if len(edges) > 1 else [(end, end)]:
        for lane in lanes:
            while lane and _end(lane[0]) <= begin:
                lane.popleft()
        here = [lane[0] for lane in lanes if lane and lane[0].start <= begin]
        piece = _clamped(entry, here, roles)._replace(
            start=begin, end=None if until == _FOR_EVER else until
        )
        if held is not None and (held.kw, held.reason) == (piece.kw, piece.reason):
            held = held._replace(end=piece.end)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _meeting(entry: Entry, limits: Sequence[Entry]) -> Iterator[Entry]:
    first = max(0, bisect_right(limits, entry.start, key=lambda each: each.start) - 1)
    for limit in limits[first:]:
        if limit.start > entry.start and limit.start >= _end(entry):
            return
        yield limit


def _clamped(entry: Entry, limits: Iterable[Entry], roles: Roles) -> Entry:
    """Bring a setpoint within what holds beside it, and say by what."""
    for limit in limits:
        kw, most = entry.kw or 0.0, limit.kw or 0.0
        if (kw < most) if limit.type in roles.floors else (kw > most):
            words = f"clamped from {kw:.6g} to {most:.6g} kW by {limit.type}"
            reason = ", ".join(filter(None, (entry.reason, words)))
            entry = entry._replace(kw=most, reason=reason)
    return entry


def _end(entry: Entry) -> datetime:
    return _FOR_EVER if entry.end is None else entry.end
