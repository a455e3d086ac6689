"""Programs as each dialect writes them."""

from datetime import UTC, datetime

from tests.wire.events import BOTH
from tests.wire.test_golden import V301, V310, golden
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.events import IntervalPeriod, Payload, PayloadDescriptor, Program
from ven_daemon.domain.ids import ProgramId
from ven_daemon.domain.registration import Target
from ven_daemon.wire.profile import Profile


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
