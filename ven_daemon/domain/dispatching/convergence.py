"""From what is planned and what is on record to what has to change: level-triggered.

Nothing depends on having seen an event come or go. Whatever happened meanwhile, the
record is compared with the plan as it is now, and made to follow it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from ven_daemon.domain.dispatches import (
    INSTANT_GRACE,
    Answer,
    Dispatch,
    Do,
    State,
    Verdict,
    dispatch_key,
    key_of,
    said_by,
)
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import ResourceName
from ven_daemon.domain.retry import Backoff
from ven_daemon.domain.targets import Place

BACKOFF = Backoff(base=1.0, cap=60.0)
"""How long a sink that could not be reached is left alone, for each command."""


class Assignment(NamedTuple):
    """Who is to follow something, and how it is reached."""

    place: Place
    name: ResourceName
    sink: str


class Changes(NamedTuple):
    """What has to change on record."""

    created: tuple[Dispatch, ...]
    changed: tuple[Dispatch, ...]


class Wanted(NamedTuple):
    """What one or many resources are to follow."""

    entry: Entry
    due: datetime
    """When their sinks are to be told."""
    said: str
    """Their part in the names of dispatches (`dispatch_key`)."""


def in_force(entries: Iterable[Entry], now: datetime, lead: timedelta) -> tuple[Wanted, ...]:
    """Give the entries that hold now or begin within *lead*, and instants just missed."""
    holding = (entry for entry in entries if not entry.refused and _holds(entry, now, lead))
    return tuple(Wanted(entry, max(entry.start, now), said_by(entry)) for entry in holding)


def begin(who: Assignment, wanted: Wanted) -> Dispatch:
    """Give what one resource is to do of which nothing like it is on record."""
    entry, due, said = wanted
    place, name, sink = who
    return Dispatch(key_of(said, place), place, name, sink, entry, State.SCHEDULED, due)


def converge(
    who: Assignment, wanted: Sequence[Wanted], record: Sequence[Dispatch], now: datetime
) -> Changes:
    """Compare what one resource is to follow with what is on record of it.

    *record* is everything of it that is not final. What goes on unchanged is left
    alone, also where a new version of its event says the same.
    """
    left = list(record)
    created, changed = [], []
    for each in wanted:
        found = next((row for row in left if _same(row, each.entry, who.sink, now)), None)
        if found is None:
            created.append(begin(who, each))
            continue
        left.remove(found)
        if found.entry.end != each.entry.end:
            changed.append(_ending(found, each.entry.end))
    changed.extend(new for row in left if (new := withdrawn(row, now)) is not None)
    return Changes(tuple(created), tuple(changed))


def again(dispatch: Dispatch, turn: int) -> Dispatch:
    """Give the same dispatch under a new name: the old one was taken back meanwhile."""
    return replace(dispatch, key=dispatch_key(dispatch.place, dispatch.entry, turn))


def may_repeat(state: State, dispatch: Dispatch) -> bool:
    """Whether what stands on record as *state* may be given again when it is wanted again.

    What a sink refused stays refused, and what is done once was done.
    """
    return state is not State.FAILED and not dispatch.is_instant


def settle(dispatch: Dispatch, do: Do, answer: Answer, now: datetime, dice: float) -> Dispatch:
    """Say how *dispatch* stands after its sink's answer; it may have changed meanwhile."""
    if dispatch.state.is_final:
        return dispatch
    if answer.verdict is Verdict.UNREACHABLE:
        wait = timedelta(seconds=BACKOFF.delay(dispatch.attempts, 0.5 + dice / 2))
        due = now if do is not dispatch.do else now + wait
        return replace(dispatch, due=due, words=answer.reason)
    if do is Do.APPLY:
        return _applied(dispatch, answer)
    if answer.verdict is Verdict.FAILED:
        return replace(dispatch, state=State.FAILED, due=None, words=answer.reason)
    return ended(dispatch)


def ended(dispatch: Dispatch) -> Dispatch:
    """Say how *dispatch* stands once its resource follows it no longer."""
    state = State.CANCELLED if dispatch.state is State.CANCEL_PENDING else State.RELEASED
    return replace(dispatch, state=state, due=None, attempts=0)


def withdrawn(row: Dispatch, now: datetime) -> Dispatch | None:
    """End what no longer holds: at once where nobody knows of it, else by its sink.

    None is nothing to change: its end takes its course.
    """
    if row.state is State.CANCEL_PENDING:
        return None
    if row.is_over(now):
        return expired(row) if row.state is State.SCHEDULED else None
    if row.is_instant or (row.state is State.SCHEDULED and row.attempts == 0):
        return replace(row, state=State.CANCELLED, due=None)
    return replace(row, state=State.CANCEL_PENDING, due=now, attempts=0)


def expired(dispatch: Dispatch) -> Dispatch:
    """Say how *dispatch* stands when its time passed before its sink acknowledged it."""
    return replace(dispatch, state=State.EXPIRED, due=None)


def _holds(entry: Entry, now: datetime, lead: timedelta) -> bool:
    if entry.start > now + lead:
        return False
    if entry.start == entry.end:
        return entry.start > now - INSTANT_GRACE
    return entry.end is None or entry.end > now


def _same(row: Dispatch, entry: Entry, sink: str, now: datetime) -> bool:
    """Whether what is on record goes on as *entry*."""
    held = row.entry
    if row.state is State.CANCEL_PENDING or row.sink != sink:
        return False
    if (held.event, held.window, held.type) != (entry.event, entry.window, entry.type):
        return False
    if (held.values, held.kw, held.kwh) != (entry.values, entry.kw, entry.kwh):
        return False
    if held.version != entry.version and (held.start, held.end) != (entry.start, entry.end):
        return False
    # A piece of a window may begin elsewhere once the event that split it is gone.
    return held.start == entry.start or (
        not row.is_over(now) and held.start <= now and entry.start <= now
    )


def _ending(row: Dispatch, end: datetime | None) -> Dispatch:
    due = end if row.state is State.APPLIED else row.due
    return replace(row, entry=row.entry._replace(end=end), due=due)


def _applied(dispatch: Dispatch, answer: Answer) -> Dispatch:
    if dispatch.state is State.CANCEL_PENDING:
        # Taken back while it was under way; who refused it need not be told.
        refused = answer.verdict is Verdict.FAILED
        return replace(dispatch, state=State.CANCELLED, due=None) if refused else dispatch
    if answer.verdict is Verdict.FAILED:
        return replace(dispatch, state=State.FAILED, due=None, words=answer.reason)
    if dispatch.is_instant:
        return replace(dispatch, state=State.RELEASED, due=None, attempts=0)
    return replace(dispatch, state=State.APPLIED, due=dispatch.entry.end, attempts=0)
