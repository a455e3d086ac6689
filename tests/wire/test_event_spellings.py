"""Events as VTNs spell them: what means the same is read as the same."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.wire.events import BOTH, event, read
from tests.wire.test_golden import V310
from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.durations import ENDLESS, ZERO
from ven_daemon.domain.events import IntervalPeriod, Payload, PayloadDescriptor, ReportDescriptor
from ven_daemon.wire.profile import Profile


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
