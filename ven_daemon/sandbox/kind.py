"""What every kind of object has in common: made, shown, replaced and taken out by one set of rules.

A further kind is a file with a subclass, a shelf in `objects`, scopes in `profiles`, and a route.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.identity import random_uuid, timestamp
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.problems import conflict, not_found
from ven_daemon.sandbox.profiles import Form, Profile
from ven_daemon.sandbox.selection import Clause
from ven_daemon.sandbox.shelf import Facet, Row, Shelf
from ven_daemon.sandbox.tokens import Caller


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
        self._may_write(call.caller)
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
        right = self._may_read(call.caller)
        return Answer(200, self._wire(self._reach(call, object_id, right)))

    def replace(self, call: Call, object_id: str) -> Answer:
        """Put a new content in the place of the old; whom it belongs to stays."""
        right = self._may_write(call.caller)
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
        right = self._may_write(call.caller)
        row = self._reach(call, object_id, right)
        self._refuse_removal(row)
        body = self._wire(row)
        self._objects.drop((self._shelf, row), *self._dependants(row))
        return Answer(200, body, accepted=row.wire)

    @abstractmethod
    def _content(
        self, call: Call, form: Form, body: Mapping[str, Any], old: Row | None = None
    ) -> dict[str, Any]:
        """Read what the body may say."""

    def _belongings(
        self,
        call: Call,
        form: Form,  # noqa: ARG002 - what a kind may ask for
        body: Mapping[str, Any],  # noqa: ARG002 - the same
    ) -> dict[str, Any]:
        """Say whom a new object belongs to: its maker, where the profile binds its type to him."""
        return self._profile.stamp(call.caller, self.object_type)

    def _belongings_of(self, row: Row) -> dict[str, Any]:
        """Say whom an object has always belonged to."""
        return {} if row.client is None else {"clientID": row.client}

    def _refuse_move(  # noqa: B027 - nothing to refuse, unless a kind knows better
        self, form: Form, body: Mapping[str, Any], old: Row
    ) -> None:
        """Refuse a body that says the object belongs to somebody else."""

    def _refuse_removal(self, row: Row) -> None:  # noqa: B027 - as above
        """Refuse to take out what others depend on."""

    def _dependants(self, row: Row) -> Iterable[tuple[Shelf, Row]]:  # noqa: ARG002 - as above
        """Name what goes with an object that is taken out."""
        return ()

    def _refuse_second(self, row: Row) -> None:
        """Keep names unique, where the sandbox is strict."""
        if self._objects.rules.unique_names:
            refuse_another(self._shelf.twins(row), row)

    def _may_read(self, caller: Caller) -> str:
        return caller.allow(self._profile.read[self.object_type])

    def _may_write(self, caller: Caller) -> str:
        return caller.allow(self._profile.write[self.object_type])

    def _wire(self, row: Row) -> bytes:
        return row.wire

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
        if row is None or not self._shows(row, owner):
            raise not_found()
        return row

    def _shows(self, row: Row, owner: str | None) -> bool:
        """Say whether an object is there for *owner*, which None is for everybody."""
        return owner is None or row.client == owner

    def _select(self, *clauses: Clause | None, now: float | None = None) -> Sequence[Row]:
        """List what meets every clause that there is."""
        asked = [clause for clause in clauses if clause is not None]
        return self._objects.selections[self._shelf.noun].select(*asked, now=now)


def exactly(member: str, value: str | None) -> Clause | None:
    """Make the condition that a member has one value, if one is asked for."""
    facet: Facet = (member, value)
    return None if value is None else frozenset((facet,))


def refuse_another(found: Sequence[Row], row: Row) -> None:
    """Raise a conflict where an object other than *row* itself is among the *found* ones."""
    if any(other.id != row.id for other in found):
        raise conflict()
