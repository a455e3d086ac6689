"""Registration as values: what is wanted, observed, on record, and to be done.

Wanted comes from the inventory, observed from the VTN, records from our state.
`domain.planning` makes a plan of the three.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ven_daemon.domain.attributes import Attribute, describe, fingerprint, ours
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ClientId, ResourceId, ResourceKey, ResourceName, VenId, VenName


class Target(NamedTuple):
    """A target: a plain string in 3.1, a value with a type in 3.0.1."""

    value: str
    kind: str | None = None


class WantedResource(NamedTuple):
    """What the VTN shall hold of one resource."""

    name: ResourceName
    attributes: tuple[Attribute, ...]
    targets: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Digest of what we would apply. Targets belong to the VTN and are no part of it."""
        return fingerprint(self.name, self.attributes)


class Wish(NamedTuple):
    """What one enabled row of the inventory asks for, told in full only when it is needed."""

    name: ResourceName
    row: Resource
    targets: tuple[str, ...] = ()

    @property
    def key(self) -> ResourceKey:
        """What the inventory knows it by."""
        return self.row.resource_id

    def in_full(self) -> WantedResource:
        """Describe it. A fleet of descriptions would be larger than all else about it."""
        return WantedResource(self.name, describe(self.row), self.targets)


@dataclass(frozen=True, slots=True)
class WantedVen:
    """What the inventory asks for of one VEN."""

    ven: VenName
    name: str
    client_id: ClientId | None
    targets: tuple[str, ...]
    resources: tuple[Wish, ...]
    bound: bool = False
    """Whether `client_id` is a real credential, which the VTN must bind the ven to."""


@dataclass(frozen=True, slots=True)
class ObservedVen:
    """A ven object at the VTN."""

    id: VenId
    name: str
    client_id: str | None = None
    targets: tuple[Target, ...] = ()
    attributes: tuple[Attribute, ...] = ()


class ObservedResource(NamedTuple):
    """A resource object at the VTN."""

    id: ResourceId
    ven_id: VenId
    name: str
    client_id: str | None = None
    targets: tuple[Target, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Digest of what the VTN shows of our part of it."""
        return fingerprint(self.name, ours(self.attributes))


class Status(StrEnum):
    """How a registration stands."""

    SENDING = "sending"
    """A ven is being created; the outcome is not known."""
    REGISTERED = "registered"
    REJECTED = "rejected"
    """The VTN will not take it as it is: held back until it changes."""
    FAILED = "failed"


class Origin(StrEnum):
    """How an object at the VTN became ours."""

    CREATED = "created"
    ADOPTED = "adopted"


class Record(NamedTuple):
    """What our state says of one object: a ven, or a resource by its name at the VTN."""

    name: str
    status: Status
    key: str = ""
    vtn_id: str | None = None
    origin: Origin | None = None
    applied: str | None = None
    """Fingerprint of what was last sent, where the VTN took it for something else or not at all."""
    echoed: str | None = None
    """Fingerprint of what the VTN made of it."""
    targets: tuple[Target, ...] = ()
    settled_at: datetime | None = None
    """Of a ven under which creates are under way: from then on none of them is accepted."""
    attempts: int = 0
    last_error: str | None = None


class Kind(StrEnum):
    """What a plan can say of an object."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    NOTHING = "nothing"
    CONFLICT = "conflict"
    ORPHANED = "orphaned"
    DELETE = "delete"


class ResourceAction(NamedTuple):
    """What to do about one resource."""

    kind: Kind
    name: str
    wanted: Wish | None = None
    observed: ObservedResource | None = None
    record: Record | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VenPlan:
    """What to do about one VEN and everything under it."""

    ven: VenName
    kind: Kind
    wanted: WantedVen | None
    observed: ObservedVen | None
    record: Record | None
    resources: tuple[ResourceAction, ...] = ()
    forgotten: tuple[str, ...] = ()
    """Names on record that are neither wanted nor at the VTN any more."""
    reason: str = ""

    @property
    def lost(self) -> tuple[str | None, ...]:
        """Name the objects on record that the VTN no longer shows; None is the ven itself."""
        under = [
            each.name
            for each in self.resources
            if each.record is not None and _is_lost(each.kind, each.record)
        ]
        return (None, *under) if _is_lost(self.kind, self.record) else tuple(under)

    @property
    def vanished(self) -> int:
        """How many objects on record the VTN no longer shows."""
        return len(self.lost)

    @property
    def known(self) -> int:
        """How many objects on record the plan speaks of."""
        records = [self.record, *(action.record for action in self.resources)]
        return sum(1 for record in records if record and record.vtn_id)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator allows a plan to do."""

    prune: bool = False
    """Delete what we created and the inventory no longer wants."""
    prune_adopted: bool = False
    """Delete adopted objects too."""
    retry_rejected: bool = False
    """Offer again, unchanged, what the VTN rejected."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything on record for one VEN."""

    ven: Record | None = None
    resources: Mapping[str, Record] = field(default_factory=dict)
    """By name at the VTN."""

    @property
    def remembered(self) -> dict[ResourceKey, ResourceName]:
        """Give the name that each row of the inventory has borne so far: of several, the first."""
        return {
            ResourceKey(self.resources[name].key): ResourceName(name)
            for name in sorted(self.resources, reverse=True)
        }

    @property
    def open_until(self) -> datetime | None:
        """Say from when on creates of unknown outcome can no longer be accepted."""
        return self.ven.settled_at if self.ven else None


def _is_lost(kind: Kind, record: Record | None) -> bool:
    return kind is Kind.CREATE and record is not None and record.vtn_id is not None
