"""An answer that repeats what was sent is read without its attributes, and means the same."""

import orjson
import pytest

from ven_daemon.domain.attributes import Attribute, Point
from ven_daemon.domain.ids import ResourceId, ResourceName, VenId
from ven_daemon.domain.registration import ObservedResource, ObservedVen, WantedResource
from ven_daemon.wire.profile import Form, Profile, Request
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

VEN = ObservedVen(VenId("v1"), "Aalborg", "client-1")
WISH = WantedResource(
    ResourceName("Bar 1"),
    (
        Attribute("ADDRESS", ('Algade 1, "Hjørnet"',)),
        Attribute("MAX_POWER_CONSUMPTION", (25.0,)),
        Attribute("CURVE", (Point(1.0, 2.0),)),
    ),
)


@pytest.fixture(params=[Profile301(), Profile310()], ids=lambda profile: str(profile.name))
def profile(request: pytest.FixtureRequest) -> Profile:
    chosen: Profile = request.param
    return chosen


def _answer(request: Request, **more: object) -> bytes:
    shape = {"id": "r1", "venID": "v1"} | orjson.loads(request.body or b"{}")
    return orjson.dumps(
        {name: value for name, value in (shape | more).items() if name != "targets"}
    )


def _read(profile: Profile, body: bytes, written: bytes | None) -> ObservedResource:
    return profile.read_resource(body, WISH, VEN.id, written)


def test_an_exact_echo_is_read_as_what_was_sent(profile: Profile) -> None:
    request = profile.create_resource(WISH, VEN, Form.BL)
    answer = _answer(request)

    shown = _read(profile, answer, request.attributes)

    assert request.attributes is not None
    assert request.attributes in answer
    assert shown.attributes is WISH.attributes
    assert shown == _read(profile, answer, None)


@pytest.mark.parametrize(
    "attributes",
    [
        [{"type": "ADDRESS", "values": ["elsewhere"]}],
        [],
        None,
    ],
)
def test_attributes_that_came_back_otherwise_are_read(
    profile: Profile, attributes: list[object] | None
) -> None:
    request = profile.create_resource(WISH, VEN, Form.BL)

    shown = _read(profile, _answer(request, attributes=attributes), request.attributes)

    assert [kind for kind, _ in shown.attributes] == [
        entry["type"] for entry in attributes or () if isinstance(entry, dict)
    ]


def test_an_echo_inside_something_else_is_not_taken_for_the_attributes(profile: Profile) -> None:
    request = profile.create_resource(WISH, VEN, Form.BL)
    assert request.attributes is not None
    inside = b'{"before":{"attributes":' + request.attributes + b"},"
    own = _answer(request, attributes=[{"type": "ADDRESS", "values": ["elsewhere"]}])

    shown = _read(profile, inside + own[1:], request.attributes)

    assert shown.attributes == (Attribute("ADDRESS", ("elsewhere",)),)


def test_a_replacement_that_keeps_what_is_not_ours_is_read_in_full(profile: Profile) -> None:
    theirs = Attribute("THEIRS", ("kept",))
    observed = ObservedResource(ResourceId("r1"), VEN.id, "Bar 1", attributes=(theirs,))
    request = profile.update_resource(WISH, observed, VEN, Form.BL)

    shown = _read(profile, _answer(request), request.attributes)

    assert shown.attributes == (*WISH.attributes, theirs)
