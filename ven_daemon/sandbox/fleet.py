"""What vens and resources share: a name, attributes, and targets that a VEN does not write."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.kind import Kind
from ven_daemon.sandbox.messages import Call
from ven_daemon.sandbox.profiles import Form
from ven_daemon.sandbox.query import Page, Query, read_page
from ven_daemon.sandbox.shelf import Row


class FleetKind(Kind):
    """An object of the fleet, which a VEN or business logic may make."""

    def _content(
        self, call: Call, form: Form, body: Mapping[str, Any], old: Row | None = None
    ) -> dict[str, Any]:
        """Read what the body may say; only business logic writes targets (Definition 3.1)."""
        targets: list[Any] | None
        if form is Form.VEN:
            targets = [] if old is None else old.targets
        else:
            targets = self._profile.targets(body)
        content = {
            self._shelf.name_member: fields.name(body, self._shelf.name_member),
            "attributes": fields.values_maps(body, "attributes"),
            "targets": targets,
        }
        fields.refuse_nul(call, *content.values())
        return content

    def _page(self, call: Call) -> tuple[Query, Page, str | None]:
        """Read what every listing is asked for by: parameters, page, name."""
        query = Query(call.query)
        page, name = read_page(call, query), query.name(self._shelf.name_member)
        return query, page if name is None else replace(page, blind_spot=None), name
