"""Names at the VTN: from our own data only, distinct, and within the limits of the wire."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey, ResourceName, VenName
from ven_daemon.domain.naming import (
    NAME_BYTES,
    derived_client_id,
    resource_names,
    slug,
    suffixed,
    targets,
    wire_name,
)

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}")


def row(number: int, name: str, key: str = "", *, enabled: bool = True) -> Resource:
    return Resource(number, ResourceKey(key or f"key-{number}"), name, enabled=enabled)


names = st.one_of(st.text(max_size=300), st.sampled_from(["Algade 1", "Å", "", "x" * 200]))
rows = st.lists(names, max_size=12).map(
    lambda found: [row(number, name) for number, name in enumerate(found)]
)


@pytest.mark.parametrize(
    ("name", "at_the_vtn"),
    [
        ("Aalborg", "Aalborg"),
        ("Nykøbing Falster", "Nykøbing Falster"),
        ("  spaces stay ", "  spaces stay "),
        ("a\0b\0", "ab"),
        ("x" * 128, "x" * 128),
        ("ø" * 64, "ø" * 64),
        ("lone \ud800 surrogate", "lone ? surrogate"),
    ],
)
def test_a_name_that_fits_stays_as_it_is(name: str, at_the_vtn: str) -> None:
    assert wire_name(name) == at_the_vtn


@pytest.mark.parametrize("name", ["x" * 129, "ø" * 65, "🔌" * 33, "a" + "ø" * 64, "\0" + "y" * 200])
def test_a_long_name_keeps_its_beginning_and_ends_in_its_digest(name: str) -> None:
    clean = name.replace("\0", "")

    short = wire_name(name)

    beginning, digest = short.rsplit("~", 1)
    assert clean.startswith(beginning)
    assert digest == sha256(clean.encode()).hexdigest()[:8]
    assert NAME_BYTES - 4 <= len(short.encode()) <= NAME_BYTES


def test_two_long_names_that_begin_alike_stay_two() -> None:
    assert wire_name("x" * 200 + "a") != wire_name("x" * 200 + "b")


@given(names)
def test_a_wire_name_fits_and_is_a_fixed_point(name: str) -> None:
    once = wire_name(name)

    assert len(once.encode()) <= NAME_BYTES
    assert "\0" not in once
    assert wire_name(once) == once


@given(names, st.text(min_size=1))
def test_a_suffixed_name_fits(name: str, key: str) -> None:
    assert len(suffixed(name, ResourceKey(key)).encode()) <= NAME_BYTES


def test_the_first_of_a_name_bears_it_bare_and_later_ones_a_suffix() -> None:
    found = resource_names([row(2, "Pub"), row(1, "Pub"), row(3, "Bar")], {})

    assert found == {
        "key-1": "Pub",
        "key-2": "Pub#" + sha256(b"key-2").hexdigest()[:8],
        "key-3": "Bar",
    }


def test_disabled_rows_keep_their_names_too() -> None:
    found = resource_names([row(1, "Pub", enabled=False), row(2, "Pub")], {})

    assert found[ResourceKey("key-1")] == "Pub"
    assert found[ResourceKey("key-2")] != "Pub"


def test_a_row_without_a_name_is_named_by_its_key() -> None:
    assert resource_names([row(1, "")], {}) == {"key-1": "key-1"}


def test_a_row_whose_name_is_nothing_but_nul_is_named_by_its_key() -> None:
    assert resource_names([row(1, "\0")], {}) == {"key-1": "key-1"}


def test_a_remembered_name_is_kept_when_the_first_of_it_leaves() -> None:
    both = resource_names([row(1, "Pub"), row(2, "Pub")], {})

    alone = resource_names([row(2, "Pub")], both)

    assert alone == {"key-2": both[ResourceKey("key-2")]}


def test_a_row_that_was_renamed_bears_its_new_name() -> None:
    before = resource_names([row(1, "Pub")], {})

    assert resource_names([row(1, "Bar")], before) == {"key-1": "Bar"}


def test_a_new_row_of_a_lower_id_does_not_take_a_remembered_name() -> None:
    before = resource_names([row(5, "Pub")], {})

    found = resource_names([row(1, "Pub"), row(5, "Pub")], before)

    assert found[ResourceKey("key-5")] == "Pub"
    assert found[ResourceKey("key-1")].startswith("Pub#")


def test_a_name_that_looks_like_a_suffixed_one_stays_apart() -> None:
    lookalike = suffixed("Pub", ResourceKey("key-3"))

    found = resource_names([row(1, lookalike), row(2, "Pub"), row(3, "Pub")], {})

    assert len(set(found.values())) == 3


@given(rows)
def test_names_are_distinct_and_fit(resources: list[Resource]) -> None:
    found = resource_names(resources, {})

    assert len(set(found.values())) == len(resources)
    assert all(len(name.encode()) <= NAME_BYTES for name in found.values())


@given(rows, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_rows(resources: list[Resource], dice: object) -> None:
    shuffled = list(resources)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    assert resource_names(shuffled, {}) == resource_names(resources, {})


@given(rows, st.sets(st.integers(0, 11)))
def test_names_outlive_the_removal_of_others(resources: list[Resource], removed: set[int]) -> None:
    before = resource_names(resources, {})
    left = [resource for resource in resources if resource.id not in removed]

    after = resource_names(left, before)

    assert after == {key: before[key] for key in after}


@given(rows, st.dictionaries(st.sampled_from([f"key-{n}" for n in range(12)]), names))
def test_whatever_is_remembered_names_stay_distinct(
    resources: list[Resource], remembered: dict[str, str]
) -> None:
    memory = {ResourceKey(key): ResourceName(name) for key, name in remembered.items()}

    found = resource_names(resources, memory)

    assert len(set(found.values())) == len(resources)


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("Nykøbing Falster", "Nykoebing-Falster"),
        ("Århus", "Aarhus"),
        ("Ærø", "Aeroe"),
        ("Straße", "Strasse"),
        ("Hôtel d'Angleterre", "Hotel-d-Angleterre"),
        ("EV", "EV"),
        ("a__b--c", "a__b-c"),
        ("東京", ""),
        ("", ""),
        ("\0\n", ""),
    ],
)
def test_a_slug_is_spelled_in_ascii(name: str, spelled: str) -> None:
    assert slug(name) == spelled


@given(st.text())
def test_any_slug_is_an_identifier_or_nothing(name: str) -> None:
    assert slug(name) == "" or IDENTIFIER.fullmatch(slug(name))


@given(st.text())
def test_any_ven_gets_a_client_id(name: str) -> None:
    assert IDENTIFIER.fullmatch(derived_client_id(VenName(name)))


def test_vens_that_spell_alike_get_two_client_ids() -> None:
    assert derived_client_id(VenName("Ærø")) != derived_client_id(VenName("Aeroe"))
    assert derived_client_id(VenName("東京")) != derived_client_id(VenName("大阪"))


@pytest.mark.parametrize(
    ("templates", "filled"),
    [
        ((), ()),
        (("{type}", "{sub_type}"), ("EV", "Charging-stations")),
        (("group-{type}", "all"), ("group-EV", "all")),
        (("{type}", "{type}"), ("EV",)),
        (("{nothing}",), ()),
    ],
)
def test_targets_are_filled_from_templates(
    templates: tuple[str, ...], filled: tuple[str, ...]
) -> None:
    fields = (("type", "EV"), ("sub_type", "Charging stations"), ("nothing", None))

    assert targets(templates, fields) == filled
