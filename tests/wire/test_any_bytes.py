"""Whatever a server sends: a value or a WireError, and never anything else."""

from collections.abc import Callable
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.test_golden import HELD, WISH
from ven_daemon.domain.attributes import Attribute, Point, foreign, same
from ven_daemon.domain.ids import ResourceId, ResourceName, VenId
from ven_daemon.domain.registration import ObservedResource, Target, WantedResource
from ven_daemon.wire.profile import Form, Listing, Profile, WireError
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

PROFILES: list[Profile] = [Profile310(), Profile301()]
VEN = VenId("ven-1")

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
members = st.sampled_from(
    [
        "id",
        "venName",
        "resourceName",
        "venID",
        "clientID",
        "targets",
        "attributes",
        "type",
        "values",
        "x",
        "y",
        "tokenURL",
        "programID",
        "programName",
        "intervals",
        "intervalPeriod",
        "payloads",
        "payloadDescriptors",
        "reportDescriptors",
        "payloadType",
        "priority",
        "start",
        "duration",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(members | text, inner, max_size=8),
    max_leaves=30,
)
ids = st.sampled_from(["ven-1", "0f6e", "", "a/b"]) | text
likely = st.fixed_dictionaries(
    {"id": ids, "venName": text, "resourceName": text, "venID": ids},
    optional={
        "clientID": anything,
        "targets": anything | st.lists(text | anything, max_size=3),
        "attributes": st.lists(
            st.fixed_dictionaries({"type": text}, optional={"values": anything}), max_size=3
        )
        | anything,
    },
)
moments = st.sampled_from(["0001-01-01", "2026-01-01T00:00:00Z", "P9999Y", "PT1H", "PT0S"])
period = st.dictionaries(
    st.sampled_from(["start", "duration", "randomizeStart"]), moments | anything, max_size=3
)
maps = st.lists(
    st.fixed_dictionaries({"type": text}, optional={"values": anything}) | anything, max_size=3
)
intervals = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(-5, 5) | anything},
        optional={"intervalPeriod": period | anything, "payloads": maps | anything},
    ),
    max_size=3,
)
likely_events = st.fixed_dictionaries(
    {"id": ids, "programID": ids, "programName": text},
    optional={
        "intervalPeriod": period | anything,
        "intervals": intervals | anything,
        "targets": maps | st.lists(text | anything, max_size=3),
        "duration": moments | anything,
        "payloadDescriptors": anything,
        "reportDescriptors": anything,
        "priority": numbers | anything,
        "modificationDateTime": moments | anything,
        "attributes": maps | anything,
    },
)

Read = Callable[[bytes], object]


def readers(profile: Profile) -> list[Read]:
    return [
        profile.read_vens,
        profile.read_resources,
        lambda body: profile.read_resources(body, VEN),
        profile.read_ven,
        lambda body: profile.read_resource(body, WISH, VEN),
        profile.read_token_endpoint,
        profile.read_programs,
        profile.read_program,
        profile.read_events,
        profile.read_event,
    ]


def read_by_all(body: bytes) -> None:
    for profile in PROFILES:
        for read in readers(profile):
            with suppress(WireError):
                found = read(body)
                if isinstance(found, Listing):
                    assert len(found.items) + len(found.unreadable) == found.size


@given(anything | st.lists(likely | anything, max_size=4))
def test_any_json_gives_a_value_or_a_wire_error(shape: object) -> None:
    read_by_all(orjson.dumps(shape))


@given(likely)
def test_likely_objects_do_too(shape: object) -> None:
    read_by_all(orjson.dumps(shape))
    read_by_all(orjson.dumps([shape]))


@given(likely_events)
def test_likely_events_do_too(shape: object) -> None:
    read_by_all(orjson.dumps(shape))
    read_by_all(orjson.dumps([shape]))


@given(st.binary())
def test_any_bytes_give_a_value_or_a_wire_error(body: bytes) -> None:
    read_by_all(body)


@given(st.lists(likely | likely_events, min_size=1, max_size=3), st.data())
def test_json_with_a_wound_does_too(shapes: object, data: st.DataObject) -> None:
    body = bytearray(orjson.dumps(shapes))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    read_by_all(bytes(body))
    read_by_all(bytes(body[: data.draw(st.integers(0, len(body)))]))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"true",
        b"0",
        b'""',
        b"{}",
        b"[]x",
        b"[NaN]",
        b"[Infinity]",
        b"[1e999]",
        b"\xef\xbb\xbf[]",
        b"\xff\xfe[\0]\0",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'["\\ud800"]',
        b"[" + b"9" * 5000 + b"]",
        b'[{"id":"\\u0000","venName":"\\u0000"}]',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_odd_documents_do_too(body: bytes) -> None:
    read_by_all(body)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"7", b'"x"', b'{"data":[]}', b"[1,2,3]"])
def test_what_is_no_list_of_objects_is_no_empty_page(profile: Profile, body: bytes) -> None:
    with pytest.raises(WireError):
        profile.read_vens(body)
    with pytest.raises(WireError):
        profile.read_resources(body, VEN)
    for read in (profile.read_events, profile.read_programs):
        with pytest.raises(WireError):
            read(body)


@pytest.mark.parametrize("id_", ["x" * 129, "a/b", "../vens", "a?b", "a#b", "a%2Fb", "a\0", "a b"])
def test_what_fits_into_no_path_and_no_column_is_no_id(id_: str) -> None:
    body = orjson.dumps({"id": id_, "venID": "v", "venName": "n", "resourceName": "n"})

    for profile in PROFILES:
        with pytest.raises(WireError, match="id: an object id was expected"):
            profile.read_ven(body)
        with pytest.raises(WireError, match="id: an object id was expected"):
            profile.read_resource(body, WISH, VEN)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_an_empty_page_is_one(profile: Profile) -> None:
    assert profile.read_vens(b"[]") == Listing((), (), 0)


@given(st.lists(likely, max_size=4), anything)
def test_a_bad_element_hides_no_neighbour(good: list[dict[str, object]], bad: object) -> None:
    for shape in good:
        shape.update(id="i", venName="n", targets=None, attributes=None)
    shapes: list[object] = [*good, bad]
    if not any(isinstance(shape, dict) for shape in shapes):
        return

    for profile in PROFILES:
        listing = profile.read_vens(orjson.dumps(shapes))

        assert len(listing.items) >= len(good)
        assert listing.size == len(shapes)


values = st.one_of(
    text, st.booleans(), st.integers(-(2**53), 2**53),
    st.floats(-1e9, 1e9), st.builds(Point, st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)),
)  # fmt: skip
attributes = st.lists(
    st.builds(Attribute, text.filter(bool), st.lists(values, max_size=3).map(tuple)),
    unique_by=lambda attribute: attribute.type,
    max_size=5,
).map(tuple)


@given(attributes, attributes, st.lists(text, max_size=3), st.sampled_from(list(Form)))
def test_what_we_write_is_what_we_read_back(
    wanted: tuple[Attribute, ...],
    shown: tuple[Attribute, ...],
    targets: list[str],
    form: Form,
) -> None:
    for profile in PROFILES:
        kind = "GROUP" if profile.name == "3.0" else None
        observed = ObservedResource(
            ResourceId("res-1"), VEN, "old", "c", tuple(Target(t, kind) for t in targets), shown
        )
        wish = WantedResource(ResourceName("new"), wanted)
        body = profile.update_resource(wish, observed, HELD, form).body
        assert body is not None
        echoed = orjson.dumps({**orjson.loads(body), "id": "res-1", "venID": VEN})

        read = profile.read_resource(echoed, wish, VEN)

        assert read.name == "new"
        assert same(read.attributes, (*wanted, *foreign(shown)))
        if form is Form.BL or profile.name == "3.0":
            assert read.targets == observed.targets
        else:
            assert not {"targets", "clientID"} & orjson.loads(body).keys()
