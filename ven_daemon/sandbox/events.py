"""Events: `/events` and `/events/{eventID}`."""

import time
from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox.business import BusinessKind
from ven_daemon.sandbox.kind import exactly
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.privacy import Grants
from ven_daemon.sandbox.problems import FOREIGN_KEY, conflict
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.query import Query
from ven_daemon.sandbox.shelf import Row


class Events(BusinessKind):
    """What happens, and when. An event may be read where its program may not."""

    object_type = "EVENT"
    id_member = "eventID"

    def __init__(self, objects: Objects, profile: Profile, grants: Grants) -> None:
        super().__init__(objects, objects.events, profile, profile.schemas.event, grants)

    def list(self, call: Call) -> Answer:
        """List the events the caller may see, by priority and then the newest first."""
        query = Query(call.query)
        program = query.identifier("programID")
        now = None
        if self._profile.tells_transpired and query.flag("active"):
            now = time.time()
        return self._listing(call, query, exactly("programID", program), now=now)

    def _members(self, body: Mapping[str, Any]) -> dict[str, Any]:
        members = super()._members(body)
        if members["programID"] not in self._objects.programs.rows:
            raise conflict(FOREIGN_KEY)
        return members

    def _refuse_removal(self, row: Row) -> None:
        if self._objects.reports.find("eventID", row.id):
            raise conflict(FOREIGN_KEY)
