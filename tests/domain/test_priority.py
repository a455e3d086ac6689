"""Which event holds when: each rule as a table, and the laws of splitting."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.dispatching.claims import Claim
from ven_daemon.domain.dispatching.priority import resolve
from ven_daemon.domain.events import Event, Payload
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.windows import Window

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def claim(
    event: str,
    start: int,
    end: int | None,
    priority: int | None = None,
    *,
    modified: int | None = 0,
    kind: str = "SIMPLE",
    index: int = 0,
) -> Claim:
    payload = Payload(kind, (1,))
    window = Window(
        index, index, at(start), None if end is None else at(end), at(start), (payload,)
    )
    changed = None if modified is None else at(modified)
    asking = Event(EventId(event), ProgramId("p"), priority=priority, modified=changed)
    return Claim.of(asking, "1", window, payload)


def drawn(spans: tuple[Claim, ...]) -> list[tuple[str, float, float | None]]:
    return [
        (
            span.event,
            (span.start - NOON).total_seconds() / 60,
            None if span.end is None else (span.end - NOON).total_seconds() / 60,
        )
        for span in spans
    ]


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        pytest.param(claim("a", 0, 60, 0), claim("b", 0, 60, 1), "a", id="a lower number wins"),
        pytest.param(
            claim("a", 0, 60, 0), claim("b", 0, 60, None), "a", id="T-43: zero is the highest"
        ),
        pytest.param(
            claim("a", 0, 60, 2**31), claim("b", 0, 60, None), "a", id="T-43: null is the lowest"
        ),
        pytest.param(claim("a", 0, 60, -1), claim("b", 0, 60, 0), "a", id="F38: below zero"),
        pytest.param(
            claim("a", 0, 60, 1, modified=5), claim("b", 0, 60, 1, modified=4), "a",
            id="the newest modification wins a tie",
        ),
        pytest.param(
            claim("a", 0, 60, 1, modified=5), claim("b", 0, 60, 1, modified=None), "a",
            id="one without a modification is old",
        ),
        pytest.param(claim("a", 0, 60, 1), claim("b", 0, 60, 1), "a", id="then the smaller id"),
        pytest.param(
            claim("a", 0, 60, index=1), claim("a", 0, 60, index=0), "a", id="within one event"
        ),
    ],
)  # fmt: skip
def test_the_order_of_claims_is_total(first: Claim, second: Claim, winner: str) -> None:
    """F38: the standard leaves ties open, so we say."""
    assert first.rank < second.rank
    assert drawn(resolve([second, first])) == [(winner, 0, 60)]


def test_the_loser_is_split_around_the_winner_and_resumes() -> None:
    spans = resolve([claim("low", 0, 120, 5), claim("high", 30, 60, 1)])

    assert drawn(spans) == [("low", 0, 30), ("high", 30, 60), ("low", 60, 120)]


def test_an_open_ended_loser_resumes_without_end() -> None:
    spans = resolve([claim("low", 0, None), claim("high", 30, 60, 1)])

    assert drawn(spans) == [("low", 0, 30), ("high", 30, 60), ("low", 60, None)]


def test_an_open_ended_winner_leaves_the_rest_nothing() -> None:
    spans = resolve([claim("low", 0, 120), claim("high", 30, None, 1)])

    assert drawn(spans) == [("low", 0, 30), ("high", 30, None)]


def test_payload_types_do_not_compete() -> None:
    spans = resolve([claim("a", 0, 60, 1, kind="PRICE"), claim("b", 0, 60, 2, kind="GHG")])

    assert drawn(spans) == [("b", 0, 60), ("a", 0, 60)]


def test_a_gap_between_windows_stays_a_gap() -> None:
    spans = resolve([claim("a", 0, 10, index=0), claim("a", 20, 30, index=1)])

    assert drawn(spans) == [("a", 0, 10), ("a", 20, 30)]


def test_an_interval_that_begins_within_another_takes_over() -> None:
    spans = resolve([claim("a", 0, 30, index=0), claim("a", 20, 40, index=1)])

    assert drawn(spans) == [("a", 0, 20), ("a", 20, 40)]


def test_an_instant_is_done_once_and_splits_nobody() -> None:
    spans = resolve([claim("low", 0, 60, 5), claim("once", 30, 30, 1)])

    assert drawn(spans) == [("low", 0, 60), ("once", 30, 30)]


def test_an_instant_gives_way_to_a_better_claim_that_covers_it() -> None:
    spans = resolve([claim("high", 0, 60, 1), claim("once", 30, 30, 5), claim("later", 60, 60, 5)])

    assert drawn(spans) == [("high", 0, 60), ("later", 60, 60)]


CLAIMS = st.lists(
    st.builds(
        claim,
        st.sampled_from("abcd"),
        st.integers(0, 20),
        st.one_of(st.none(), st.integers(21, 40)),
        st.one_of(st.none(), st.integers(-1, 2), st.just(2**31)),
        modified=st.one_of(st.none(), st.integers(0, 2)),
        index=st.integers(0, 2),
    ),
    max_size=8,
    unique_by=lambda each: (each.event, each.window),
)


@given(CLAIMS, st.randoms(use_true_random=False))
def test_permutation_of_the_claims_changes_nothing(
    claims: list[Claim], dice: random.Random
) -> None:
    shuffled = claims.copy()
    dice.shuffle(shuffled)

    assert drawn(resolve(shuffled)) == drawn(resolve(claims))


@given(CLAIMS)
def test_splitting_loses_no_time_and_gives_it_to_the_best(claims: list[Claim]) -> None:
    spans = resolve(claims)

    for minute in range(45):
        instant = at(minute + 0.5)
        covering = [c for c in claims if c.start <= instant < (c.end or at(1000))]
        holding = [s for s in spans if s.start <= instant and (s.end is None or instant < s.end)]
        assert len(holding) == (1 if covering else 0)
        if covering:
            assert holding[0].rank == min(each.rank for each in covering)


@given(CLAIMS)
def test_spans_are_in_order_and_only_an_instant_is_empty(claims: list[Claim]) -> None:
    spans = resolve(claims)

    assert [span.start for span in spans] == sorted(span.start for span in spans)
    assert all(span.end is None or span.start < span.end for span in spans)
    for before, after in pairwise(spans):
        assert before.end is not None
        assert before.end <= after.start
        assert (
            before.end < after.start or before.window != after.window or before.event != after.event
        )
