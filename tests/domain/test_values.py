"""Delays, errors, outcomes and fleets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain import errors
from ven_daemon.domain.errors import (
    GATEWAY_GAVE_UP,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    StateInUseError,
    StoreError,
    VenDaemonError,
    VtnBusyError,
    VtnError,
    VtnUnreachableError,
)
from ven_daemon.domain.fleet import Fleet, Resource
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.domain.outcome import Failure, Outcome, VenOutcome
from ven_daemon.domain.registration import Kind
from ven_daemon.domain.retry import Backoff, clamp_retry_after

dice = st.floats(0, 1, exclude_max=True)


@given(
    st.builds(Backoff, st.floats(0.01, 100), st.floats(1, 10), st.floats(0.01, 1000)),
    st.integers(0, 10**9),
    dice,
)
def test_a_delay_is_between_nothing_and_the_cap(
    backoff: Backoff, attempt: int, roll: float
) -> None:
    assert 0 <= backoff.delay(attempt, roll) <= backoff.cap


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (99, 60)]
)
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, ceiling: float) -> None:
    assert Backoff().delay(attempt, 1.0) == ceiling
    assert Backoff().delay(attempt, 0.0) == 0


@given(st.floats(allow_nan=False))
def test_what_a_vtn_asks_for_is_clamped(seconds: float) -> None:
    assert 1.0 <= clamp_retry_after(seconds) <= 3600.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429, 500, 501, 503, 507])
def test_an_answer_settles_a_request(status: int) -> None:
    assert VtnError("x", status=status).settled


@pytest.mark.parametrize("status", sorted(GATEWAY_GAVE_UP))
def test_a_gateway_that_stopped_waiting_settles_nothing(status: int) -> None:
    assert not VtnBusyError("x", status=status).settled


def test_no_answer_settles_nothing_and_what_never_left_is_settled() -> None:
    assert not OutcomeUnknownError("x").settled
    assert VtnUnreachableError("x").settled


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (VenDaemonError, 1),
        (ConfigurationError, 2),
        (StoreError, 3),
        (StateInUseError, 3),
        (VtnUnreachableError, 4),
        (VtnBusyError, 1),
        (RejectedError, 1),
    ],
)
def test_an_error_knows_its_exit_code(kind: type[VenDaemonError], code: int) -> None:
    assert kind.exit_code == code


def test_every_error_stands_in_the_drawn_tree() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind.__name__ for kind in kinds if issubclass(kind, VenDaemonError)]

    assert len(ours) > 15
    assert all(name in (errors.__doc__ or "") for name in ours)


def test_the_words_of_a_vtn_are_cut_short() -> None:
    assert len(str(RejectedError("x" * 10_000))) == errors.WORDS_LIMIT


def test_a_resource_counts_by_what_was_done_first() -> None:
    outcome = VenOutcome(VenName("A"))

    for kind in (Kind.NOTHING, Kind.CREATE, Kind.NOTHING, Kind.ADOPT):
        outcome.did("r", kind)

    assert outcome.done == {"r": Kind.CREATE}


def test_what_succeeded_after_all_is_no_failure() -> None:
    outcome = VenOutcome(VenName("A"), failures={"r": "409", "s": "500"})

    outcome.did("r", Kind.ADOPT)

    assert outcome.failures == {"s": "500"}
    assert not outcome.failed


def test_what_the_vtn_holds_is_counted_and_nothing_else() -> None:
    done = {kind.value: kind for kind in Kind}

    assert VenOutcome(VenName("A"), done=done).registered == 4


def test_a_fleet_is_the_sum_of_its_vens() -> None:
    a = VenOutcome(VenName("A"), done={"r": Kind.CREATE, "s": Kind.NOTHING}, failures={"t": "no"})
    b = VenOutcome(VenName("B"), done={"r": Kind.CREATE}, failures={None: "403"})
    outcome = Outcome([a, b])

    assert outcome.registered == 3
    assert outcome.kinds == {Kind.CREATE: 2, Kind.NOTHING: 1}
    assert outcome.failed_vens == 1
    assert outcome.failures == [
        Failure(VenName("A"), "t", "no"),
        Failure(VenName("B"), None, "403"),
    ]


def row(number: int, ven: str | None, *, enabled: bool = True, key: str = "") -> Resource:
    name = VenName(ven) if ven else None
    return Resource(number, ResourceKey(key or f"k{number}"), "R", ven=name, enabled=enabled)


def test_vens_come_largest_first_then_by_name() -> None:
    rows = [row(1, "B"), row(2, "C"), row(3, "C"), row(4, "A"), row(5, "Å")]
    rows += [row(10 + n, "D", enabled=False) for n in range(9)]

    assert [ven.name for ven in Fleet.of(rows).vens] == ["C", "A", "B", "Å", "D"]


def test_rows_come_in_the_order_of_their_ids() -> None:
    [ven] = Fleet.of([row(3, "A"), row(1, "A"), row(2, "A", enabled=False)]).vens

    assert [resource.id for resource in ven.resources] == [1, 2, 3]
    assert [resource.id for resource in ven.enabled] == [1, 3]


def test_a_row_without_a_ven_is_homeless_and_said() -> None:
    fleet = Fleet.of([row(1, None), row(2, "A")])

    assert [resource.id for resource in fleet.homeless] == [1]
    assert fleet.problems() == ("resource k1: belongs to no VEN",)


def test_a_key_that_is_there_twice_is_its_first_row() -> None:
    fleet = Fleet.of([row(1, "A", key="k"), row(2, "B", key="k")])

    assert [ven.name for ven in fleet.vens] == ["A"]
    assert fleet.problems() == ("resource k: row 2 repeats row 1 and is left out",)


def test_problems_of_rows_are_said_by_row() -> None:
    bad = row(1, "A")._replace(problems=("capacities: not JSON",))

    assert Fleet.of([bad], ["no column address"]).problems() == (
        "no column address",
        "resource k1: capacities: not JSON",
    )


def test_a_resource_has_the_sample_clients_spelling_too() -> None:
    assert row(1, "A").resourceID == "k1"
