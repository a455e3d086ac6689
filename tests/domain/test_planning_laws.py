"""Registration, decided: what must hold of every plan."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.registration_worlds import World, worlds
from ven_daemon.domain.registration import Kind, Records

WRITES = {Kind.CREATE, Kind.UPDATE, Kind.DELETE}


@given(worlds, st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_its_inputs(world: World, dice: object) -> None:
    before = world.plan()
    for each in ("vens", "objects"):
        items = list(getattr(world, each).items())
        dice.shuffle(items)  # type: ignore[attr-defined]
        setattr(world, each, dict(items))
    known = list(world.records.resources.items())
    dice.shuffle(known)  # type: ignore[attr-defined]
    world.records = Records(world.records.ven, dict(known))

    after = world.plan()

    assert replace(after, resources=()) == replace(before, resources=())
    assert set(map(repr, after.resources)) == set(map(repr, before.resources))


@given(worlds)
def test_a_plan_carried_out_and_made_again_says_nothing(world: World) -> None:
    world.carry_out(world.plan())
    world.carry_out(world.plan())  # a ven that was created or chosen may show what is under it

    again = world.plan()

    if again.kind is Kind.CONFLICT:
        return
    assert again.kind in (Kind.NOTHING, Kind.ORPHANED)
    done = {action.kind for action in again.resources}
    assert done <= {Kind.NOTHING, Kind.ORPHANED, Kind.CONFLICT}
    assert not any(a.kind is Kind.ORPHANED and a.wanted for a in again.resources)


@given(worlds)
def test_nothing_foreign_is_ever_written(world: World) -> None:
    made = world.plan()
    wishes = {each.name for each in made.wanted.resources} if made.wanted else set()
    ours = {each.vtn_id for each in world.records.resources.values()}

    for action in made.resources:
        if action.kind in WRITES and action.observed is not None:
            assert action.observed.ven_id == (made.observed and made.observed.id)
            assert action.observed.name in wishes or action.observed.id in ours
        if action.kind is Kind.DELETE:
            assert action.observed is not None
            assert action.record is not None
            assert action.record.vtn_id == action.observed.id
            assert world.policy.prune or world.policy.prune_adopted
    if made.kind is Kind.DELETE:
        assert made.record is not None
        assert made.wanted is None


@given(worlds)
def test_every_wish_is_spoken_of_once(world: World) -> None:
    made = world.plan()
    if made.kind is Kind.CONFLICT or made.wanted is None:
        return

    spoken = [action.wanted.key for action in made.resources if action.wanted]

    assert sorted(spoken) == sorted(each.key for each in made.wanted.resources)


@given(worlds)
def test_no_object_is_written_twice(world: World) -> None:
    written = [
        action.observed.id
        for action in world.plan().resources
        if action.observed and action.kind is not Kind.ORPHANED
    ]

    assert len(written) == len(set(written))


@given(worlds)
def test_what_is_forgotten_is_on_record_and_not_spoken_of(world: World) -> None:
    made = world.plan()

    assert set(made.forgotten) <= world.records.resources.keys()
    assert not set(made.forgotten) & {action.name for action in made.resources}
