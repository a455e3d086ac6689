"""What one resource is to do during one window, and how that stands.

scheduled ──→ applied ──→ released
    │  │         └──→ cancel-pending ──→ cancelled
    │  └──→ failed, expired        ↑
    └──────────────────────────────┘  (where the sink may have seen it)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName


class State(StrEnum):
    """How a dispatch stands."""

    SCHEDULED = "scheduled"
    """Its sink has not acknowledged it yet."""
    APPLIED = "applied"
    """Its sink has acknowledged it; the resource follows it."""
    CANCEL_PENDING = "cancel-pending"
    """It no longer holds, and its sink has not acknowledged that yet."""
    RELEASED = "released"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """Its sink will not take it, whoever asks."""
    EXPIRED = "expired"
    """It ended before its sink could be reached."""

    @property
    def is_final(self) -> bool:
        """Whether nothing will be done about it any more."""
        return self not in (State.SCHEDULED, State.APPLIED, State.CANCEL_PENDING)

    @property
    def shown(self) -> str:
        """The state by the names of the surfaces: until it is released, it is applied."""
        return State.APPLIED.value if self is State.CANCEL_PENDING else self.value


class Do(StrEnum):
    """What a sink is asked to make a resource do."""

    APPLY = "apply"
    """Follow this until `end`, in place of what it followed of the same type."""
    RELEASE = "release"
    """Follow this no longer: back to normal, as far as this type goes."""


@dataclass(frozen=True, slots=True)
class Command:
    """One message to one resource.

    A receiver that ignores a `key` and `do` that it has seen sees each at most once.
    `end` None is until told otherwise; `end == start` is to be done once.
    """

    key: str
    do: Do
    ven: VenName
    resource: ResourceName
    """Its name at the VTN."""
    resource_id: ResourceKey
    """Its key in the inventory."""
    event: EventId
    version: int
    type: str
    values: tuple[Value, ...]
    """As received."""
    kw: float | None
    """What was derived for this resource; negative is export."""
    kwh: float | None
    """The energy a store is to hold, where that is asked for."""
    start: datetime
    end: datetime | None
    reason: str = ""
    repeated: bool = False
    """It was handed over before, and whether it arrived is not known."""


class Verdict(StrEnum):
    """What a sink says of one command."""

    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    """It will never be taken: do not ask again."""
    UNREACHABLE = "unreachable"
    """Not known to have arrived: ask again."""


class Answer(NamedTuple):
    """A sink's answer to one command, with the receiver's own words where it did not take it."""

    verdict: Verdict
    reason: str = ""


ACKNOWLEDGED = Answer(Verdict.ACKNOWLEDGED)


def dispatch_key(
    event: EventId,
    version: int,
    window: str,
    resource: tuple[VenName, ResourceKey],
    type_: str,
    turn: int = 0,
) -> str:
    """Name a dispatch: the same for the same window of the same version, for ever.

    *turn* counts the times that it was taken back and given again.
    """
    ven, key = resource
    parts = "\0".join((event, str(version), window, ven, key, type_, str(turn)))
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
