"""Subscriptions: `/subscriptions` and `/subscriptions/{subscriptionID}`.

They are kept and shown, no more: the sandbox calls nobody back.
"""

from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox.kind import exactly
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import FOREIGN_KEY, conflict
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.query import Query, read_page
from ven_daemon.sandbox.schemas import OBJECT_TYPES
from ven_daemon.sandbox.shaped import TargetedKind


class Subscriptions(TargetedKind):
    """What clients want to be told. In 3.1 a subscription is its client's."""

    object_type = "SUBSCRIPTION"
    id_member = "subscriptionID"

    def __init__(self, objects: Objects, profile: Profile) -> None:
        super().__init__(objects, objects.subscriptions, profile, profile.schemas.subscription)

    def list(self, call: Call) -> Answer:
        """List the subscriptions the caller may see, the oldest first."""
        query = Query(call.query)
        page = read_page(call, query)
        program, client = query.identifier("programID"), query.name("clientName")
        kinds = frozenset(("objects", OBJECT_TYPES(o, "objects")) for o in query.every("objects"))
        wanted = self._profile.subscription_filter(query)
        owner = self._profile.owner(call.caller, self._may_read(call.caller))
        rows = self._select(
            exactly("programID", program),
            exactly("clientName", client),
            exactly("clientID", owner),
            kinds or None,
            wanted,
        )
        return page.answer(rows, self._wire)

    def _members(self, body: Mapping[str, Any]) -> dict[str, Any]:
        members = super()._members(body)
        program = members.get("programID")
        if program is not None and program not in self._objects.programs.rows:
            raise conflict(FOREIGN_KEY)
        return members
