"""Fail-safe: whose readings stopped is told from who never brought any (decision 10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.dispatching.telemetry import unmeasured
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.optouts import Absence

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
METER = ResourceKey("meter")
AFTER = timedelta(minutes=15)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("last", "began", "now", "since"),
    [
        (0, -60, 14.9, None),
        (0, -60, 15, 15),
        (0, -60, 600, 15),
        (0.2, -60, 16, 16),  # to the whole minute, and never before the time is up
        (0.2, -60, 15.5, None),
        (-600, 0, 14.9, None),  # nobody was there to take readings
        (-600, 0, 15, 15),
        (None, 0, 14.9, None),
        (None, 0, 15, 15),
    ],
)
def test_silence_counts_from_the_last_reading_or_from_our_start(
    last: float | None, began: float, now: float, since: float | None
) -> None:
    last_reading = None if last is None else at(last)
    found = unmeasured({METER: last_reading}, AFTER, at(began), at(now))

    assert found == ({} if since is None else {METER: Absence(at(since), None)})


minutes = st.floats(-10_000, 10_000)


@given(minutes, minutes, minutes, st.floats(0, 1000))
def test_nobody_is_left_alone_before_the_time_is_up_and_everybody_within_a_minute_of_it(
    last: float, began: float, now: float, after: float
) -> None:
    limit = timedelta(minutes=after)

    found = unmeasured({METER: at(last)}, limit, at(began), at(now))

    silent_for = at(now) - max(at(last), at(began))
    if METER in found:
        assert silent_for >= limit
        assert found[METER].start <= at(now)
    else:
        assert silent_for < limit + timedelta(minutes=1)


@given(st.lists(st.floats(0, 0.999), min_size=2, max_size=20))
def test_who_falls_silent_within_a_minute_is_left_alone_from_the_same_instant(
    lasts: list[float],
) -> None:
    last = {ResourceKey(str(n)): at(0.001 + minute) for n, minute in enumerate(lasts)}

    found = unmeasured(last, AFTER, at(-60), at(60))

    assert len(set(found.values())) == 1
