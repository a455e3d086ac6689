"""Which resources an event means: each rule as a row, and what must hold of every fleet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.domain.registration import Target
from ven_daemon.domain.targets import Audience, Bearer, Place, TargetIndex

AALBORG, VEJLE = VenName("Aalborg"), VenName("Vejle")


def place(ven: VenName, key: str) -> Place:
    return Place(ven, ResourceKey(key))


CAFE, CHARGER, POOL = place(AALBORG, "cafe"), place(AALBORG, "charger"), place(VEJLE, "pool")
CHARGER_2 = place(VEJLE, "charger2")
ALL = {CAFE, CHARGER, POOL, CHARGER_2}


def plain(*values: str) -> tuple[Target, ...]:
    return tuple(Target(value) for value in values)


def index_of(kind: str | None = None) -> TargetIndex:
    """Two towns, whose targets are of *kind*."""
    return TargetIndex(
        {
            AALBORG: Bearer(("Aalborg", "v1"), (Target("north", kind),)),
            VEJLE: Bearer(("Vejle", "v2"), (Target("south", kind),)),
        },
        {
            CAFE: Bearer(("Café", "r1"), (Target("DSR", kind),)),
            CHARGER: Bearer(("Charger", "r2"), (Target("EV", kind), Target("fast", kind))),
            POOL: Bearer(("Pool", "r3"), (Target("DSR", kind),)),
            CHARGER_2: Bearer(("Charger", "r4"), (Target("EV", kind),)),
        },
    )


def found(audience: Audience) -> set[Place]:
    return {each for each in ALL if each in audience}


@pytest.mark.parametrize(
    ("event", "program", "meant"),
    [
        pytest.param((), (), ALL, id="no targets mean all"),
        pytest.param(plain("north"), (), {CAFE, CHARGER}, id="a VEN's target means all of it"),
        pytest.param(plain("Aalborg"), (), {CAFE, CHARGER}, id="so does its name"),
        pytest.param(plain("v2"), (), {POOL, CHARGER_2}, id="and its id"),
        pytest.param(plain("EV"), (), {CHARGER, CHARGER_2}, id="a target of resources"),
        pytest.param(plain("Charger"), (), {CHARGER, CHARGER_2}, id="a name borne twice"),
        pytest.param(plain("r3"), (), {POOL}, id="a resource's id"),
        pytest.param(plain("fast", "r3"), (), {CHARGER, POOL}, id="any target will do"),
        pytest.param(plain("v1", "fast"), (), {CAFE, CHARGER}, id="a VEN's outweighs its parts'"),
        pytest.param(plain("v1", "r4"), (), {CAFE, CHARGER, CHARGER_2}, id="… but not others'"),
        pytest.param(plain("nobody"), (), set(), id="F45: nobody bears it"),
        pytest.param(plain("nobody", "r3"), (), {POOL}, id="F45: … and somebody"),
        pytest.param(plain("EV"), plain("north"), {CHARGER}, id="program and event together"),
        pytest.param((), plain("EV"), {CHARGER, CHARGER_2}, id="the program alone"),
        pytest.param(plain("north"), plain("south"), set(), id="program and event apart"),
        pytest.param(plain("v1"), plain("fast", "v2"), {CHARGER}, id="whole and single"),
        pytest.param(plain("ev"), (), set(), id="case counts"),
        pytest.param(plain(""), (), set(), id="an empty target is a target"),
    ],
)
def test_what_targets_of_3_1_mean(
    event: tuple[Target, ...], program: tuple[Target, ...], meant: set[Place]
) -> None:
    assert found(index_of().meant(event, program)) == meant


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        pytest.param([Target("Aalborg", "VEN_NAME")], {CAFE, CHARGER}, id="VEN_NAME"),
        pytest.param([Target("Charger", "RESOURCE_NAME")], {CHARGER, CHARGER_2}, id="resource"),
        pytest.param([Target("Aalborg", "GROUP")], set(), id="a name is no group"),
        pytest.param([Target("EV", "GROUP")], {CHARGER, CHARGER_2}, id="GROUP"),
        pytest.param([Target("EV", "SERVICE_AREA")], set(), id="of another type"),
        pytest.param(
            [Target("EV", "GROUP"), Target("Vejle", "VEN_NAME")], {CHARGER_2}, id="every type"
        ),
        pytest.param(
            [Target("EV", "GROUP"), Target("north", "GROUP")], {CAFE, CHARGER, CHARGER_2},
            id="any value of a type",
        ),
        pytest.param([Target("x", "EVENT_NAME")], ALL, id="EVENT_NAME says nothing"),
        pytest.param([Target("x", "PROGRAM_NAME"), Target("EV", "GROUP")], {CHARGER, CHARGER_2},
            id="PROGRAM_NAME says nothing"),
        pytest.param(plain("EV"), {CHARGER, CHARGER_2}, id="without a type, as in 3.1"),
    ],
)  # fmt: skip
def test_what_targets_of_3_0_mean(event: list[Target], meant: set[Place]) -> None:
    assert found(index_of("GROUP").meant(event)) == meant


def test_a_typed_target_means_whoever_bears_it_without_a_type() -> None:
    assert found(index_of(None).meant([Target("EV", "GROUP")])) == {CHARGER, CHARGER_2}


def test_an_event_means_nobody_whom_it_was_not_shown_to() -> None:
    """T-37: the same event is stored once, and who may see it for each VEN."""
    index = index_of()

    assert found(index.meant((), readers=frozenset({VEJLE}))) == {POOL, CHARGER_2}
    assert found(index.meant(plain("EV"), readers=frozenset({AALBORG}))) == {CHARGER}
    assert not index.meant(plain("EV"), readers=frozenset())


def test_a_program_that_cannot_be_read_restricts_nothing() -> None:
    """T-15: an event may be readable where its program is not."""
    assert found(index_of().meant(plain("EV"), ())) == {CHARGER, CHARGER_2}


def test_privacy_is_emulated_for_a_credential_that_sees_everything() -> None:
    """T-34: with one token for all VENs, nobody is handed what others were meant to get."""
    index = index_of()

    audience = index.meant(plain("south"))

    assert audience.vens == {VEJLE}
    assert not audience.resources


def test_targets_that_nobody_bears_are_told() -> None:
    targets = [*plain("north", "who", "EV"), Target("x", "EVENT_NAME"), Target("y", "GROUP")]

    assert index_of().unknown(targets) == (Target("who"), Target("y", "GROUP"))


def test_losing_a_target_ends_what_it_meant() -> None:
    """T-14: for the resources it is the same as a deletion."""
    bare = TargetIndex({AALBORG: Bearer(("Aalborg",))}, {CAFE: Bearer(("Café",))})

    assert found(index_of().meant(plain("DSR"))) == {CAFE, POOL}
    assert not bare.meant(plain("DSR"))


_WORDS = st.sampled_from(["a", "b", "c", "d"])
_BORNE = st.frozensets(_WORDS, max_size=2)


@given(
    st.dictionaries(st.sampled_from(["V", "W"]), _BORNE, min_size=1),
    st.dictionaries(st.tuples(st.sampled_from(["V", "W"]), st.integers(0, 3)), _BORNE),
    st.frozensets(_WORDS, max_size=3),
)
def test_the_index_finds_what_asking_every_resource_would(
    vens: dict[str, frozenset[str]],
    resources: dict[tuple[str, int], frozenset[str]],
    asked: frozenset[str],
) -> None:
    held = {key: borne for key, borne in resources.items() if key[0] in vens}
    index = TargetIndex(
        {VenName(name): Bearer((), plain(*borne)) for name, borne in vens.items()},
        {place(VenName(v), str(n)): Bearer((), plain(*borne)) for (v, n), borne in held.items()},
    )

    audience = index.meant(plain(*sorted(asked)))

    for (ven, number), borne in held.items():
        expected = not asked or bool(asked & (vens[ven] | borne))
        assert (place(VenName(ven), str(number)) in audience) == expected


def test_ten_thousand_targets_cost_what_they_find() -> None:
    """F45: most of them are unknown."""
    targets = plain(*(f"t{n}" for n in range(10_000)), "EV")

    assert found(index_of().meant(targets)) == {CHARGER, CHARGER_2}
