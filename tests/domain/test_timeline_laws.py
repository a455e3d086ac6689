"""What holds of the timeline of every event, however it was written."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.times import placed
from ven_daemon.domain.durations import ENDLESS, ZERO, Duration
from ven_daemon.domain.events import (
    Dialect,
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    ReportDescriptor,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.timeline import (
    EventStatus,
    Timeline,
    Unplaceable,
    draws_needed,
    first_seen,
    is_cancelled,
    place,
)
from ven_daemon.domain.windows import Window

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOON = st.integers(-3000, 3000).map(lambda minutes: NOON + timedelta(minutes=minutes))
EVER = st.datetimes(timezones=st.just(UTC))
SHORT = st.integers(1, 300).map(lambda minutes: Duration(length=timedelta(minutes=minutes)))
ANY = st.sampled_from([ZERO, ENDLESS, Duration(1), Duration(-1), Duration(119_000)]) | st.builds(
    Duration, st.integers(0, 30), st.timedeltas(timedelta(0))
)
VALUES = st.lists(st.integers(0, 9), max_size=7).map(tuple)
PAYLOADS = st.lists(
    st.builds(
        Payload,
        st.sampled_from(["PRICE", "GHG", "SIMPLE", "CURVE", "CTA2045_REBOOT", "X"]),
        VALUES,
    ),
    max_size=3,
).map(tuple)


def periods(
    starts: st.SearchStrategy[datetime], durations: st.SearchStrategy[Duration]
) -> st.SearchStrategy[IntervalPeriod]:
    return st.builds(
        IntervalPeriod,
        st.none() | starts,
        st.none() | durations,
        st.none() | durations,
    )


def events(
    starts: st.SearchStrategy[datetime], durations: st.SearchStrategy[Duration]
) -> st.SearchStrategy[Event]:
    period = st.none() | periods(starts, durations)
    return st.builds(
        Event,
        id=st.just(EventId("e")),
        program_id=st.just(ProgramId("p")),
        period=period,
        duration=st.none() | durations,
        intervals=st.lists(st.builds(Interval, st.integers(), period, PAYLOADS), max_size=6).map(
            tuple
        ),
        report_descriptors=st.sampled_from([(), (ReportDescriptor("USAGE"),)]),
    )


USUAL = events(SOON, SHORT | st.sampled_from([ZERO, ENDLESS, Duration(1)]))
CHAINS = st.builds(
    Event,
    id=st.just(EventId("e")),
    program_id=st.just(ProgramId("p")),
    period=st.builds(IntervalPeriod, SOON, SHORT),
    intervals=st.lists(
        st.builds(Interval, st.integers(), st.none() | st.builds(IntervalPeriod, duration=SHORT)),
        min_size=1,
        max_size=8,
    ).map(tuple),
)
DRAWS = st.dictionaries(st.integers(0, 6), st.floats(-1, 1))
SOME = 40


def some(timeline: Timeline, since: datetime | None = None) -> list[Window]:
    return list(islice(timeline.windows(since) if since else timeline.windows(), SOME))


@given(
    events(EVER, ANY),
    st.none() | events(EVER, ANY),
    EVER,
    EVER,
    st.dictionaries(st.integers(0, 6), st.floats()),
    st.sampled_from(Dialect),
)
def test_no_event_raises_anything(
    given: Event,
    before: Event | None,
    seen: datetime,
    instant: datetime,
    draws: Mapping[int, float],
    dialect: Dialect,
) -> None:
    """T-01, T-03, F35: a timeline, or a reason; from the first year to the last."""
    cancelled = is_cancelled(given, before)
    anchor = first_seen(given, before, seen, instant)
    timeline = place(given, anchor, draws=draws, dialect=dialect, cancelled=cancelled)

    draws_needed(given)
    if isinstance(timeline, Unplaceable):
        assert timeline.reason
        return
    assert all(w.end is None or w.end >= w.start for w in some(timeline, instant))
    assert timeline.status(instant) in EventStatus
    assert all(window.holds_at(instant) for window in timeline.at(instant))
    timeline.interval(3)


@given(CHAINS, st.floats(-1, 1))
def test_a_chain_has_its_windows_in_order_without_gap_or_overlap(event: Event, draw: float) -> None:
    """Whatever its intervals are."""
    found = some(placed(event, NOON, {0: draw}))

    assert len(found) == len(event.intervals)
    assert all(one.end == other.start for one, other in pairwise(found))


@given(CHAINS, DRAWS)
def test_durations_are_preserved_wherever_they_are_moved(
    event: Event, draws: Mapping[int, float]
) -> None:
    """By a draw, or by what precedes them."""
    default = event.period and event.period.duration
    wanted = [(i.period.duration if i.period else default) for i in event.intervals]

    found = some(placed(event, NOON, draws))

    assert [Duration(length=w.end - w.start) for w in found if w.end] == wanted


@given(USUAL, DRAWS)
def test_windows_come_in_order_of_nominal_start(event: Event, draws: Mapping[int, float]) -> None:
    timeline = place(event, NOON, draws=draws)
    if isinstance(timeline, Unplaceable):
        return

    starts = [window.nominal_start for window in some(timeline)]

    assert starts == sorted(starts)


@given(USUAL, DRAWS, SOON)
def test_beginning_later_is_dropping_what_was_over(
    event: Event, draws: Mapping[int, float], since: datetime
) -> None:
    """Laziness changes nothing: `since` equals leaving out of the full expansion."""
    timeline = place(event, NOON, draws=draws)
    if isinstance(timeline, Unplaceable):
        return
    full = list(islice(timeline.windows(), 3000))

    late = some(timeline, since)

    kept = [window for window in full if not window.is_over_at(since)]
    assert late[: len(kept)] == kept[: len(late)]
    if len(full) < 3000:
        assert late == kept[:SOME]


@given(USUAL, DRAWS, SOON)
def test_what_holds_at_an_instant_is_what_the_windows_say(
    event: Event, draws: Mapping[int, float], instant: datetime
) -> None:
    timeline = place(event, NOON, draws=draws)
    if isinstance(timeline, Unplaceable):
        return
    full = list(islice(timeline.windows(), 3000))
    if len(full) == 3000:  # an endless one: it was looked at far enough by the test above
        return

    assert timeline.at(instant) == tuple(w for w in full if w.holds_at(instant))


@given(CHAINS, SHORT)
def test_a_truncated_event_is_the_beginning_of_the_whole(event: Event, span: Duration) -> None:
    """Cut to what lies before its end, and nothing else changes."""
    whole = some(placed(event, NOON))
    cut = some(placed(_lasting(event, span), NOON))
    stop = span.after(whole[0].start)

    if stop is not None and whole[-1].end is not None and stop <= whole[-1].end:
        assert cut[-1].end == stop
        assert [w.start for w in cut] == [w.start for w in whole if w.start < stop]
        assert cut[:-1] == whole[: len(cut) - 1]


@given(CHAINS, st.integers(2, 5))
def test_a_loop_is_the_whole_again_and_again(event: Event, rounds: int) -> None:
    """Each round is the first, later by its length."""
    whole = some(placed(event, NOON))
    assert whole[-1].end is not None
    length = whole[-1].end - whole[0].start

    looped = some(placed(_lasting(event, Duration(length=length * rounds)), NOON))

    for window, (turn, first) in zip(
        looped, ((turn, w) for turn in range(rounds) for w in whole), strict=False
    ):
        assert window.turn == turn
        assert window.start == first.start + turn * length
    assert len(looped) == min(SOME, rounds * len(whole))


@given(CHAINS, st.integers(0, 10**6))
def test_the_interval_of_any_number_is_found_without_counting(event: Event, number: int) -> None:
    """Reports count intervals through all rounds."""
    timeline = placed(_lasting(event, ENDLESS), NOON)

    whole = timeline.interval(number)

    assert whole is not None
    assert whole.turn * len(event.intervals) + whole.index == number
    assert next(timeline.windows(whole.start)) == whole


@given(USUAL, DRAWS)
def test_a_restart_changes_nothing(event: Event, draws: Mapping[int, float]) -> None:
    """What was persisted (first sight, draws) gives the same timeline."""
    one, other = place(event, NOON, draws=draws), place(event, NOON, draws=dict(draws))

    if isinstance(one, Timeline) and isinstance(other, Timeline):
        assert some(one) == some(other)
    else:
        assert one == other


def _lasting(event: Event, span: Duration) -> Event:
    return Event(
        event.id,
        event.program_id,
        period=event.period,
        intervals=event.intervals,
        duration=span,
    )
