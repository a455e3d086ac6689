"""Bodies of readings taken apart: any bytes give items or are unreadable, and nothing else."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.ops.reading_bodies import NoItem, UnreadableBodyError, items_of

_NAMES = st.sampled_from(["resource_id", "value", "at", "quantity", 'a":b', "é", "\\", ""])
_VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)
)
_MEMBERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=4)


@given(st.binary(max_size=200))
def test_any_bytes_give_items_or_are_unreadable(body: bytes) -> None:
    try:
        items = items_of(body)
    except UnreadableBodyError:
        return
    assert len(items) >= 0


@given(st.lists(_MEMBERS, max_size=4), st.sampled_from(["", " ", "\t", "\n"]), st.booleans())
def test_a_member_given_twice_is_seen_however_it_is_spelled(
    objects: list[list[tuple[str, Any]]], space: str, escaped: bool
) -> None:
    def written(members: list[tuple[str, Any]]) -> str:
        pairs = (
            f"{json.dumps(name, ensure_ascii=escaped)}{space}:{space}{json.dumps(value)}"
            for name, value in members
        )
        return "{" + f",{space}".join(pairs) + "}"

    items = items_of(f"[{','.join(map(written, objects))}]".encode())

    for members, item in zip(objects, items, strict=True):
        names = [name for name, _ in members]
        if len(set(names)) < len(names):
            assert isinstance(item, NoItem)
        else:
            assert item == dict(members)


@given(st.lists(st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3), min_size=1, max_size=5))
def test_lines_and_an_array_give_the_same_items(items: list[dict[str, Any]]) -> None:
    lines = b"\n".join(map(orjson.dumps, items))

    assert list(items_of(lines)) == list(items_of(orjson.dumps(items))) == items


@pytest.mark.parametrize("depth", [10, 1000, 100_000])
def test_deep_nesting_ends_nothing_f44(depth: int) -> None:
    body = b"[" * depth + b"]" * depth

    try:
        items = items_of(body)
    except UnreadableBodyError:
        assert depth >= 1000
    else:
        assert len(items) == 1


def test_a_mark_of_byte_order_is_no_json_f44() -> None:
    with pytest.raises(UnreadableBodyError):
        items_of(b'\xef\xbb\xbf{"value": 1}')
