"""Events as nobody should write them: unreadable, and their neighbours are not."""

import orjson
import pytest

from tests.wire.events import BOTH, event
from ven_daemon.wire.elements import first_id
from ven_daemon.wire.profile import Profile, WireError


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"intervals": [{"id": "one"}]}, "intervals.id: a whole number was expected"),
        ({"intervals": {}}, "intervals: a list was expected"),
        ({"intervals": [7]}, "an object was expected"),
        ({"intervals": [{"id": 1, "payloads": [{}]}]}, "type: a string was expected"),
        ({"intervalPeriod": "PT1H"}, "intervalPeriod: an object was expected"),
        ({"intervalPeriod": {"start": 7}}, "intervalPeriod.start: an instant was expected"),
        ({"intervalPeriod": {"start": ""}}, "intervalPeriod.start: an instant was expected"),
        ({"intervalPeriod": {"start": "2026-02-30"}}, "intervalPeriod.start: an instant was"),
        ({"intervalPeriod": {"duration": 60}}, "duration: a duration was expected"),
        ({"intervalPeriod": {"randomizeStart": "x"}}, "randomizeStart: a duration was expected"),
        ({"priority": True}, "priority: a whole number was expected"),
        ({"priority": 1.5}, "priority: a whole number was expected"),
        ({"priority": 1e30}, "priority: a whole number was expected"),
        ({"targets": "all"}, "targets: a list was expected"),
        ({"targets": [True]}, "targets: a string was expected"),
        ({"targets": [""]}, "targets: a string was expected"),
        ({"payloadDescriptors": [None]}, "an object was expected"),
        ({"reportDescriptors": [{}]}, "payloadType: a string was expected"),
        ({"programID": "a/b"}, "programID: an object id was expected"),
    ],
)
@BOTH
def test_what_would_make_us_act_wrongly_is_unreadable(
    profile: Profile, members: dict[str, object], reason: str
) -> None:
    shown = event(profile, **members)

    assert shown.item is None
    assert shown.reason is not None
    assert shown.reason.startswith(reason)


@BOTH
def test_f34_an_event_of_too_many_intervals_is_unreadable_and_its_neighbours_are_not(
    profile: Profile,
) -> None:
    """F34."""
    interval = {"id": 0, "payloads": []}
    shapes = [
        {"id": f"e{n}", "programID": "p", "intervals": [interval] * n} for n in (3, 4, 20_000)
    ]
    body = orjson.dumps(shapes)

    few = profile.read_events(body, intervals_most=3)
    many = profile.read_events(body)

    assert [each.reason for each in few.items] == [
        None,
        "intervals: 4 are more than 3",
        "intervals: 20000 are more than 3",
    ]
    assert [each.reason for each in many.items] == [None, None, None]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('"\\ud800"', "not JSON: str is not valid UTF-8"),
        ("NaN", "not JSON: a number that is none"),
        ("-Infinity", "not JSON: a number that is none"),
        ("1e999", "not JSON: a number that is none"),
        ("9" * 5000, "not JSON: a number that is none"),
    ],
    ids=lambda value: value[:12],
)
@BOTH
def test_f41_a_value_that_is_no_json_costs_its_event_and_not_the_page(
    profile: Profile, value: str, reason: str
) -> None:
    """F41, F42."""
    bad = f'{{"id":"bad","programID":"p","eventName":{value}}}'
    body = f'[{{"id":"good","programID":"p","eventName":"Ærø"}},{bad}]'.encode()

    listing = profile.read_events(body)

    good, shown = listing.items
    assert good.item is not None
    assert good.item.name == "Ærø"
    assert shown.id == "bad"
    assert shown.item is None
    assert shown.reason is not None
    assert shown.reason.startswith(reason)
    assert profile.read_events(body).items[1].digest == shown.digest


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b'[{"id":"e1","x":', "e1"),
        (b'[ { "a": {"id": "inner"}, "b": [{"id": "deep"}], "id" : "e\\u0031" ', "e1"),
        (b'[{"name":"say \\"id\\":\\"no\\"","id":"e1"', "e1"),
        (b'[{"values":["id","e2"],"key":"id","id":7,"z":"e3"', None),
        (b'[{"intervals":[{"id":', None),
        (b'[{"id":"a/b"', None),
        (b"", None),
        (b"<html>", None),
    ],
)
def test_the_id_of_an_event_too_large_to_be_read_is_found_in_its_head(
    head: bytes, found: str | None
) -> None:
    assert first_id(head) == found


@BOTH
def test_an_answer_that_is_no_event_is_none(profile: Profile) -> None:
    for body in (b"", b"[]", b"null", b"{}", b'{"id":7}', b"<html>"):
        with pytest.raises(WireError):
            profile.read_event(body)
