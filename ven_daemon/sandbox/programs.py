"""Programs: `/programs` and `/programs/{programID}`."""

from collections.abc import Iterable

from ven_daemon.sandbox.business import BusinessKind
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.privacy import Grants
from ven_daemon.sandbox.problems import FOREIGN_KEY, conflict
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.query import Query
from ven_daemon.sandbox.shelf import Row, Shelf


class Programs(BusinessKind):
    """What events belong to. Neither version has a filter by name."""

    object_type = "PROGRAM"
    id_member = "programID"

    def __init__(self, objects: Objects, profile: Profile, grants: Grants) -> None:
        super().__init__(objects, objects.programs, profile, profile.schemas.program, grants)

    def list(self, call: Call) -> Answer:
        """List the programs the caller may see, the newest first."""
        return self._listing(call, Query(call.query))

    def _refuse_removal(self, row: Row) -> None:
        if self._objects.events.find("programID", row.id):
            raise conflict(FOREIGN_KEY)

    def _dependants(self, row: Row) -> Iterable[tuple[Shelf, Row]]:
        """Name the subscriptions to a program: they mean nothing without it."""
        shelf = self._objects.subscriptions
        return [(shelf, subscription) for subscription in shelf.find("programID", row.id)]
