"""Halving what is too large (T-29): nothing lost, nothing twice, the same names in every life."""

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.obligations import report
from ven_daemon.domain.reporting.halving import (
    FIRST,
    SECOND,
    halves,
    name_of_part,
    part_of,
    shrunk,
    shrunk_before,
    stands_in_parts,
)
from ven_daemon.domain.reporting.reports import Report

SIZES = st.integers(0, 6)
LONG = "ø" * 64
NAMES = st.sampled_from(["n", LONG])


def said(*reports: Report) -> list[tuple[str, int]]:
    """Say which intervals of which resources are told, as often as they are."""
    return sorted((r.name, i.id) for one in reports for r in one.resources for i in r.intervals)


def taken_apart(whole: Report, dice: st.DataObject) -> dict[str, Report]:
    """Halve reports and shrink them, as a VTN may want it; give what there is then, by part."""
    there, open_ = {}, [("", whole)]
    while open_:
        part, one = open_.pop()
        cut, times = dice.draw(st.sampled_from(["no", "halve", "shrink"])), dice.draw(SIZES)
        smaller = shrunk(one, part, times)
        if cut == "halve" and (split := halves(one, part)):
            open_ += zip((part + FIRST, part + SECOND), split, strict=True)
        elif cut == "shrink" and smaller:
            there[smaller.part] = smaller.first
            open_ += smaller.rests
        else:
            there[part] = one
    return there


@given(SIZES, SIZES)
def test_t29_halving_loses_nothing_and_ends(resources: int, intervals: int) -> None:
    whole = report(resources, intervals)
    small, open_ = [], [whole]
    while open_:
        split = halves(one := open_.pop())
        if split is None:
            small.append(one)
        else:
            open_ += split

    assert said(*small) == said(whole)
    assert len({one.name for one in small}) == len(small)


@given(SIZES, SIZES, NAMES, st.data())
def test_t29_parts_are_found_again_in_the_whole_by_their_names(
    resources: int, intervals: int, name: str, dice: st.DataObject
) -> None:
    whole = report(resources, intervals, name)

    there = taken_apart(whole, dice)

    assert said(*there.values()) == said(whole)
    assert len({one.name for one in there.values()}) == len(there)
    assert all(part_of(whole, part) == one for part, one in there.items())
    assert all(name_of_part(name, part) == one.name for part, one in there.items())


@given(SIZES, SIZES, NAMES, st.data())
def test_t29_whoever_cuts_anew_by_what_is_there_cuts_where_it_was_cut(
    resources: int, intervals: int, name: str, dice: st.DataObject
) -> None:
    """T-29: after a state was lost, with nothing but the names at the VTN."""
    whole = report(resources, intervals, name)
    made = taken_apart(whole, dice)
    names = {one.name for one in made.values()}

    again, open_ = {}, [("", whole)]
    while open_:
        part, one = open_.pop()
        if one.name not in names and stands_in_parts(one, part, names):
            open_ += zip((part + FIRST, part + SECOND), halves(one, part) or (), strict=True)
        elif one.name in names and (smaller := shrunk_before(one, part, names)):
            again[smaller.part] = smaller.first
            open_ += smaller.rests
        else:
            again[part] = one

    assert again == made


def test_t29_what_is_shrunk_keeps_its_name_and_its_rests_are_named_as_halves_are() -> None:
    smaller = shrunk(report(1, 8), "", 2)

    assert smaller is not None
    assert (smaller.first.name, smaller.part) == ("n", "kk")
    assert [(part, rest.name) for part, rest in smaller.rests] == [("kb", "n-a-b"), ("b", "n-b")]
    assert [one.size for one in (smaller.first, *(rest for _, rest in smaller.rests))] == [2, 2, 4]


def test_t29_what_was_shrunk_and_is_made_anew_is_not_halved_into_names_that_are_taken() -> None:
    """T-29: a VTN may forget what it had; then what is left is a report like others."""
    smaller = shrunk(report(4, 1), "", 1)
    assert smaller is not None

    split = halves(smaller.first, smaller.part)

    assert split is not None
    assert [half.name for half in split] == ["n-a-a", "n-a-b"]


def test_t29_one_interval_cannot_be_shrunk() -> None:
    assert shrunk(report(1, 1), "", 1) is None
    assert shrunk(report(2, 1), "", 2) is None


def test_t29_a_whole_that_became_smaller_than_its_halves_is_its_first() -> None:
    one = report(1, 1)

    assert (part_of(one, "k"), part_of(one, "b")) == (one, None)


def test_t29_the_names_of_halves_stay_within_their_limit() -> None:
    split = halves(report(2, 1, LONG))
    assert split is not None

    names = {half.name for half in split}

    assert len(names) == 2
    assert all(len(name.encode()) <= 128 for name in names)
