"""Reports: `/reports` and `/reports/{reportID}`."""

from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox.kind import exactly
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import FOREIGN_KEY, bad_request, conflict, not_found
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.query import Query, read_page
from ven_daemon.sandbox.selection import Clause
from ven_daemon.sandbox.shaped import ShapedKind


class Reports(ShapedKind):
    """What VENs answer. In 3.1 a report is its client's; any event may be reported on."""

    object_type = "REPORT"
    id_member = "reportID"

    def __init__(self, objects: Objects, profile: Profile) -> None:
        super().__init__(objects, objects.reports, profile, profile.schemas.report)

    def list(self, call: Call) -> Answer:
        """List the reports the caller may see, the newest first."""
        query = Query(call.query)
        page = read_page(call, query)
        program, event = query.identifier("programID"), query.identifier("eventID")
        client = query.name("clientName")
        owner = self._profile.owner(call.caller, self._may_read(call.caller))
        rows = self._select(
            exactly("eventID", event),
            exactly("clientName", client),
            exactly("clientID", owner),
            self._of_program(program),
        )
        return page.answer(rows, self._wire, backwards=True)

    def _of_program(self, program: str | None) -> Clause | None:
        """Find a program's reports by its events: in 3.1 a report does not say its program."""
        if program is None:
            return None
        events = self._objects.events.find("programID", program)
        return frozenset(("eventID", event.id) for event in events)

    def _members(self, body: Mapping[str, Any]) -> dict[str, Any]:
        members = super()._members(body)
        event = self._objects.events.rows.get(members["eventID"])
        said = members.get("programID")  # 3.0 only, and required there
        if event is None:
            raise conflict(FOREIGN_KEY) if said is None else not_found()
        if said not in (None, event.parent):
            raise bad_request("programID is not that of the event")
        return members
