"""Vens: one to a client in 3.1, with all their resources inside in 3.0."""

from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.fleet import FleetKind
from ven_daemon.sandbox.identity import random_uuid
from ven_daemon.sandbox.kind import exactly, refuse_another
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import Problem, bad_request
from ven_daemon.sandbox.profiles import Form, Profile
from ven_daemon.sandbox.shelf import Row


class Vens(FleetKind):
    """`/vens` and `/vens/{venID}`."""

    object_type = "VEN"
    id_member = "venID"

    def __init__(self, objects: Objects, profile: Profile) -> None:
        super().__init__(objects, objects.vens, profile)
        self._embeds_resources = profile.nests_resources

    def list(self, call: Call) -> Answer:
        """List the vens the caller may see, the newest first."""
        query, page, name = self._page(call)
        wanted = self._profile.target_filter(query)
        owner = self._profile.owner(call.caller, self._may_read(call.caller))
        rows = self._select(exactly("venName", name), exactly("clientID", owner), wanted)
        return page.answer(rows, self._wire, backwards=True)

    def _belongings(self, call: Call, form: Form, body: Mapping[str, Any]) -> dict[str, Any]:
        match form:
            case Form.PLAIN:
                return {}
            case Form.BUSINESS:
                return {"clientID": fields.required_identifier(body, "clientID")}
            case Form.VEN if call.caller.unbounded and call.caller.client is None:
                return {"clientID": f"client-{random_uuid()}"}
            case Form.VEN:
                return {"clientID": call.caller.own_client()}

    def _refuse_move(self, form: Form, body: Mapping[str, Any], old: Row) -> None:
        if form is Form.BUSINESS and fields.required_identifier(body, "clientID") != old.client:
            raise bad_request("The clientID of a ven cannot be changed")

    def _refuse_removal(self, row: Row) -> None:
        if self._objects.resources.find("venID", row.id):
            raise Problem(403, "Cannot delete VEN with associated resources")

    def _refuse_second(self, row: Row) -> None:
        super()._refuse_second(row)
        if row.client is not None and self._objects.rules.one_ven_per_client:
            refuse_another(self._shelf.find("clientID", row.client), row)

    def _wire(self, row: Row) -> bytes:
        """Write a ven; 3.0 puts its resources inside, however many they are."""
        if not self._embeds_resources:
            return row.wire
        resources = self._objects.resources.find("venID", row.id)
        return row.wire[:-1] + b',"resources":[' + b",".join(r.wire for r in resources) + b"]}"
