"""Programs and events as each dialect writes them, and as nobody should."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.wire.test_golden import PROFILES, V301, V310, golden
from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.durations import ENDLESS, ZERO, Duration
from ven_daemon.domain.events import (
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    PayloadDescriptor,
    Program,
    ReportDescriptor,
    ReportIntervals,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.registration import Target
from ven_daemon.wire.elements import first_id
from ven_daemon.wire.profile import Profile, Shown, Unreadable, WireError

HOUR = Duration(length=timedelta(hours=1))
BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


def event(profile: Profile, **members: object) -> Shown[Event]:
    body = orjson.dumps({"id": "e1", "programID": "p1", **members})
    return profile.read_event(body)


def read(profile: Profile, **members: object) -> Event:
    shown = event(profile, **members)
    assert shown.item is not None, shown.reason
    return shown.item


def test_3_1_reads_an_event() -> None:
    assert V310.read_event(golden("3.1", "event")).item == Event(
        id=EventId("0f6e-1"),
        program_id=ProgramId("44"),
        name="tomorrow's prices",
        priority=0,
        created=datetime(2026, 3, 1, 8, tzinfo=UTC),
        modified=datetime(2026, 3, 1, 9, 30, 0, 250_000, UTC),
        targets=(Target("group-1"), Target("Aalborg")),
        period=IntervalPeriod(
            datetime(2026, 3, 1, 23, tzinfo=UTC), HOUR, Duration(length=timedelta(minutes=5))
        ),
        duration=Duration(length=timedelta(days=7)),
        intervals=(
            Interval(
                7,
                None,
                (
                    Payload("PRICE", (0.17, 0.25)),
                    Payload("OURS", ("a", True, 3, Point(1.0, 2.5), Opaque("[1]"))),
                ),
            ),
            Interval(3, IntervalPeriod(None, ENDLESS), ()),
            Interval(9, IntervalPeriod(), (Payload("SIMPLE", ()),)),
        ),
        payload_descriptors=(
            PayloadDescriptor("PRICE", "KWH", "EUR"),
            PayloadDescriptor("GHG", "GHG"),
        ),
        report_descriptors=(
            ReportDescriptor(
                "USAGE",
                "DIRECT_READ",
                "KWH",
                (Target("EV"),),
                aggregate=True,
                start_interval=2,
                num_intervals=3,
                historical=False,
                frequency=0,
                repeat=-1,
                report_intervals=ReportIntervals.SUB_INTERVALS,
            ),
            ReportDescriptor("OPERATING_STATE"),
        ),
    )


def test_3_0_reads_an_event_and_keeps_the_type_of_its_targets() -> None:
    assert V301.read_event(golden("3.0", "event")).item == Event(
        id=EventId("17"),
        program_id=ProgramId("p1"),
        modified=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        targets=(Target("g1", "GROUP"), Target("g2", "GROUP"), Target("Aalborg", "VEN_NAME")),
        period=IntervalPeriod(None, ZERO),
        intervals=(
            Interval(
                0,
                IntervalPeriod(None, Duration(length=timedelta(minutes=15))),
                (Payload("IMPORT_CAPACITY_LIMIT", (33,)),),
            ),
        ),
        payload_descriptors=(PayloadDescriptor("IMPORT_CAPACITY_LIMIT", "KW"),),
    )


def test_t_01_a_page_shows_every_event_that_has_an_id_and_reads_those_it_can() -> None:
    """T-01: one bad event must not drop the page, and it counts as seen."""
    listing = V310.read_events(golden("3.1", "events"))

    assert {each.id: each.reason for each in listing.items} == {
        "e1": None,
        "e2": None,
        "e3": "intervalPeriod.start: an instant was expected",
        "e4": "programID: a string was expected",
        "e5": "duration: a duration was expected",
        "e6": None,
        "e7": "targets: a string was expected",
        "e8": "priority: a whole number was expected",
        "e9": "payloadType: a string was expected",
    }
    assert all((each.item is None) == (each.reason is not None) for each in listing.items)
    assert listing.unreadable == (
        Unreadable(None, "id: a string was expected"),
        Unreadable(None, "an object was expected"),
    )
    assert listing.size == 11


def test_t_01_either_dialect_bears_the_others_targets() -> None:
    """T-01, protocol.md 1.7: be liberal in what is accepted."""
    mixed = V310.read_events(golden("3.1", "events")).items[5].item
    plain = V301.read_events(golden("3.0", "events")).items[2].item

    assert mixed is not None
    assert mixed.targets == (Target("typed", "GROUP"), Target("plain"))
    assert plain is not None
    assert plain.targets == (Target("plain"),)


def test_a_target_without_values_is_not_taken_for_everybody() -> None:
    listing = V301.read_events(golden("3.0", "events"))

    assert listing.items[1].reason == "targets: one has no values"
    assert len(listing.unreadable) == 1


@BOTH
def test_t_01_what_is_absent_and_what_is_null_are_the_same(profile: Profile) -> None:
    """T-01: `null` for any optional, missing arrays, unknown members and object types."""
    names = ("eventName", "priority", "targets", "intervals", "intervalPeriod", "duration",
             "payloadDescriptors", "reportDescriptors", "createdDateTime")  # fmt: skip
    nulls = dict.fromkeys(names)

    assert read(profile, **nulls, objectType="SOMETHING_ELSE", x=[{}]) == read(profile)
    assert read(profile, targets=[]) == read(profile)


@pytest.mark.parametrize(
    "start",
    ["0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00",
     "0000-00-00", "0000-00-00T00:00:00Z", "0000-01-01T00:00:00Z", None],
)  # fmt: skip
@BOTH
def test_t_02_every_spelling_of_now_is_no_start(profile: Profile, start: str | None) -> None:
    """T-02."""
    assert read(profile, intervalPeriod={"start": start}).period == IntervalPeriod()


@pytest.mark.parametrize(
    "duration", ["P9999Y", "P9999Y0M0DT0H0M0S", "P99999Y", "PT999999999999999H"]
)
@BOTH
def test_t_03_for_ever_is_a_state(profile: Profile, duration: str) -> None:
    """T-03, F35."""
    assert read(profile, intervalPeriod={"duration": duration}).period == IntervalPeriod(
        None, ENDLESS
    )


@BOTH
def test_t_05_a_descriptor_need_not_say_what_it_is(profile: Profile) -> None:
    """T-05."""
    found = read(
        profile,
        payloadDescriptors=[
            {"payloadType": "USAGE", "readingType": "DIRECT_READ"},
            {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE"},
            {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "readingType": "X"},
            {"payloadType": "PRICE"},
        ],
    )

    assert [each.is_report for each in found.payload_descriptors] == [True, True, False, False]


def test_t_06_objects_are_read_whatever_type_they_say_they_are() -> None:
    """T-06, T-44: no discriminator, no UUID, is relied on."""
    for kind in ("EVENT", "BL_EVENT_REQUEST", "", None, 7):
        assert event(V310, objectType=kind, id="not_a-uuid~1").reason is None


@pytest.mark.parametrize("spelling", ["payloadType", "payLoadType", "PAYLOADTYPE", "payloadtype"])
@BOTH
def test_t_08_names_in_descriptors_are_read_in_any_case(profile: Profile, spelling: str) -> None:
    """T-08."""
    found = read(
        profile,
        payloadDescriptors=[{spelling: "PRICE", "UNITS": "KWH"}],
        reportDescriptors=[{spelling: "USAGE"}],
    )

    assert found.payload_descriptors == (PayloadDescriptor("PRICE", "KWH"),)
    assert found.report_descriptors == (ReportDescriptor("USAGE"),)


def test_t_08_instants_without_zone_or_t_are_utc_and_a_bad_timestamp_is_none() -> None:
    """T-08."""
    found = read(
        V310,
        createdDateTime="17:15:16",
        intervalPeriod={"start": "2025-02-13 19:00:00.000Z"},
    )

    assert found.created is None
    assert found.period == IntervalPeriod(datetime(2025, 2, 13, 19, tzinfo=UTC))


@BOTH
def test_t_09_values_are_passed_on_unharmed(profile: Profile) -> None:
    """T-09: packed prices, nested and flat curves, percentages of 110."""
    found = read(
        profile,
        intervals=[
            {
                "id": 0,
                "payloads": [
                    {"type": "PRICE", "values": [0.1, 0.2, 0.3]},
                    {"type": "CURVE", "values": [{"x": 1, "y": 2}]},
                    {"type": "CURVE", "values": [[{"x": 1, "y": 2}]]},
                    {"type": "CHARGE_STATE_SETPOINT", "values": [110.0]},
                ],
            }
        ],
    )

    assert [each.values for each in found.intervals[0].payloads] == [
        (0.1, 0.2, 0.3),
        (Point(1.0, 2.0),),
        (Opaque('[{"x":1,"y":2}]'),),
        (110.0,),
    ]


@BOTH
def test_t_10_negative_values_are_read(profile: Profile) -> None:
    """T-10."""
    payloads = [{"type": "USAGE", "values": [-1.5]}]

    found = read(profile, intervals=[{"id": 0, "payloads": payloads}])

    assert found.intervals[0].payloads == (Payload("USAGE", (-1.5,)),)


@BOTH
def test_t_18_a_filled_in_zero_is_kept_apart_from_a_cancellation(profile: Profile) -> None:
    """T-18: zero is read as zero; that it is unset is the timeline's to say."""
    assert read(profile, duration="PT0S").duration == ZERO
    assert read(profile).duration is None


@pytest.mark.parametrize(
    ("priority", "read_as"), [(0, 0), (3, 3), (2.0, 2), (-1, -1), (2**31, 2**31), (None, None)]
)
@BOTH
def test_t_43_zero_is_the_highest_priority_and_null_is_none(
    profile: Profile, priority: Any, read_as: int | None
) -> None:
    """T-43, F38."""
    assert read(profile, priority=priority).priority == read_as


@BOTH
def test_t_44_an_event_needs_neither_a_uuid_nor_an_object_type(profile: Profile) -> None:
    """T-44."""
    assert read(profile, id="7").id == "7"


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


@BOTH
def test_what_is_known_by_its_digest_is_not_read_again(profile: Profile) -> None:
    body = golden(profile.name, "events")
    first = profile.read_events(body)

    again = profile.read_events(body, {each.digest for each in first.items})

    assert [each.digest for each in again.items] == [each.digest for each in first.items]
    assert all(each.item is None and each.reason is None for each in again.items)


def test_a_digest_is_of_the_words_and_the_dialect_and_not_of_the_order_of_members() -> None:
    one = V310.read_event(b'{"id":"e","programID":"p","priority":1}')
    turned = V310.read_event(b'{ "priority": 1, "programID": "p", "id": "e" }')
    other = V310.read_event(b'{"id":"e","programID":"p","priority":2}')
    elsewhere = V301.read_event(b'{"id":"e","programID":"p","priority":1}')

    assert one.digest == turned.digest
    assert len({one.digest, other.digest, elsewhere.digest}) == 3
    assert V310.read_event(one.json).item == one.item


def test_t_37_target_hiding_makes_another_version() -> None:
    """T-37: what two VENs are shown of one event may differ, and then is not shared."""
    one = event(V310, targets=["a"])
    two = event(V310, targets=["b"])

    assert one.id == two.id
    assert one.digest != two.digest


def test_3_1_reads_a_program() -> None:
    assert V310.read_program(golden("3.1", "program")).item == Program(
        ProgramId("44"),
        "Tariff A",
        (Target("group-1"),),
        IntervalPeriod(datetime(2026, 1, 1, tzinfo=UTC), Duration(months=12)),
        (
            PayloadDescriptor("PRICE", "KWH", "EUR"),
            PayloadDescriptor("USAGE", "KWH", None, None, 0.5, 95, is_report=True),
        ),
        (Payload("PROGRAM_TYPE", ("PRICING_TARIFF",)), Payload("BINDING_EVENTS", (True,))),
    )


def test_3_0_reads_a_program_under_the_names_of_3_1() -> None:
    assert V301.read_program(golden("3.0", "program")).item == Program(
        ProgramId("p1"),
        "Tariff A",
        (Target("Aalborg", "VEN_NAME"),),
        None,
        (PayloadDescriptor("USAGE", "KWH", None, "DIRECT_READ", is_report=True),),
        (
            Payload("PROGRAM_LONG_NAME", ("A tariff",)),
            Payload("RETAILER_NAME", ("ACME",)),
            Payload("PROGRAM_TYPE", ("PRICING_TARIFF",)),
            Payload("COUNTRY", ("DK",)),
            Payload("BINDING_EVENTS", (False,)),
            Payload("LOCAL", (True,)),
        ),
    )


@BOTH
def test_a_program_without_a_name_is_unreadable_and_seen(profile: Profile) -> None:
    listing = profile.read_programs(b'[{"id":"p1"},{"id":"p2","programName":"x"}]')

    assert [(each.id, each.reason) for each in listing.items] == [
        ("p1", "programName: a string was expected"),
        ("p2", None),
    ]


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
