"""A report that shows everything a report can hold."""

from datetime import UTC, datetime

from ven_daemon.domain.events import Payload, PayloadDescriptor
from ven_daemon.domain.ids import EventId, ProgramId, ReportId
from ven_daemon.domain.reporting.reports import Report, ReportInterval, ReportResource

REPORT_ID = ReportId("rep-1")
USED = (Payload("USAGE", (0.012,)), Payload("DATA_QUALITY", ("OK",)))
UNKNOWN = (Payload("USAGE", ()), Payload("DATA_QUALITY", ("MISSING",)))


def hour(number: int) -> datetime:
    return datetime(2026, 3, 14, number, tzinfo=UTC)


REPORT = Report(
    "Nykøbing Falster.event-1.0a1b.7",
    "Nykøbing Falster",
    EventId("event-1"),
    ProgramId("44"),
    (PayloadDescriptor("USAGE", "KWH", None, "DIRECT_READ", 0.5, 90, is_report=True),),
    (
        ReportResource(
            "Algade 1",
            (ReportInterval(3, hour(0), hour(1), USED), ReportInterval(4, hour(1), None, UNKNOWN)),
        ),
        ReportResource("AGGREGATED_REPORT", ()),
    ),
)
