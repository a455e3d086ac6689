"""From plan and record to what has to change: each case as a test, and the law of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.dispatches import (
    ACKNOWLEDGED,
    Answer,
    Dispatch,
    Do,
    State,
    Verdict,
    dispatch_key,
)
from ven_daemon.domain.dispatching.convergence import (
    Assignment,
    Changes,
    again,
    converge,
    ended,
    in_force,
    may_repeat,
    settle,
)
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.targets import Place

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEAD = timedelta(seconds=2)
CAFE = Place(VenName("Aalborg"), ResourceKey("cafe"))
WHO = Assignment(CAFE, ResourceName("Café"), "log")
REFUSED, GONE = Answer(Verdict.FAILED, "no"), Answer(Verdict.UNREACHABLE, "refused")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def entry(
    start: float, end: float | None, *, event: str = "e", version: str = "1", kw: float = 5.0
) -> Entry:
    until = None if end is None else at(end)
    return Entry(EventId(event), version, "0.0.0", "SIMPLE", (1,), kw, None, at(start), until)


def row(of: Entry, state: State = State.APPLIED, attempts: int = 0) -> Dispatch:
    due = of.end if state is State.APPLIED else of.start
    return Dispatch(dispatch_key(CAFE, of), CAFE, WHO.name, "log", of, state, due, attempts)


def step(wanted: list[Entry], record: list[Dispatch], now: float = 10) -> Changes:
    return converge(WHO, in_force(wanted, at(now), LEAD), record, at(now))


def states(changes: Changes) -> list[State]:
    return [each.state for each in changes.changed]


def test_what_begins_is_created_in_time_to_be_handed_over() -> None:
    soon, later = entry(10.02, 20), entry(11, 20, event="f")

    changes = step([soon, later], [])

    assert [each.entry for each in changes.created] == [soon]
    assert changes.created[0].due == soon.start
    assert changes.created[0].do is Do.APPLY


def test_what_goes_on_is_left_alone() -> None:
    assert step([entry(0, 60)], [row(entry(0, 60))]) == Changes((), ())


def test_a_new_version_that_says_the_same_changes_nothing() -> None:
    assert step([entry(0, 60, version="2")], [row(entry(0, 60))]) == Changes((), ())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(entry(0, 40, version="2"), id="shortened"),
        pytest.param(entry(0, 60, version="2", kw=3), id="another setpoint"),
        pytest.param(entry(0, 60, event="f"), id="another event"),
        pytest.param(entry(0, 60, kw=3), id="the same version, another rating"),
    ],
)
def test_what_changes_is_given_anew_and_the_old_taken_back(changed: Entry) -> None:
    changes = step([changed], [row(entry(0, 60))])

    assert [each.entry for each in changes.created] == [changed]
    assert states(changes) == [State.CANCEL_PENDING]
    assert changes.changed[0].due == at(10)
    assert changes.changed[0].do is Do.RELEASE


def test_another_sink_takes_over_from_the_old_one() -> None:
    wanted = in_force([entry(0, 60)], at(10), LEAD)

    changes = converge(WHO._replace(sink="mqtt"), wanted, [row(entry(0, 60))], at(10))

    assert [each.sink for each in (*changes.created, *changes.changed)] == ["mqtt", "log"]


def test_a_winner_that_will_split_it_only_moves_its_end() -> None:
    changes = step([entry(0, 30)], [row(entry(0, 60))])

    assert not changes.created
    assert [(each.entry.end, each.due) for each in changes.changed] == [(at(30), at(30))]


def test_a_resumed_piece_goes_on_when_the_event_that_split_it_is_forgotten() -> None:
    """A VTN that deletes what is over must not make resources begin again."""
    resumed = row(entry(5, 60))

    assert step([entry(0, 60)], [resumed]) == Changes((), ())


def test_what_nobody_heard_of_is_cancelled_at_once() -> None:
    assert states(step([], [row(entry(10, 60), State.SCHEDULED)])) == [State.CANCELLED]


def test_what_a_sink_may_have_seen_is_cancelled_by_its_sink() -> None:
    asked = row(entry(10, 60), State.SCHEDULED, attempts=1)

    assert states(step([], [asked])) == [State.CANCEL_PENDING]


def test_what_is_being_cancelled_is_left_to_its_sink() -> None:
    assert step([], [row(entry(0, 60), State.CANCEL_PENDING)]) == Changes((), ())


def test_what_ended_unheard_has_expired_and_what_ended_is_released_by_its_sink() -> None:
    assert states(step([], [row(entry(0, 5), State.SCHEDULED, 3)])) == [State.EXPIRED]
    assert step([], [row(entry(0, 5))]) == Changes((), ())


def test_an_instant_is_done_a_little_late_and_then_no_more() -> None:
    once = entry(0, 0)

    assert [each.entry for each in step([once], [], now=14).created] == [once]
    assert step([once], [], now=15) == Changes((), ())
    assert states(step([], [row(once, State.SCHEDULED)], now=15)) == [State.EXPIRED]


def test_nonsense_is_never_handed_over() -> None:
    assert step([entry(0, 60)._replace(refused=True)], []) == Changes((), ())


def test_the_same_window_has_the_same_key_and_its_second_time_another() -> None:
    one = row(entry(0, 60))

    assert one.key == row(entry(0, 60)).key
    assert again(one, 1).key != one.key
    assert len({row(entry(*span)).key for span in ((0, 60), (30, 60))}) == 2
    assert row(entry(0, 60, version="2")).key != one.key


def test_what_was_refused_or_done_once_is_not_given_again() -> None:
    assert may_repeat(State.CANCELLED, row(entry(0, 60)))
    assert not may_repeat(State.FAILED, row(entry(0, 60)))
    assert not may_repeat(State.RELEASED, row(entry(0, 0)))


@pytest.mark.parametrize(
    ("before", "do", "answer", "after"),
    [
        (State.SCHEDULED, Do.APPLY, ACKNOWLEDGED, State.APPLIED),
        (State.SCHEDULED, Do.APPLY, REFUSED, State.FAILED),
        (State.SCHEDULED, Do.APPLY, GONE, State.SCHEDULED),
        (State.APPLIED, Do.RELEASE, ACKNOWLEDGED, State.RELEASED),
        (State.APPLIED, Do.RELEASE, REFUSED, State.FAILED),
        (State.APPLIED, Do.RELEASE, GONE, State.APPLIED),
        (State.CANCEL_PENDING, Do.RELEASE, ACKNOWLEDGED, State.CANCELLED),
        (State.CANCEL_PENDING, Do.RELEASE, GONE, State.CANCEL_PENDING),
        # Taken back while it was under way.
        (State.CANCEL_PENDING, Do.APPLY, ACKNOWLEDGED, State.CANCEL_PENDING),
        (State.CANCEL_PENDING, Do.APPLY, REFUSED, State.CANCELLED),
        (State.CANCEL_PENDING, Do.APPLY, GONE, State.CANCEL_PENDING),
        (State.EXPIRED, Do.APPLY, ACKNOWLEDGED, State.EXPIRED),
    ],
)
def test_the_states_of_a_dispatch(before: State, do: Do, answer: Answer, after: State) -> None:
    assert settle(row(entry(0, 60), before, 1), do, answer, at(1), 0.5).state is after


def test_an_applied_dispatch_is_due_at_its_end_and_an_open_one_never() -> None:
    closed = settle(row(entry(0, 60), State.SCHEDULED), Do.APPLY, ACKNOWLEDGED, at(1), 0.5)
    opened = settle(row(entry(0, None), State.SCHEDULED), Do.APPLY, ACKNOWLEDGED, at(1), 0.5)

    assert (closed.due, closed.do, opened.due) == (at(60), Do.RELEASE, None)


def test_an_instant_is_over_when_it_is_acknowledged() -> None:
    done = settle(row(entry(0, 0), State.SCHEDULED, 1), Do.APPLY, ACKNOWLEDGED, at(1), 0.5)

    assert (done.state, done.due) == (State.RELEASED, None)


def test_an_unreachable_sink_is_asked_again_after_a_growing_pause() -> None:
    asked = [row(entry(0, 60), State.SCHEDULED, attempts=n) for n in (1, 3, 60)]

    pauses = [
        ((settle(each, Do.APPLY, GONE, at(1), 0.999).due or at(0)) - at(1)).total_seconds()
        for each in asked
    ]

    assert pauses == [pytest.approx(p, rel=0.01) for p in (2, 8, 60)]


def test_a_sinks_words_stand_behind_the_policys() -> None:
    asked = row(entry(0, 60)._replace(reason="clamped"), State.SCHEDULED, 1)

    twice = settle(settle(asked, Do.APPLY, GONE, at(1), 0.5), Do.APPLY, REFUSED, at(2), 0.5)

    assert twice.reason == "clamped; no"


def test_whoever_is_superseded_needs_no_release() -> None:
    assert ended(row(entry(0, 60))).state is State.RELEASED
    assert ended(row(entry(0, 60), State.CANCEL_PENDING)).state is State.CANCELLED


RECORDS = st.lists(
    st.builds(
        row,
        st.builds(
            entry,
            st.integers(0, 12),
            st.one_of(st.none(), st.integers(5, 30)),
            event=st.sampled_from("ef"),
            version=st.sampled_from("12"),
            kw=st.sampled_from([1.0, 2.0]),
        ),
        st.sampled_from([State.SCHEDULED, State.APPLIED, State.CANCEL_PENDING]),
        st.integers(0, 2),
    ),
    max_size=4,
    unique_by=lambda each: each.key,
)
WANTED = st.lists(
    st.builds(
        entry,
        st.integers(0, 12),
        st.one_of(st.none(), st.integers(13, 30)),
        event=st.sampled_from("ef"),
        version=st.sampled_from("12"),
        kw=st.sampled_from([1.0, 2.0]),
    ),
    max_size=1,
)


@given(WANTED, RECORDS)
def test_after_one_step_the_record_is_the_plan_and_another_changes_nothing(
    wanted: list[Entry], record: list[Dispatch]
) -> None:
    """I5: what holds on record is what the plan says, whatever happened before."""
    changes = step(wanted, record)

    after = {each.key: each for each in (*record, *changes.changed)}
    alive = [each for each in (*after.values(), *changes.created) if not each.state.is_final]
    holding = [
        (each.entry.kw, each.entry.event, each.entry.end)
        for each in alive
        if each.state is not State.CANCEL_PENDING and not each.is_over(at(10))
    ]
    wanted_now = [each.entry for each in in_force(wanted, at(10), LEAD)]
    assert holding == [(e.kw, e.event, e.end) for e in wanted_now]
    assert step(wanted, alive) == Changes((), ())
