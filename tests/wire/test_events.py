"""Events as each dialect writes them."""

from datetime import UTC, datetime, timedelta

from tests.wire.events import BOTH, read
from tests.wire.test_golden import V301, V310, golden
from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.durations import ENDLESS, ZERO, Duration
from ven_daemon.domain.events import (
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    PayloadDescriptor,
    ReportDescriptor,
    ReportIntervals,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.registration import Target
from ven_daemon.wire.profile import Profile, Unreadable

HOUR = Duration(length=timedelta(hours=1))


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
    """T-01: be liberal in what is accepted."""
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
