"""What every kind of object has in common: made, shown, replaced and taken out by one set of rules.

A further kind (programs, events, …) is a file with a subclass, a shelf in `objects` and a route.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.identity import random_uuid, timestamp
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import conflict, not_found
from ven_daemon.sandbox.profiles import Form, Profile
from ven_daemon.sandbox.query import Page, Query, read_page
from ven_daemon.sandbox.shelf import Row, Shelf


class Kind(ABC):
    """The objects of one kind, as one profile shows them."""

    object_type: ClassVar[str]
    id_member: ClassVar[str]

    def __init__(self, objects: Objects, shelf: Shelf, profile: Profile) -> None:
        self._objects = objects
        self._shelf = shelf
        self._profile = profile

    @abstractmethod
    def list(self, call: Call) -> Answer:
        """Answer one page of the objects that the caller may see and asks for."""

    def create(self, call: Call) -> Answer:
        """Add an object."""
        call.caller.allow(self._profile.write)
        body = fields.json_object(call)
        form = self._profile.form(call.caller, body, self.object_type)
        now = timestamp()
        members = {
            "id": random_uuid(),
            "createdDateTime": now,
            "modificationDateTime": now,
            "objectType": self.object_type,
            **self._belongings(call, form, body),
            **self._content(call, form, body),
        }
        return self._accept(201, members)

    def read(self, call: Call, object_id: str) -> Answer:
        """Show one object."""
        right = call.caller.allow(self._profile.read)
        return Answer(200, self._wire(self._reach(call, object_id, right)))

    def replace(self, call: Call, object_id: str) -> Answer:
        """Put a new content in the place of the old; whom it belongs to stays."""
        right = call.caller.allow(self._profile.write)
        body = fields.json_object(call)
        form = self._profile.form(call.caller, body, self.object_type)
        old = self._reach(call, object_id, right)
        self._refuse_move(form, body, old)
        members = {
            "id": old.id,
            "createdDateTime": old.created,
            "modificationDateTime": timestamp(),
            "objectType": self.object_type,
            **self._belongings_of(old),
            **self._content(call, form, body, old),
        }
        return self._accept(200, members)

    def remove(self, call: Call, object_id: str) -> Answer:
        """Take an object out and show it a last time."""
        right = call.caller.allow(self._profile.write)
        row = self._reach(call, object_id, right)
        self._refuse_removal(row)
        body = self._wire(row)
        self._objects.drop(self._shelf, row)
        return Answer(200, body, accepted=row.wire)

    @abstractmethod
    def _belongings(self, call: Call, form: Form, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say whom a new object belongs to."""

    @abstractmethod
    def _belongings_of(self, row: Row) -> dict[str, Any]:
        """Say whom an object has always belonged to."""

    @abstractmethod
    def _refuse_move(self, form: Form, body: Mapping[str, Any], old: Row) -> None:
        """Refuse a body that says the object belongs to somebody else."""

    @abstractmethod
    def _refuse_removal(self, row: Row) -> None:
        """Refuse to take out what others depend on."""

    def _refuse_second(self, row: Row) -> None:
        """Keep names unique, where the sandbox is strict."""
        if self._objects.rules.unique_names:
            refuse_another(self._shelf.named(row.name, row.parent), row)

    def _wire(self, row: Row) -> bytes:
        return row.wire

    def _page(self, call: Call) -> tuple[Query, Page, str | None]:
        """Read what every listing is asked for by: parameters, page, name."""
        query = Query(call.query)
        page = read_page(call, query)
        name = query.one(self._shelf.name_member)
        if name is not None:
            fields.sized(name, self._shelf.name_member)
        return query, page, name

    def _accept(self, status: int, members: Mapping[str, Any]) -> Answer:
        row = self._shelf.compose(members)
        self._refuse_second(row)
        self._objects.put(self._shelf, row)
        return Answer(status, self._wire(row), accepted=row.wire)

    def _reach(self, call: Call, object_id: str, right: str) -> Row:
        """Find an object that the caller may touch; a foreign one does not exist for him."""
        fields.identifier(object_id, self.id_member)
        owner = self._profile.owner(call.caller, right)
        row = self._shelf.rows.get(object_id)
        if row is None or (owner is not None and row.client != owner):
            raise not_found()
        return row

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


def refuse_another(found: Mapping[str, Row], row: Row) -> None:
    """Raise a conflict where an object other than *row* itself is among the *found* ones."""
    if len(found) > 1 or (found and row.id not in found):
        raise conflict()
