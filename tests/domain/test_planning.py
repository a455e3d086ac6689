"""Registration, decided: each rule as a table, and what must hold of every plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.attributes import Attribute
from ven_daemon.domain.fleet import Resource, Ven
from ven_daemon.domain.ids import ClientId, ResourceId, ResourceKey, ResourceName, VenId, VenName
from ven_daemon.domain.naming import derived_client_id
from ven_daemon.domain.planning import plan, want, without_unreadable
from ven_daemon.domain.registration import (
    Kind,
    ObservedResource,
    ObservedVen,
    Origin,
    Policy,
    Record,
    Records,
    Status,
    VenPlan,
    WantedVen,
    Wish,
)

VEN = VenName("Aalborg")
MINE, PRUNE, ALL = Policy(), Policy(prune=True), Policy(prune=True, prune_adopted=True)
HELD = ObservedVen(VenId("v1"), "Aalborg", "c1")
KEY = Attribute("RESOURCE_ID", ("k",))
POWER = (KEY, Attribute("MAX_POWER_CONSUMPTION", (22.0,)))
OTHER = (KEY, Attribute("MAX_POWER_CONSUMPTION", (11.0,)))
NOTE = Attribute("NOTE_OF_SOMEBODY", ("keep me",))
WRITES = {Kind.CREATE, Kind.UPDATE, Kind.DELETE}


def wish(name: str = "R", power: float = 22.0, key: str = "k", *problems: str) -> Wish:
    row = Resource(1, ResourceKey(key), name, capacities={"P_max_kw": power}, problems=problems)
    return Wish(ResourceName(name), row)


def wanted(*wishes: Wish, bound: bool = False, client: str = "c1") -> WantedVen:
    return WantedVen(VEN, "Aalborg", ClientId(client), (), wishes, bound)


def there(
    name: str = "R", power: tuple[Attribute, ...] = POWER, id_: str = "r1", ven: str = "v1"
) -> ObservedResource:
    return ObservedResource(ResourceId(id_), VenId(ven), name, "c1", (), power)


def record(name: str = "R", id_: str | None = "r1", **fields: object) -> Record:
    known = Record(name, Status.REGISTERED, key="k", vtn_id=id_, origin=Origin.CREATED)
    return known._replace(**fields)  # type: ignore[arg-type]


def records(*known: Record, ven: Record | None = None) -> Records:
    return Records(ven, {each.name: each for each in known})


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


@pytest.mark.parametrize(
    ("found", "known", "kind"),
    [
        ([], None, Kind.CREATE),
        ([], record("Aalborg", "v1"), Kind.CREATE),
        ([HELD], None, Kind.ADOPT),
        ([HELD], record("Aalborg", None), Kind.ADOPT),
        ([HELD], record("Aalborg", "old"), Kind.ADOPT),
        ([HELD], record("Aalborg", "v1"), Kind.NOTHING),
        ([replace(HELD, name="Vejle")], None, Kind.CREATE),
        ([replace(HELD, client_id=None)], record("Aalborg", "v1"), Kind.NOTHING),
    ],
)
def test_what_is_done_about_a_ven(
    found: list[ObservedVen], known: Record | None, kind: Kind
) -> None:
    made = plan(wanted(wish()), found, [], records(ven=known), MINE, VEN)

    assert (made.kind, made.reason) == (kind, "")


def test_a_ven_without_enabled_resources_is_not_created() -> None:
    assert plan(wanted(), [], [], records(), MINE, VEN).kind is Kind.NOTHING


def test_a_ven_that_left_and_is_gone_needs_nothing() -> None:
    assert plan(None, [], [], records(ven=record("Aalborg", "v1")), ALL, VEN).kind is Kind.NOTHING


def test_a_ven_of_another_client_is_a_conflict() -> None:
    mine = wanted(wish(), bound=True, client="mine")

    made = plan(mine, [HELD], [there()], records(record()), ALL, VEN)

    assert made.kind is Kind.CONFLICT
    assert "binds VEN 'Aalborg' to client 'c1', its credential here is 'mine'" in made.reason
    assert (made.resources, made.forgotten) == ((), ())


def test_a_credential_that_stands_for_another_ven_is_a_conflict() -> None:
    made = plan(wanted(bound=True), [replace(HELD, name="Vejle")], [], records(), ALL, VEN)

    assert made.kind is Kind.CONFLICT
    assert made.reason == "its credential 'c1' already stands for VEN 'Vejle'"


def test_a_derived_client_is_no_credential_to_conflict_with() -> None:
    assert plan(wanted(client="mine"), [HELD], [], records(), ALL, VEN).kind is Kind.ADOPT


def test_what_vanished_and_what_is_known_are_counted() -> None:
    known = records(
        record("A", "r1"), record("B", "r2"), record("C", None), ven=record("Aalborg", "v1")
    )
    wishes = [wish("A", key="a"), wish("B", key="b"), wish("C", key="c"), wish("D", key="d")]

    made = plan(wanted(*wishes), [HELD], [there("A")], known, MINE, VEN)

    assert (made.vanished, made.known) == (1, 3)


def row(number: int, name: str = "Pub", *, enabled: bool = True, power: float = 22.0) -> Resource:
    return Resource(
        number,
        ResourceKey(f"k{number}"),
        name,
        resource_type="EV",
        capacities={"P_max_kw": power},
        ven=VEN,
        enabled=enabled,
    )


def test_what_is_wanted_follows_from_the_inventory() -> None:
    ven = Ven(VenName("Århus\0"), (row(1), row(2, enabled=False), row(3)))

    made = want(ven, records(), None, ("all", "{ven}"), ("{type}", "{sub_type}"))

    assert (made.ven, made.name, made.targets) == ("Århus\0", "Århus", ("all", "Aarhus"))
    assert (made.client_id, made.bound) == (derived_client_id(VenName("Århus\0")), False)
    assert [each.key for each in made.resources] == ["k1", "k3"]
    assert made.resources[0].name == "Pub"
    assert made.resources[1].name.startswith("Pub#")
    assert made.resources[0].targets == ("EV",)


def test_a_vens_own_credential_binds_it() -> None:
    made = want(Ven(VEN, ()), records(), ClientId("mine"), (), ())

    assert (made.client_id, made.bound) == ("mine", True)


# What must hold of every plan. Worlds are small and dense, so that names, keys and ids
# meet each other often.

few_names = st.sampled_from(["A", "B", "Pub", "Pub#0", "ø" * 80])
powers = st.sampled_from([22.0, 22, 11.0])
rows = st.lists(
    st.builds(lambda n, name, on, p: row(n, name, enabled=on, power=p),
              st.integers(1, 9), few_names, st.booleans(), powers),
    unique_by=lambda resource: resource.id,
    max_size=6,
)  # fmt: skip
vens_there = st.lists(
    st.builds(
        ObservedVen,
        st.sampled_from([VenId("v1"), VenId("v2"), VenId("v3")]),
        st.sampled_from(["Aalborg", "Vejle"]),
        st.sampled_from([None, "c1", "c2"]),
    ),
    unique_by=lambda ven: ven.id,
    max_size=3,
)
resources_there = st.lists(
    st.builds(
        ObservedResource,
        st.sampled_from([ResourceId(f"r{n}") for n in range(8)]),
        st.sampled_from([VenId("v1"), VenId("v2")]),
        few_names,
        attributes=st.sampled_from([POWER, OTHER, (*POWER, NOTE), ()]),
    ),
    unique_by=lambda resource: resource.id,
    max_size=8,
)
known_resources = st.lists(
    st.builds(
        Record,
        few_names,
        st.sampled_from(list(Status)),
        st.sampled_from([f"k{n}" for n in range(1, 10)]),
        st.sampled_from([None, *(f"r{n}" for n in range(8))]),
        st.sampled_from([None, *Origin]),
        st.sampled_from([None, wish("A").in_full().fingerprint, wish("B").in_full().fingerprint]),
    ),
    unique_by=lambda each: each.name,
    max_size=5,
)
known_vens = st.one_of(
    st.none(),
    st.builds(
        Record,
        st.just("Aalborg"),
        st.sampled_from(list(Status)),
        vtn_id=st.sampled_from([None, "v1", "v2"]),
        origin=st.sampled_from([None, *Origin]),
    ),
)
policies = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())


class World:
    """A VTN as two dicts, our records, and an inventory of one VEN."""

    def __init__(
        self,
        resources: list[Resource] | None,
        vens: list[ObservedVen],
        objects: list[ObservedResource],
        known: Records,
        policy: Policy,
    ) -> None:
        self.ven = None if resources is None else Ven(VEN, tuple(resources))
        self.vens = {ven.id: ven for ven in vens}
        self.objects = {each.id: each for each in objects}
        self.records = known
        self.policy = policy

    def plan(self) -> VenPlan:
        wanted_ = want(self.ven, self.records, None, (), ()) if self.ven else None
        return plan(
            wanted_, self.vens.values(), self.objects.values(), self.records, self.policy, VEN
        )

    def carry_out(self, made: VenPlan) -> None:
        """Do what the plan says, and put it on record."""
        known = {name: each for name, each in self.records.resources.items()
                 if name not in made.forgotten}  # fmt: skip
        ven, held = made.observed, self.records.ven
        if made.kind is Kind.CREATE and made.wanted:
            ven = ObservedVen(VenId("new"), made.wanted.name, made.wanted.client_id)
            self.vens[ven.id] = ven
        if made.kind is Kind.DELETE and ven:
            del self.vens[ven.id]
            held = None
        elif ven and made.wanted and made.kind is not Kind.CONFLICT:
            held = Record(VEN, Status.REGISTERED, vtn_id=ven.id, origin=Origin.CREATED)
        for number, action in enumerate(made.resources):
            found = action.observed
            if action.kind is Kind.DELETE and found:
                del self.objects[found.id]
                known.pop(action.name, None)
            elif action.wanted and action.kind is not Kind.CONFLICT and ven:
                if found is None or action.kind is Kind.UPDATE:
                    id_ = found.id if found else ResourceId(f"new-{number}")
                    found = ObservedResource(
                        id_,
                        ven.id,
                        action.wanted.name,
                        attributes=action.wanted.in_full().attributes,
                    )
                    self.objects[id_] = found
                if action.record:
                    known.pop(action.record.name, None)
                known[action.name] = Record(
                    action.name,
                    Status.REGISTERED,
                    action.wanted.key,
                    found.id,
                    Origin.CREATED,
                    action.wanted.in_full().fingerprint,
                    found.fingerprint,
                )
        self.records = Records(held, known)


worlds = st.builds(
    World,
    st.one_of(st.none(), rows),
    vens_there,
    resources_there,
    st.builds(lambda ven, known: records(*known, ven=ven), known_vens, known_resources),
    policies,
)


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


def test_what_the_vtn_shows_unreadably_is_said_and_not_created_again() -> None:
    known = records(record("R", "r1"), record("S", "s1")._replace(key="s"))
    made = plan(wanted(wish("R"), wish("S", key="s")), (HELD,), (), known, MINE, VEN)

    told = without_unreadable(made, {"r1": "resourceName: a string was expected"})

    by_name = {action.name: action for action in told.resources}
    assert (by_name["R"].kind, by_name["S"].kind) == (Kind.CONFLICT, Kind.CREATE)
    assert "resourceName: a string was expected" in by_name["R"].reason


def test_a_ven_that_is_shown_unreadably_is_left_alone_with_all_it_has() -> None:
    held = Record("Aalborg", Status.REGISTERED, vtn_id="v1", origin=Origin.CREATED)
    made = plan(wanted(wish()), (), (), records(record(), ven=held), MINE, VEN)

    told = without_unreadable(made, {"v1": "venName: a string was expected"})

    assert (told.kind, told.resources) == (Kind.CONFLICT, ())
    assert "venName" in told.reason
