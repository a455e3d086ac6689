"""What is let in as a reading, and why the rest is not."""

from datetime import UTC, datetime, timedelta
from math import copysign

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import (
    RANGES,
    Gate,
    Quality,
    Quantity,
    Reading,
    Refusal,
    UnfitError,
    fit,
    instant,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATE = Gate.at(NOW, {"r1", "r2"})
NOON = "2026-03-01T12:00:00Z"


def item(**changed: object) -> dict[str, object]:
    return {"resource_id": "r1", "quantity": "power", "value": 1.5, "at": NOON} | changed


def test_a_good_item_becomes_a_reading() -> None:
    assert GATE.read(item()) == Reading(ResourceKey("r1"), Quantity.POWER, 1.5, NOW)


def test_quality_is_taken_as_said() -> None:
    assert GATE.read(item(quality="BAD")).quality is Quality.BAD


def test_what_is_missing_has_no_value() -> None:
    missing = item(quality="MISSING", value=7.0)

    assert GATE.read(missing).value is None
    assert GATE.read(item(quality="MISSING", value=None)).value is None


def test_a_state_is_a_word() -> None:
    assert GATE.read(item(quantity="state", value="RUNNING_NORMAL")).value == "RUNNING_NORMAL"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"resource_id": "r9"}, "resource_id: not in the inventory"),
        ({"resource_id": 7}, "resource_id: must be a string"),
        ({"quantity": "powr"}, "quantity: must be one of"),
        ({"quantity": ["power"]}, "quantity: must be one of"),
        ({"quality": "GOOD"}, "quality: must be one of"),
        ({"quality": None}, "quality: must be one of"),
        ({"value": None}, "value: must be a number"),
        ({"value": True}, "value: must be a number"),
        ({"value": "1.5"}, "value: must be a number"),
        ({"value": float("nan")}, "value: must be finite"),
        ({"value": float("inf")}, "value: must be finite"),
        ({"value": -float("inf")}, "value: must be finite"),
        ({"value": 10**5000}, "value: not within -1e+07 and 1e+07"),
        ({"value": 1e308}, "value: not within"),
        ({"quantity": "soc", "value": 100.5}, "value: not within 0 and 100"),
        ({"quantity": "soc", "value": -1}, "value: not within 0 and 100"),
        ({"quantity": "state", "value": 1}, "value: must be a word"),
        ({"quantity": "state", "value": ""}, "value: must have 1 to 128 characters"),
        ({"quantity": "state", "value": "x" * 129}, "value: must have 1 to 128 characters"),
        ({"quantity": "state", "value": "a\0b"}, "value: has characters"),
        ({"quantity": "state", "value": "\ud800"}, "value: has characters"),
    ],
)
def test_f41_a_wrong_value_is_refused_by_its_field(changed: dict[str, object], reason: str) -> None:
    with pytest.raises(UnfitError) as refused:
        GATE.read(item(**changed))

    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2026-03-01T12:05:01Z", "at: too far ahead"),
        ("2026-03-01T13:00:00Z", "at: too far ahead"),
        ("2036-03-01T12:00:00Z", "at: too far ahead"),
        ("1970-01-01T00:00:00Z", "at: older than what is kept"),
        (0, "at: older than what is kept"),
        ("2026-01-30T11:59:59Z", "at: older than what is kept"),
        (NOW.timestamp() * 1000, "at: must be in seconds"),
        (-(10**20), "at: must be in seconds"),
        (float("nan"), "at: is no instant"),
        (float("inf"), "at: must be in seconds"),
        (9e10, "at: too far ahead"),
        (-9e10, "at: "),
        ("2026-03-01T12:00:00", "at: has no zone"),
        ("2026-03-01", "at: has no zone"),
        ("2026-03-01T23:59:60Z", "at: is no instant"),
        ("0001-01-01T00:00:00+02:00", "at: is no instant"),
        ("yesterday", "at: is no instant"),
        (True, "at: must be RFC 3339"),
        (None, "at: must be RFC 3339"),
    ],
)
def test_f47_a_wrong_instant_is_refused(at: object, reason: str) -> None:
    with pytest.raises(UnfitError) as refused:
        GATE.read(item(at=at))

    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("at", ["2026-03-01T12:05:00Z", "2026-01-30T12:00:00Z", NOW.timestamp()])
def test_f47_the_edges_of_time_are_inside(at: object) -> None:
    assert GATE.read(item(at=at)).at.utcoffset() == timedelta(0)


def test_an_instant_with_another_zone_is_kept_in_utc() -> None:
    at = instant("2026-03-01T13:00:00+01:00")

    assert at == NOW
    assert at.tzinfo is UTC


def test_f41_minus_zero_is_zero() -> None:
    value = fit(Quantity.POWER, -0.0)

    assert isinstance(value, float)
    assert copysign(1, value) == 1


def test_f47_the_good_ones_of_a_batch_are_taken() -> None:
    sifted = GATE.sift([item(), "x", item(resource_id="r9"), item(resource_id="r2")])

    assert [reading.resource for reading in sifted.accepted] == ["r1", "r2"]
    assert sifted.refused == [
        Refusal(1, "not an object"),
        Refusal(2, "resource_id: not in the inventory"),
    ]


def test_every_quantity_but_a_word_has_a_range() -> None:
    assert set(RANGES) == set(Quantity) - {Quantity.STATE}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(json | st.fixed_dictionaries(dict.fromkeys(item(), json)), max_size=4))
def test_whatever_comes_is_accepted_or_refused_and_never_an_error(items: list[object]) -> None:
    sifted = GATE.sift(items)

    assert len(sifted.accepted) + len(sifted.refused) == len(items)
    assert all(refusal.reason for refusal in sifted.refused)
