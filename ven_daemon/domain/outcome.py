"""What came of a registration, VEN by VEN."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.registration import Kind

SAID = {
    Kind.CREATE: "created",
    Kind.ADOPT: "adopted",
    Kind.UPDATE: "updated",
    Kind.NOTHING: "unchanged",
    Kind.ORPHANED: "orphaned",
    Kind.DELETE: "deleted",
}
"""How one says what was done about resources."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not done, and why: in the VTN's words where it spoke."""

    ven: VenName
    resource: str | None
    reason: str


@dataclass(slots=True)
class VenOutcome:
    """What came of one VEN. A resource that was seen to twice counts by what was done first."""

    ven: VenName
    wanted: int = 0
    """Enabled resources in the inventory."""
    kind: Kind | None = None
    """What was done about the ven itself; None while nothing was."""
    done: dict[str, Kind] = field(default_factory=dict)
    """By resource name."""
    failures: dict[str | None, str] = field(default_factory=dict)
    """Reasons by resource name; None is the ven itself."""
    put_off: datetime | None = None
    """When it can be looked at again, where nothing could be done before that."""

    def did(self, name: str, kind: Kind) -> None:
        """Note that a resource is as the plan wanted it."""
        if self.failures:
            self.failures.pop(name, None)
        if self.done.get(name, Kind.NOTHING) is Kind.NOTHING:
            self.done[name] = kind

    @property
    def failed(self) -> bool:
        """Whether the VEN itself could not be registered."""
        return None in self.failures

    @property
    def registered(self) -> int:
        """How many of its resources the VTN holds as wanted."""
        held = (Kind.CREATE, Kind.ADOPT, Kind.UPDATE, Kind.NOTHING)
        return sum(1 for kind in self.done.values() if kind in held)


@dataclass(slots=True)
class Outcome:
    """What came of the whole fleet."""

    vens: list[VenOutcome] = field(default_factory=list)
    skipped: list[VenName] = field(default_factory=list)
    """VENs without enabled resources."""
    left_alone: list[VenOutcome] = field(default_factory=list)
    """VENs of the inventory that the run was told to leave alone."""
    problems: tuple[str, ...] = ()
    """What of the inventory could not be read."""
    silent: bool = False
    """Whether the VTN was asked and never answered."""
    writes: int = 0
    """POST, PUT and DELETE requests that the VTN accepted."""

    @property
    def failures(self) -> list[Failure]:
        """Everything that failed, in the order of the VENs."""
        return [
            Failure(outcome.ven, resource, reason)
            for outcome in self.vens
            for resource, reason in outcome.failures.items()
        ]

    def summary(self) -> list[str]:
        """Say how it went, as the sample client did, and what was done below it."""
        rule = "=" * 60
        done = ", ".join(f"{said} {self.kinds[kind]}" for kind, said in SAID.items())
        return [
            rule,
            "REGISTRATION SUMMARY",
            rule,
            f"Total VENs processed:          {len(self.vens)}",
            f"VENs successfully registered:  {len(self.vens) - self.failed_vens}",
            f"Resources registered:          {self.registered}",
            f"Failed VENs:                   {self.failed_vens}",
            rule,
            done,
            f"writes at the VTN: {self.writes}",
        ]

    @property
    def kinds(self) -> Counter[Kind]:
        """How many resources were treated how."""
        return Counter(kind for outcome in self.vens for kind in outcome.done.values())

    @property
    def failed_vens(self) -> int:
        """How many VENs could not be registered themselves."""
        return sum(outcome.failed for outcome in self.vens)

    @property
    def registered(self) -> int:
        """How many resources the VTN holds as wanted."""
        return sum(outcome.registered for outcome in self.vens)
