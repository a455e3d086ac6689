"""What differs between OpenADR 3.1 and 3.0.1, as far as the sandbox serves them.

3.1 tells business logic from VENs, stamps clientID and hides foreign objects; its targets are plain
strings. 3.0.1 knows none of that: every client reads and writes everything, and targets are lists
of values with a type.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.problems import bad_request
from ven_daemon.sandbox.query import Query
from ven_daemon.sandbox.schemas import V30, V31, Schemas
from ven_daemon.sandbox.selection import Clause
from ven_daemon.sandbox.tokens import Caller

READ_ALL = "read_all"
READ_TARGETS = "read_targets"
READ_OWN = "read_ven_objects"
WRITE_BUSINESS = "write_vens_bl"
WRITE_VEN = "write_vens_ven"
WRITE_PROGRAMS = "write_programs"
WRITE_EVENTS = "write_events"
WRITE_REPORTS = "write_reports"
WRITE_SUBSCRIPTIONS = "write_subscriptions"

NOBODY = "anonymous"
"""The client of what somebody without a token makes at an open VTN."""


class Form(Enum):
    """The shapes of a body, where whom it comes from decides what it may say; else it is plain."""

    BUSINESS = "BL"
    VEN = "VEN"
    PLAIN = ""


class Profile(ABC):
    """One version of the standard."""

    name: ClassVar[str]
    scopes: ClassVar[Mapping[str, Sequence[str]]]
    """What a client of each role is granted with its token."""
    read: ClassVar[Mapping[str, Sequence[str]]]
    """The scopes that each allow to read a type of object, the one that shows most first."""
    write: ClassVar[Mapping[str, Sequence[str]]]
    schemas: ClassVar[Schemas]
    nests_resources: ClassVar[bool]
    """Whether resources live under the path of their ven, and inside the ven."""
    tells_transpired: ClassVar[bool]
    """Whether `active=true` leaves out the events that are over."""

    @abstractmethod
    def form(self, caller: Caller, body: Mapping[str, Any], noun: str) -> Form:
        """Say which shape a body has, and refuse a shape that is not the caller's."""

    @abstractmethod
    def targets(self, body: Mapping[str, Any]) -> list[Any] | None:
        """Read the targets that a caller may write."""

    @abstractmethod
    def target_filter(self, query: Query) -> Clause | None:
        """Read the filter by targets from a query; None where there is none."""

    @abstractmethod
    def subscription_filter(self, query: Query) -> Clause | None:
        """Read the same for subscriptions."""

    @abstractmethod
    def stamp(self, caller: Caller, noun: str) -> dict[str, Any]:
        """Say what a new object bears of its maker."""

    @abstractmethod
    def owner(self, caller: Caller, right: str) -> str | None:
        """Say whose objects *right* reaches: one client's, or with None everybody's."""


_EVERYBODYS = frozenset((READ_ALL, WRITE_BUSINESS, WRITE_PROGRAMS, WRITE_EVENTS))
"""The scopes of business logic, whose reach nothing bounds."""


class Profile31(Profile):
    """OpenADR 3.1."""

    name = "3.1"
    scopes: ClassVar[Mapping[str, Sequence[str]]] = {
        "bl": (READ_ALL, WRITE_BUSINESS, WRITE_PROGRAMS, WRITE_EVENTS, WRITE_SUBSCRIPTIONS),
        "ven": (
            READ_TARGETS,
            READ_OWN,
            WRITE_REPORTS,
            WRITE_SUBSCRIPTIONS,
            WRITE_VEN,
        ),
    }
    read: ClassVar[Mapping[str, Sequence[str]]] = {
        **dict.fromkeys(("VEN", "RESOURCE", "REPORT", "SUBSCRIPTION"), (READ_ALL, READ_OWN)),
        **dict.fromkeys(("PROGRAM", "EVENT"), (READ_ALL, READ_TARGETS)),
    }
    write: ClassVar[Mapping[str, Sequence[str]]] = {
        **dict.fromkeys(("VEN", "RESOURCE"), (WRITE_BUSINESS, WRITE_VEN)),
        "PROGRAM": (WRITE_PROGRAMS,),
        "EVENT": (WRITE_EVENTS,),
        "REPORT": (WRITE_REPORTS,),
        "SUBSCRIPTION": (WRITE_SUBSCRIPTIONS,),
    }
    schemas = V31
    nests_resources = False
    tells_transpired = True

    def form(self, caller: Caller, body: Mapping[str, Any], noun: str) -> Form:
        """Go by the discriminator of a ven's or a resource's body, which must be the caller's."""
        right = caller.allow(self.write[noun])
        if noun not in ("VEN", "RESOURCE"):
            return Form.PLAIN
        found = body.get("objectType")
        if found is None:
            raise bad_request("missing field `objectType`")
        for form in (Form.BUSINESS, Form.VEN):
            if found == f"{form.value}_{noun}_REQUEST":
                break
        else:
            expected = f"`BL_{noun}_REQUEST` or `VEN_{noun}_REQUEST`"
            raise bad_request(f"objectType: unknown variant, expected {expected}")
        role = Form.BUSINESS if right == WRITE_BUSINESS else Form.VEN
        if form is not role and not caller.unbounded:
            article = "user is authenticated as a"
            raise bad_request(f"Did receive a {found}, but {article} {role.value} client")
        return form

    def targets(self, body: Mapping[str, Any]) -> list[Any] | None:
        """Read a list of identifiers; nothing and null are both the empty list."""
        return fields.plain_targets(body)

    def target_filter(self, query: Query) -> Clause | None:
        """Match what carries any of the targets asked for, as the VTNs in the field do."""
        asked = query.every("targets")
        return frozenset(("targets", fields.identifier(t, "targets")) for t in asked) or None

    def subscription_filter(self, query: Query) -> None:
        """Pass targets over: 3.1 has no such filter."""

    def stamp(self, caller: Caller, noun: str) -> dict[str, Any]:
        """Write the client's id into what it makes for itself (Definition 3.1, object privacy)."""
        if noun not in ("REPORT", "SUBSCRIPTION"):
            return {}
        if caller.unbounded and caller.client is None:
            return {"clientID": NOBODY}
        return {"clientID": caller.own_client()}

    def owner(self, caller: Caller, right: str) -> str | None:
        """Bind a VEN to the objects of its own client (Definition 3.1, object privacy)."""
        if caller.unbounded or right in _EVERYBODYS:
            return None
        return caller.own_client()


class Profile30(Profile):
    """OpenADR 3.0.1."""

    name = "3.0"
    scopes: ClassVar[Mapping[str, Sequence[str]]] = {
        "bl": (READ_ALL, "write_vens", WRITE_PROGRAMS, WRITE_EVENTS, WRITE_SUBSCRIPTIONS),
        "ven": (READ_ALL, "write_vens", WRITE_REPORTS, WRITE_SUBSCRIPTIONS),
    }
    read: ClassVar[Mapping[str, Sequence[str]]] = dict.fromkeys(
        ("VEN", "RESOURCE", "PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION"), (READ_ALL,)
    )
    write: ClassVar[Mapping[str, Sequence[str]]] = {
        **dict.fromkeys(("VEN", "RESOURCE"), ("write_vens",)),
        "PROGRAM": (WRITE_PROGRAMS,),
        "EVENT": (WRITE_EVENTS,),
        "REPORT": (WRITE_REPORTS,),
        "SUBSCRIPTION": (WRITE_SUBSCRIPTIONS,),
    }
    schemas = V30
    nests_resources = True
    tells_transpired = False

    def form(self, caller: Caller, body: object, noun: str) -> Form:  # noqa: ARG002 - 3.1 asks
        """Take any body: `objectType` is the VTN's to write in this version."""
        caller.allow(self.write[noun])
        return Form.PLAIN

    def targets(self, body: Mapping[str, Any]) -> list[Any] | None:
        """Read a list of typed values."""
        return fields.values_maps(body, "targets")

    def target_filter(self, query: Query) -> Clause | None:
        """Match what carries any of the values under the type; the two parameters go together."""
        kind, values = query.one("targetType"), query.every("targetValues")
        if (kind is None) != (not values):
            raise bad_request("targetType and targetValues must be given together")
        return frozenset(("targets", (kind, value)) for value in values) or None

    subscription_filter = target_filter

    def stamp(self, caller: Caller, noun: str) -> dict[str, Any]:  # noqa: ARG002 - 3.1 asks
        """Write nothing: this version has no clientID."""
        return {}

    def owner(self, caller: Caller, right: str) -> str | None:  # noqa: ARG002 - 3.1 asks
        """Hide nothing: `read_all` is what VENs hold too."""
        return None


PROFILES: Mapping[str, Profile] = {"3.1": Profile31(), "3.0": Profile30()}
