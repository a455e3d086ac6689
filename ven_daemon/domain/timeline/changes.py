"""What a new version of an event changes about its place in time.

OpenADR has no word for cancelling: an event is deleted, or its duration is set to zero
(User Guide 7.9). The same writing also means "now, once" in an event that is new (T-16),
so only what was known before tells them apart.
"""

from collections.abc import Iterator
from datetime import datetime

from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import Event


def is_cancelled(event: Event, before: Event | None, *, was_cancelled: bool = False) -> bool:
    """Whether this version of *event* takes it back.

    *before* is the version known until now, if any, and *was_cancelled* what this
    function said of it: a cancelled event that is sent again with zeros stays so, one
    that is given a duration again is revived. Zeros that take the place of nothing are no
    change: some VTNs fill in the schema's defaults (T-18).
    """
    if not is_zeroed(event):
        return False
    if before is None:
        asks = event.report_descriptors or any(i.payloads for i in event.intervals)
        return not asks
    if was_cancelled or _lasts(before):
        return True
    return starts_now(event) and not starts_now(before)


def first_seen(
    event: Event,
    before: Event | None,
    seen: datetime,
    now: datetime,
    *,
    was_cancelled: bool = False,
) -> datetime:
    """Give the instant that "now" in *event* means; *seen* is what it meant before.

    It stays what it was through every update, so that a longer duration lengthens the
    event. Only an event that had a start of its own or was cancelled begins anew, and
    so does an instant that now says something else.
    """
    if before is None:
        return now
    if not starts_now(event):
        return seen
    again = is_zeroed(event) and event.intervals != before.intervals
    return now if was_cancelled or again or not starts_now(before) else seen


def starts_now(event: Event) -> bool:
    """Whether it begins when it is first seen."""
    if event.period and event.period.start:
        return False
    first = event.intervals[0].period if event.intervals else None
    return first is None or first.start is None


def is_zeroed(event: Event) -> bool:
    """Whether it says of every interval that it lasts no time.

    A duration that is merely absent is not zero: that is the payload's to interpret (T-17).
    """
    return all(duration is not None and duration.is_zero for duration in _durations(event))


def _lasts(event: Event) -> bool:
    """Whether it says of any interval that it lasts some time."""
    return any(duration is not None and not duration.is_zero for duration in _durations(event))


def _durations(event: Event) -> Iterator[Duration | None]:
    default = event.period.duration if event.period else None
    if not event.intervals:
        yield default
    for interval in event.intervals:
        own = interval.period.duration if interval.period else None
        yield default if own is None or (own.is_zero and default) else own
