"""What differs between OpenADR 3.1 and 3.0.1, as far as the sandbox serves them.

3.1 tells business logic from VENs, stamps clientID and hides foreign objects; its targets are plain
strings. 3.0.1 knows none of that: every client reads and writes everything, and targets are lists
of values with a type.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.problems import bad_request
from ven_daemon.sandbox.query import Query
from ven_daemon.sandbox.shelf import Row
from ven_daemon.sandbox.tokens import Caller

Matches = Callable[[Row], bool]

READ_ALL = "read_all"
WRITE_BUSINESS = "write_vens_bl"
WRITE_VEN = "write_vens_ven"


class Form(Enum):
    """The three shapes of a body: whom it comes from decides what it may say."""

    BUSINESS = "BL"
    VEN = "VEN"
    PLAIN = "3.0"


class Profile(ABC):
    """One version of the standard."""

    name: ClassVar[str]
    scopes: ClassVar[Mapping[str, Sequence[str]]]
    """What a client of each role is granted with its token."""
    read: ClassVar[Sequence[str]]
    write: ClassVar[Sequence[str]]
    nests_resources: ClassVar[bool]
    """Whether resources live under the path of their ven, and inside the ven."""

    @abstractmethod
    def form(self, caller: Caller, body: Mapping[str, Any], noun: str) -> Form:
        """Say which shape a body has, and refuse a shape that is not the caller's."""

    @abstractmethod
    def targets(self, body: Mapping[str, Any]) -> list[Any] | None:
        """Read the targets that a caller may write."""

    @abstractmethod
    def target_filter(self, query: Query) -> Matches | None:
        """Read the filter by targets from a query."""

    @abstractmethod
    def owner(self, caller: Caller, right: str) -> str | None:
        """Say whose objects *right* reaches: one client's, or with None everybody's."""


class Profile31(Profile):
    """OpenADR 3.1."""

    name = "3.1"
    scopes: ClassVar[Mapping[str, Sequence[str]]] = {
        "bl": (READ_ALL, WRITE_BUSINESS, "write_programs", "write_events"),
        "ven": (
            "read_targets",
            "read_ven_objects",
            "write_reports",
            "write_subscriptions",
            WRITE_VEN,
        ),
    }
    read = (READ_ALL, "read_ven_objects")
    write = (WRITE_BUSINESS, WRITE_VEN)
    nests_resources = False

    def form(self, caller: Caller, body: Mapping[str, Any], noun: str) -> Form:
        """Go by the discriminator `objectType`, which must be there and be the caller's own."""
        right = caller.allow(self.write)
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

    def target_filter(self, query: Query) -> Matches | None:
        """Match what carries any of the targets asked for, as the VTNs in the field do."""
        wanted = frozenset(fields.identifier(t, "targets") for t in query.every("targets"))
        if not wanted:
            return None
        return lambda row: not wanted.isdisjoint(row.targets)

    def owner(self, caller: Caller, right: str) -> str | None:
        """Bind a VEN to the objects of its own client (Definition 3.1, object privacy)."""
        if caller.unbounded or right in (READ_ALL, WRITE_BUSINESS):
            return None
        return caller.own_client()


class Profile30(Profile):
    """OpenADR 3.0.1."""

    name = "3.0"
    scopes: ClassVar[Mapping[str, Sequence[str]]] = {
        "bl": (READ_ALL, "write_vens", "write_programs", "write_events", "write_subscriptions"),
        "ven": (READ_ALL, "write_vens", "write_reports", "write_subscriptions"),
    }
    read = (READ_ALL,)
    write = ("write_vens",)
    nests_resources = True

    def form(self, caller: Caller, body: object, noun: str) -> Form:  # noqa: ARG002
        """Take any body: `objectType` is the VTN's to write in this version."""
        caller.allow(self.write)
        return Form.PLAIN

    def targets(self, body: Mapping[str, Any]) -> list[Any] | None:
        """Read a list of typed values."""
        return fields.values_maps(body, "targets")

    def target_filter(self, query: Query) -> Matches | None:
        """Match what carries any of the values under the type; the two parameters go together."""
        kind, values = query.one("targetType"), frozenset(query.every("targetValues"))
        if (kind is None) != (not values):
            raise bad_request("targetType and targetValues must be given together")
        if kind is None:
            return None
        return lambda row: any(
            t["type"] == kind and any(v in values for v in t["values"] if isinstance(v, str))
            for t in row.targets
        )

    def owner(self, caller: Caller, right: str) -> str | None:  # noqa: ARG002
        """Hide nothing: `read_all` is what VENs hold too."""
        return None


PROFILES: Mapping[str, Profile] = {"3.1": Profile31(), "3.0": Profile30()}
