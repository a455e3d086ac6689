"""What one resource is to do during one window, and how that stands.

scheduled ──→ applied ──→ released
    │  │         └──→ cancel-pending ──→ cancelled
    │  └──→ failed, expired        ↑
    └──────────────────────────────┘  (where the sink may have seen it)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.targets import Place


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
    version: str
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


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What one resource is to do during one window, on record."""

    key: str
    """Names it for ever: see `dispatch_key`."""
    place: Place
    name: ResourceName
    """The resource's name at the VTN."""
    sink: str
    entry: Entry
    state: State = State.SCHEDULED
    due: datetime | None = None
    """When its sink is to be told next: to follow it or, afterwards, to end it."""
    attempts: int = 0
    """How often its sink was told, and has not acknowledged since."""
    words: str = ""
    """What its sink last said against it."""

    @property
    def is_instant(self) -> bool:
        """Whether it is to be done once."""
        return self.entry.start == self.entry.end

    @property
    def do(self) -> Do:
        """What its sink is told when it is due."""
        return Do.APPLY if self.state is State.SCHEDULED else Do.RELEASE

    @property
    def reason(self) -> str:
        """Why it is as it is: the policy's words, and the sink's."""
        return "; ".join(filter(None, (self.entry.reason, self.words)))

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed; an instant may still be done a little later."""
        if self.is_instant:
            return self.entry.start <= now - INSTANT_GRACE
        return self.entry.end is not None and self.entry.end <= now

    def command(self) -> Command:
        """Write what its sink is told when it is due."""
        entry = self.entry
        return Command(
            self.key,
            self.do,
            self.place.ven,
            self.name,
            self.place.resource,
            entry.event,
            entry.version,
            entry.type,
            entry.values,
            entry.kw,
            entry.kwh,
            entry.start,
            entry.end,
            entry.reason,
            repeated=self.attempts > 0,
        )


INSTANT_GRACE = timedelta(minutes=15)
"""How late something that is to be done once is still done: after a restart, say."""


def dispatch_key(place: Place, entry: Entry, turn: int = 0) -> str:
    """Name a dispatch: by event, version, window and resource, the same for ever.

    A window that a better event split is several. *turn* counts how often it was taken
    back and given again, so that nobody takes the second time for a repetition.
    """
    return key_of(said_by(entry), place, turn)


def said_by(entry: Entry) -> str:
    """Give what of a key many share who follow the same."""
    said = (entry.event, entry.version, entry.window, entry.start.isoformat(), entry.type)
    return "\0".join(said)


def key_of(said: str, place: Place, turn: int = 0) -> str:
    """Name the dispatch to one of them."""
    whole = f"{said}\0{place.ven}\0{place.resource}\0{turn}"
    return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
