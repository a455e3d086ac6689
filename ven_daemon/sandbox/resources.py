"""Resources: `/resources` in 3.1, `/vens/{venID}/resources` in 3.0."""

from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.fleet import FleetKind
from ven_daemon.sandbox.kind import exactly
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import FOREIGN_KEY, Problem, bad_request, conflict, not_found
from ven_daemon.sandbox.profiles import Form, Profile
from ven_daemon.sandbox.shelf import Row


class Resources(FleetKind):
    """The resources of all vens, or those under one ven's path (3.0)."""

    object_type = "RESOURCE"
    id_member = "resourceID"

    def __init__(self, objects: Objects, profile: Profile, path_ven: str | None = None) -> None:
        super().__init__(objects, objects.resources, profile)
        self._path_ven = path_ven

    def list(self, call: Call) -> Answer:
        """List the resources the caller may see, the oldest first."""
        query, page, name = self._page(call)
        parent = self._path_ven or query.one("venID")
        if parent is not None:
            fields.identifier(parent, "venID")
        wanted = self._profile.target_filter(query)
        owner = self._profile.owner(call.caller, self._may_read(call.caller))
        if self._path_ven is not None:
            self._ven_of_path(self._path_ven)
        rows = self._select(
            exactly("venID", parent),
            exactly("resourceName", name),
            exactly("clientID", owner),
            wanted,
        )
        return page.answer(rows, self._wire)

    def _reach(self, call: Call, object_id: str, right: str) -> Row:
        row = super()._reach(call, object_id, right)
        if self._path_ven is not None and row.parent != self._path_ven:
            raise not_found()
        return row

    def _ven_of_path(self, ven_id: str) -> Row:
        ven = self._objects.vens.rows.get(fields.identifier(ven_id, "venID"))
        if ven is None:
            raise not_found()
        return ven

    def _belongings(self, call: Call, form: Form, body: Mapping[str, Any]) -> dict[str, Any]:
        if self._path_ven is not None:
            return {"venID": self._ven_of_path(self._path_ven).id}
        if form is Form.BUSINESS:
            client = fields.required_identifier(body, "clientID")
            return {"clientID": client, "venID": self._ven_of_body(body).id}
        ven = self._own_ven(call, body)
        return {"clientID": ven.client, "venID": ven.id}

    def _ven_of_body(self, body: Mapping[str, Any]) -> Row:
        ven = self._objects.vens.rows.get(fields.required_identifier(body, "venID"))
        if ven is None:
            raise conflict(FOREIGN_KEY)
        return ven

    def _own_ven(self, call: Call, body: Mapping[str, Any]) -> Row:
        """Find the ven of a VEN's body: his own, or with every right anybody's."""
        if call.caller.unbounded:
            return self._ven_of_body(body)
        client = call.caller.own_client()
        if not self._objects.vens.find("clientID", client):
            raise Problem(403, "No VEN object associated with this clientID")
        ven = self._ven_of_body(body)
        if ven.client != client:
            raise conflict(FOREIGN_KEY)
        return ven

    def _belongings_of(self, row: Row) -> dict[str, Any]:
        return {**super()._belongings_of(row), "venID": row.parent}

    def _refuse_move(self, form: Form, body: Mapping[str, Any], old: Row) -> None:
        """Bind a resource to its ven and to its client for life."""
        if form is Form.PLAIN:
            return
        if fields.required_identifier(body, "venID") != old.parent:
            raise bad_request("The venID of a resource cannot be changed")
        if form is Form.BUSINESS and fields.required_identifier(body, "clientID") != old.client:
            raise bad_request("The clientID of a resource cannot be changed")
