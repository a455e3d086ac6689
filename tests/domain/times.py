"""Events for tests about time, written as short as they read."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ven_daemon.domain.durations import Duration, parse_duration
from ven_daemon.domain.events import Dialect, Event, Interval, IntervalPeriod, Payload
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.instants import parse_instant
from ven_daemon.domain.timeline import Timeline, Unplaceable, place
from ven_daemon.domain.windows import Window

SEEN = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
"""When events are first seen, unless a test says otherwise."""


def at(text: str) -> datetime:
    """Read an instant; short ones are on the day of `SEEN`."""
    instant = parse_instant(f"2026-05-04T{text}Z" if len(text) == 5 else text)
    assert instant is not None
    return instant


def period(
    start: str | None = None, lasts: str | None = None, random: str | None = None
) -> IntervalPeriod:
    return IntervalPeriod(at(start) if start else None, _duration(lasts), _duration(random))


def interval(
    start: str | None = None,
    lasts: str | None = None,
    random: str | None = None,
    *,
    id: int = 0,  # noqa: A002 - as OpenADR calls it
    **payloads: object,
) -> Interval:
    said = None if start is lasts is random is None else period(start, lasts, random)
    return Interval(id, said, _payloads(payloads or {"SIMPLE": 1}))


def event(
    *intervals: Interval, of: IntervalPeriod | None = None, lasts: str | None = None, **more: Any
) -> Event:
    return Event(
        EventId("e"),
        ProgramId("p"),
        period=of,
        duration=_duration(lasts),
        intervals=intervals,
        **more,
    )


def placed(
    event: Event,
    seen: datetime = SEEN,
    draws: Mapping[int, float] | None = None,
    dialect: Dialect = Dialect.V3_1,
    *,
    cancelled: bool = False,
) -> Timeline:
    timeline = place(event, seen, draws=draws, dialect=dialect, cancelled=cancelled)
    assert not isinstance(timeline, Unplaceable), timeline.reason
    return timeline


def drawn(timeline: Timeline, since: str | None = None, most: int = 100) -> list[str]:
    """Write windows as `06:00-07:00 interval`, dates where they are not those of `SEEN`."""
    return [_drawn(window) for window in windows(timeline, since, most)]


def windows(timeline: Timeline, since: str | None = None, most: int = 100) -> list[Window]:
    found: Iterator[Window] = timeline.windows(at(since)) if since else timeline.windows()
    return list(islice(found, most))


def _drawn(window: Window) -> str:
    end = "..." if window.end is None else _clock(window.end)
    return f"{_clock(window.start)}-{end} {window.index}"


def _clock(instant: datetime) -> str:
    clock = f"{instant:%H:%M:%S}".removesuffix(":00")
    return clock if instant.date() == SEEN.date() else f"{instant:%Y-%m-%dT}{clock}"


def _duration(text: str | None) -> Duration | None:
    return parse_duration(text) if text else None


def _payloads(values: Mapping[str, object]) -> tuple[Payload, ...]:
    return tuple(
        Payload(kind, tuple(value) if isinstance(value, tuple | list) else (value,))
        for kind, value in values.items()
    )
