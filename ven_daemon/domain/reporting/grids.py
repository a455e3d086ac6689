"""From an event to the slots that its reports count."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from ven_daemon.domain.events import Dialect, Event
from ven_daemon.domain.reporting.slots import Grid
from ven_daemon.domain.timeline import Timeline, Unplaceable, place
from ven_daemon.domain.windows import Window

DUMMY = "REQUIRED_BUT_NOT_USED"
"""The payload of an interval that is there only because 3.0.1 must have one."""


def grid_of(
    event: Event,
    seen: datetime,
    *,
    draws: Mapping[int, float] | None = None,
    dialect: Dialect = Dialect.V3_1,
) -> Grid | Unplaceable:
    """Count the slots of *event*; the arguments are those of `timeline.place`.

    Of a cancelled event nothing is owed: it has no grid to be asked for.
    A round of calendar months is taken for as long as its first one (User Guide 7.3
    advises against them).
    """
    timeline = place(without_dummy(event), seen, draws=draws, dialect=dialect)
    return timeline if isinstance(timeline, Unplaceable) else _counted(timeline)


def without_dummy(event: Event) -> Event:
    """Take out the one interval that stands for none; several are intervals indeed."""
    if len(event.intervals) == 1:
        payloads = event.intervals[0].payloads
        if payloads and all(payload.type == DUMMY for payload in payloads):
            return replace(event, intervals=())
    return event


def _counted(timeline: Timeline) -> Grid:
    size = max(1, len(timeline.event.intervals))
    whole = [window for window in map(timeline.interval, range(size)) if window]
    if timeline.is_implied:
        return _implied(timeline, whole)
    step, until = timeline.rounds.step, None
    period = None
    if step is not None:
        until = timeline.ends
        period = (
            step.after(timeline.rounds.first) or timeline.rounds.first
        ) - timeline.rounds.first
    return Grid.of(whole, period, until, _parts(timeline))


def _implied(timeline: Timeline, first: list[Window]) -> Grid:
    """Count on from the event's period; one without extent counts nothing (8.6)."""
    if not first or first[0].is_instant:
        return Grid()
    start, end = first[0].start, first[0].end
    if end is None:
        return Grid.of(first)
    return Grid.implied(start, end - start, timeline.ends)


def _parts(timeline: Timeline) -> Mapping[int, list[Window]]:
    """Give the pieces of the packed intervals of the first round, by the interval's position."""
    parts: dict[int, list[Window]] = {}
    if any(len(p.values) > 1 for i in timeline.event.intervals for p in i.payloads):
        for window in takewhile(lambda window: window.turn == 0, timeline.windows()):
            parts.setdefault(window.index, []).append(window)
    return {index: pieces for index, pieces in parts.items() if len(pieces) > 1}
