"""Opting out: when a resource, or a whole VEN, follows nothing, or not a certain event.

OpenADR 3 has no message for it: it is kept here, dispatch leaves the
resource alone meanwhile, and reports say OPERATING_STATE `*_OPTED_OUT` where asked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.targets import Place

_DAY = timedelta(days=1)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(
    r"(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)\s+(?P<begin>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same hours every week, by the clock of a place; over midnight where they must."""

    days: frozenset[int]
    """Monday is 0; the day on which it begins."""
    begin: time
    end: time
    """At `begin` or before it: on the day after."""
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> "Weekly":
        """Read `mon-fri 17:00-21:00`, or `sat,sun 22:00-06:00`.

        Raises:
            ValueError: it is not of this form, or there is no such zone.
        """
        found = _WEEKLY.fullmatch(text.strip().lower())
        if found is None:
            raise ValueError(f"not like mon-fri 17:00-21:00: {text!r}")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {zone!r}") from None
        days = [day for part in found["days"].split(",") for day in _days(part)]
        return cls(frozenset(days), _clock(found["begin"]), _clock(found["end"]), zone)

    def __str__(self) -> str:
        """Write it as it is read, but for its zone."""
        days = ",".join(_DAYS[day] for day in sorted(self.days))
        return f"{days} {self.begin:%H:%M}-{self.end:%H:%M}"

    def within(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give its turns that meet [since, until), in UTC."""
        zone = ZoneInfo(self.zone)
        day = (since.astimezone(zone) - _DAY).date()
        while (begin := _at(day, self.begin, zone)) < until:
            last = day if self.end > self.begin else day + _DAY
            end = _at(last, self.end, zone)
            if day.weekday() in self.days and since < end and begin < end:
                yield begin, end
            day += _DAY


@dataclass(frozen=True, slots=True)
class OptOut:
    """One decision not to follow; `end` None is until it is taken back."""

    id: str
    ven: VenName
    start: datetime
    end: datetime | None = None
    resource: ResourceKey | None = None
    """None is every resource of the VEN."""
    event: EventId | None = None
    """None is every event."""
    weekly: Weekly | None = None
    """Within [start, end), only at these hours."""
    reason: str = ""

    def is_about(self, place: Place) -> bool:
        """Whether a resource is meant."""
        return self.ven == place.ven and self.resource in (None, place.resource)


class Absence(NamedTuple):
    """A time for which a resource follows nothing, or not one event."""

    start: datetime
    end: datetime | None
    event: EventId | None = None


def absences(out: OptOut, since: datetime, until: datetime) -> tuple[Absence, ...]:
    """Give the times of an opt-out that meet [since, until)."""
    if out.start >= until or (out.end is not None and out.end <= since):
        return ()
    if out.weekly is None:
        return (Absence(out.start, out.end, out.event),)
    turns = out.weekly.within(max(since, out.start), until)
    within = ((max(b, out.start), min(e, out.end or e)) for b, e in turns)
    return tuple(Absence(begin, end, out.event) for begin, end in within if begin < end)


def opted_out(
    outs: Iterable[OptOut], place: Place, at: datetime, event: EventId | None = None
) -> OptOut | None:
    """Say which opt-out keeps a resource from following at an instant.

    Without an *event*, only what keeps it from following any counts.
    """
    for out in outs:
        if out.is_about(place) and out.event in (None, event):
            for begin, end, _ in absences(out, at, at + timedelta(microseconds=1)):
                if begin <= at and (end is None or at < end):
                    return out
    return None


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _days(part: str) -> Iterator[int]:
    """Read `mon`, or `fri-mon`, which goes on over the end of the week."""
    first, _, last = part.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(f"not days such as mon or mon-fri: {part!r}")
    begin, end = _DAYS.index(first), _DAYS.index(last or first)
    for step in range((end - begin) % 7 + 1):
        yield (begin + step) % 7


def _clock(text: str) -> time:
    """Read a time of day; 24:00 is the midnight at its end."""
    return time() if text == "24:00" else time.fromisoformat(text)
