"""Registration, decided: what is done about each resource, as a table."""

import pytest

from tests.domain.registrations import (
    ALL,
    HELD,
    MINE,
    NOTE,
    OTHER,
    POWER,
    PRUNE,
    VEN,
    record,
    records,
    there,
    wanted,
    wish,
)
from ven_daemon.domain.planning import plan, without_unreadable
from ven_daemon.domain.registration import (
    Kind,
    ObservedResource,
    Origin,
    Policy,
    Record,
    Status,
    Wish,
)


def decide(
    wish_: Wish | None,
    found: ObservedResource | None,
    known: Record | None,
    policy: Policy = MINE,
) -> tuple[Kind, str] | None:
    """Plan one resource under a held ven."""
    on_record = records(*([known] if known else []))
    made = plan(
        wanted(*([wish_] if wish_ else [])),
        [HELD],
        [found] if found else [],
        on_record,
        policy,
        VEN,
    )
    [action] = made.resources or [None]
    return (action.kind, action.reason) if action else None


HALF = wish("R", 22.0, "k", "location: not JSON")
APPLIED = record(applied=wish().in_full().fingerprint, echoed=there(power=OTHER).fingerprint)
REJECTED = record(
    id_=None, status=Status.REJECTED, applied=wish().in_full().fingerprint, last_error="400 no"
)


@pytest.mark.parametrize(
    ("wish_", "found", "known", "kind"),
    [
        pytest.param(wish(), None, None, Kind.CREATE, id="missing"),
        pytest.param(wish(), there(), None, Kind.ADOPT, id="there as wanted, not on record"),
        pytest.param(wish(), there(), record(), Kind.NOTHING, id="there as wanted, on record"),
        pytest.param(wish(), there(), record(id_="old"), Kind.ADOPT, id="another object by now"),
        pytest.param(wish(), there(power=OTHER), None, Kind.UPDATE, id="differs, not on record"),
        pytest.param(wish(), there(power=OTHER), record(), Kind.UPDATE, id="differs, on record"),
        pytest.param(wish(), None, record(), Kind.CREATE, id="vanished"),
        pytest.param(wish(), None, record(id_=None), Kind.CREATE, id="never got there"),
        pytest.param(wish(), there(power=(*POWER, NOTE)), record(), Kind.NOTHING, id="annotated"),
        pytest.param(wish(), there(power=OTHER), APPLIED, Kind.NOTHING, id="shows it otherwise"),
        pytest.param(wish(), there(power=()), APPLIED, Kind.UPDATE, id="shows it anew otherwise"),
        pytest.param(
            wish(power=7.0),
            there(power=OTHER),
            APPLIED,
            Kind.UPDATE,
            id="wanted otherwise by now",
        ),
        pytest.param(
            wish(power=22),
            there(),
            record(),
            Kind.NOTHING,
            id="22 is 22.0",
        ),
        pytest.param(
            HALF, there(power=OTHER), record(), Kind.NOTHING,
            id="half of the row was unreadable",
        ),
        pytest.param(
            HALF, there(power=OTHER), None, Kind.ADOPT,
            id="… and it is not on record",
        ),
        pytest.param(HALF, None, None, Kind.CREATE, id="… nor there"),
        pytest.param(wish(), None, REJECTED, Kind.CONFLICT, id="rejected before, unchanged"),
        pytest.param(wish(power=11.0), None, REJECTED, Kind.CREATE, id="rejected, changed since"),
        pytest.param(
            wish(), there(power=OTHER), REJECTED._replace(vtn_id="r1"), Kind.CONFLICT,
            id="an update that was rejected",
        ),
        pytest.param(None, there(), record(), Kind.ORPHANED, id="no longer wanted"),
    ],
)  # fmt: skip
def test_what_is_done_about_a_resource(
    wish_: Wish | None,
    found: ObservedResource | None,
    known: Record | None,
    kind: Kind,
) -> None:
    decided = decide(wish_, found, known)

    assert decided is not None
    assert decided[0] is kind


def test_a_rejection_is_told_in_the_vtns_words() -> None:
    assert decide(wish(), None, REJECTED) == (Kind.CONFLICT, "400 no")


def test_what_was_rejected_is_offered_again_on_request() -> None:
    assert decide(wish(), None, REJECTED, Policy(retry_rejected=True)) == (Kind.CREATE, "")


def test_what_is_foreign_is_passed_over() -> None:
    assert decide(None, there(), None, ALL) is None
    assert decide(None, there(), record(id_="another"), ALL) is None


def test_an_object_that_is_gone_and_not_wanted_is_forgotten() -> None:
    made = plan(wanted(), [HELD], [], records(record("a"), record("b")), ALL, VEN)

    assert made.forgotten == ("a", "b")
    assert made.resources == ()


@pytest.mark.parametrize(
    ("origin", "policy", "kind"),
    [
        (Origin.CREATED, MINE, Kind.ORPHANED),
        (Origin.CREATED, PRUNE, Kind.DELETE),
        (Origin.CREATED, ALL, Kind.DELETE),
        (Origin.CREATED, Policy(prune_adopted=True), Kind.ORPHANED),
        (Origin.ADOPTED, MINE, Kind.ORPHANED),
        (Origin.ADOPTED, PRUNE, Kind.ORPHANED),
        (Origin.ADOPTED, ALL, Kind.DELETE),
        (None, ALL, Kind.ORPHANED),
    ],
)
def test_what_is_pruned(origin: Origin | None, policy: Policy, kind: Kind) -> None:
    found = decide(None, there(), record(origin=origin), policy)
    held = record("Aalborg", "v1", origin=origin)
    gone = plan(None, [HELD], [], records(ven=held), policy, VEN)

    assert found == (kind, "")
    assert gone.kind is kind


def test_a_renamed_row_takes_its_object_along() -> None:
    [action] = plan(
        wanted(wish("New name")), [HELD], [there("Old")], records(record("Old")), ALL, VEN
    ).resources

    assert (action.kind, action.name) == (Kind.UPDATE, "New name")
    assert action.observed is not None
    assert action.observed.id == "r1"


def test_a_renamed_row_whose_object_bears_another_name_by_now_is_created() -> None:
    made = plan(wanted(wish("New")), [HELD], [there("Moved")], records(record("Old")), ALL, VEN)

    assert [action.kind for action in made.resources] == [Kind.CREATE]


def test_of_twins_the_one_on_record_is_ours_else_the_least_id() -> None:
    twins = [there(id_="b"), there(id_="a"), there(id_="c")]

    known = plan(wanted(wish()), [HELD], twins, records(record(id_="c")), MINE, VEN)
    unknown = plan(wanted(wish()), [HELD], twins, records(), MINE, VEN)

    assert known.resources[0].observed == there(id_="c")
    assert unknown.resources[0].observed == there(id_="a")


def test_resources_of_other_vens_do_not_count() -> None:
    made = plan(wanted(wish()), [HELD], [there(ven="v2")], records(), MINE, VEN)

    assert [action.kind for action in made.resources] == [Kind.CREATE]


def test_what_the_vtn_shows_unreadably_is_said_and_not_created_again() -> None:
    known = records(record("R", "r1"), record("S", "s1")._replace(key="s"))
    made = plan(wanted(wish("R"), wish("S", key="s")), (HELD,), (), known, MINE, VEN)

    told = without_unreadable(made, {"r1": "resourceName: a string was expected"})

    by_name = {action.name: action for action in told.resources}
    assert (by_name["R"].kind, by_name["S"].kind) == (Kind.CONFLICT, Kind.CREATE)
    assert "resourceName: a string was expected" in by_name["R"].reason
