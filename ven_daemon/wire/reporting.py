"""The part of a dialect that writes reports: 3.1 and 3.0.1 agree on it but for one member."""

from ven_daemon.domain.ids import EventId, ReportId
from ven_daemon.domain.reporting.reports import ObservedReport, Report
from ven_daemon.wire import common, reports
from ven_daemon.wire.profile import Listing, Page, Request, WireError


class ReportWriting:
    """Requests and answers about reports."""

    reports_name_program: bool
    """Whether a report must say the program of its event."""

    def write_report(self, report: Report) -> bytes:
        """Write a report as it is sent, in a create and in a replacement."""
        shape = reports.write_report(report)
        if self.reports_name_program:
            shape["programID"] = report.program
        return common.encode(shape)

    def read_written(self, body: bytes) -> Report:
        """Read a report that was written by us."""
        try:
            return reports.read_report(common.decode_object(body))
        except ValueError as error:
            raise WireError(str(error)) from error

    def list_reports(
        self, page: Page, event: EventId | None = None, client: str | None = None
    ) -> Request:
        """`GET /reports`, all or those of one event and one clientName."""
        return Request("GET", "reports", page.query(eventID=event, clientName=client))

    def read_reports(self, body: bytes) -> Listing[ObservedReport]:
        """Read a page of reports."""
        return common.read_listing(body, reports.read_observed)

    def create_report(self, body: bytes) -> Request:
        """`POST /reports`."""
        return Request("POST", "reports", body=body)

    def replace_report(self, id_: ReportId, body: bytes) -> Request:
        """`PUT /reports/{reportID}`: a full replacement."""
        return Request("PUT", f"reports/{id_}", body=body)

    def get_report(self, id_: ReportId) -> Request:
        """`GET /reports/{reportID}`."""
        return Request("GET", f"reports/{id_}")

    def read_report(self, body: bytes) -> ObservedReport:
        """Read one report, as it is answered to a create or a replacement."""
        return reports.read_observed(common.decode_object(body))

    def delete_report(self, id_: ReportId) -> Request:
        """`DELETE /reports/{reportID}`."""
        return Request("DELETE", f"reports/{id_}")
