"""What the wire says about a resource, and when two descriptions are the same."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.attributes import (
    OURS,
    TEXT_LIMIT,
    Attribute,
    Point,
    describe,
    fingerprint,
    foreign,
    ours,
    same,
)
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey, VenName

HOTEL = Resource(
    id=1,
    resource_id=ResourceKey("r1"),
    resource_name="Hotel",
    resource_type="DSR",
    resource_sub_type="Hotels",
    meter_point_id="707057500000000001",
    capacities={"P_max_kw": 50.0, "P_min_kw": -20.0, "E_max_kwh": 200.0, "E_min_kwh": 0.0},
    location={"latitude": 57.05, "longitude": 9.92},
    address="Algade 1, 9000 Aalborg",
    ven=VenName("Aalborg"),
)

numbers = st.floats(min_value=-1e9, max_value=1e9).filter(lambda n: n == 0 or abs(n) > 1e-6)
values = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    numbers,
    st.builds(Point, numbers, numbers),
)
attributes = st.lists(
    st.builds(Attribute, st.text(), st.lists(values, max_size=3).map(tuple)),
    unique_by=lambda attribute: attribute.type,
    max_size=8,
).map(tuple)


def said(resource: Resource) -> dict[str, tuple[object, ...]]:
    return dict(describe(resource))


def test_a_resource_is_described_by_standard_names_and_ours() -> None:
    assert said(HOTEL) == {
        "DESCRIPTION": ("Hotels, Aalborg",),
        "MAX_POWER_CONSUMPTION": (50.0,),
        "MAX_POWER_EXPORT": (20.0,),
        "MIN_POWER_CONSUMPTION": (0.0,),
        "MAX_ENERGY": (200.0,),
        "MIN_ENERGY": (0.0,),
        "RESOURCE_ID": ("r1",),
        "RESOURCE_TYPE": ("DSR",),
        "RESOURCE_SUB_TYPE": ("Hotels",),
        "METER_POINT_ID": ("707057500000000001",),
        "ADDRESS": ("Algade 1, 9000 Aalborg",),
        "LOCATION": (9.92, 57.05),
    }


def test_location_is_longitude_first() -> None:
    assert said(HOTEL)["LOCATION"] == (9.92, 57.05)


@pytest.mark.parametrize(
    ("least", "export", "consumption"),
    [(-20.0, 20.0, 0.0), (0.0, 0.0, 0.0), (5.0, 0.0, 5.0), (-0.0, 0.0, 0.0)],
)
def test_a_least_power_below_zero_is_export(
    least: float, export: float, consumption: float
) -> None:
    found = said(HOTEL._replace(capacities={"P_min_kw": least}))

    assert found["MAX_POWER_EXPORT"] == (export,)
    assert found["MIN_POWER_CONSUMPTION"] == (consumption,)
    assert "-" not in repr(found["MAX_POWER_EXPORT"]) + repr(found["MIN_POWER_CONSUMPTION"])


def test_what_is_not_known_is_not_said() -> None:
    bare = Resource(1, ResourceKey("r1"), "Hotel")

    assert said(bare) == {"RESOURCE_ID": ("r1",)}


@pytest.mark.parametrize("place", [{}, {"latitude": 57.0}, {"longitude": 9.0}])
def test_half_a_place_is_none(place: dict[str, float]) -> None:
    assert "LOCATION" not in said(HOTEL._replace(location=place))


def test_a_description_is_cut_at_its_limit() -> None:
    long = HOTEL._replace(resource_sub_type="ø" * 200)

    assert said(long)["DESCRIPTION"] == ("ø" * TEXT_LIMIT,)


def test_all_that_we_write_is_known_as_ours() -> None:
    assert set(said(HOTEL)) == OURS
    assert ours(describe(HOTEL)) == describe(HOTEL)
    assert foreign(describe(HOTEL)) == ()


@given(attributes)
def test_every_attribute_is_ours_or_foreign(found: tuple[Attribute, ...]) -> None:
    assert sorted(ours(found) + foreign(found)) == sorted(found) or len(found) > 1
    assert len(ours(found)) + len(foreign(found)) == len(found)


@given(attributes)
def test_a_description_is_the_same_as_itself(found: tuple[Attribute, ...]) -> None:
    assert same(found, found)
    assert fingerprint("x", found) == fingerprint("x", tuple(found))


@given(attributes, st.randoms(use_true_random=False))
def test_order_does_not_count(found: tuple[Attribute, ...], dice: object) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    assert same(found, shuffled)
    assert same(shuffled, found)


def through_f32(value: object) -> object:
    if isinstance(value, Point):
        return Point(*map(through_f32, value))  # type: ignore[arg-type]
    if isinstance(value, float):
        return struct.unpack("f", struct.pack("f", value))[0]
    return value


@given(attributes)
def test_a_vtn_that_keeps_floats_in_four_bytes_changes_nothing(
    found: tuple[Attribute, ...],
) -> None:
    echoed = [Attribute(kind, tuple(map(through_f32, each))) for kind, each in found]  # type: ignore[arg-type]

    assert same(found, echoed)


@given(st.integers(-(10**9), 10**9))
def test_an_integer_is_the_same_as_its_float(n: int) -> None:
    assert same([Attribute("X", (n,))], [Attribute("X", (float(n),))])


@given(attributes, st.text(), values)
def test_one_more_is_another(
    found: tuple[Attribute, ...], kind: str, value: str | float | bool
) -> None:
    assert not same(found, (*found, Attribute(kind, (value,))))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((22.0,), (22.001,)),
        ((22.0,), ("22.0",)),
        (("22",), (22,)),
        pytest.param((True,), (1,)),
        pytest.param((1,), (True,)),
        ((True,), ("True",)),
        ((0.0,), (0.001,)),
        (("a",), ("A",)),
        (("é",), ("e\u0301",)),
        ((1.0, 2.0), (2.0, 1.0)),
        ((1.0,), (1.0, 1.0)),
        ((Point(1.0, 2.0),), (Point(2.0, 1.0),)),
        ((Point(1.0, 2.0),), (1.0,)),
        ((), ("",)),
    ],
    ids=repr,
)
def test_these_are_not_the_same(wanted: tuple[object, ...], found: tuple[object, ...]) -> None:
    left, right = Attribute("X", wanted), Attribute("X", found)  # type: ignore[arg-type]

    assert not same([left], [right])
    assert not same([right], [left])


@given(attributes, attributes)
def test_equal_fingerprints_mean_equal_descriptions(
    one: tuple[Attribute, ...], other: tuple[Attribute, ...]
) -> None:
    if fingerprint("x", one) == fingerprint("x", other):
        assert same(one, other)


@given(attributes, st.text(), st.text())
def test_the_name_is_part_of_the_fingerprint(
    found: tuple[Attribute, ...], one: str, other: str
) -> None:
    assert (fingerprint(one, found) == fingerprint(other, found)) is (one == other)


def test_a_fingerprint_is_short_and_stays_what_it_is() -> None:
    found = fingerprint(
        "Hotel", [Attribute("X", (1.0, "å", Point(1.0, 2.0))), Attribute("\ud800", ())]
    )

    assert len(found) == 32
    assert found == fingerprint(
        "Hotel", [Attribute("X", (1.0, "å", Point(1.0, 2.0))), Attribute("\ud800", ())]
    )
