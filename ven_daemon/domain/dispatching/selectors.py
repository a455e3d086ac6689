"""Whom a rule is for: resources by type, sub-type or key; the most specific rule counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar


class Kind(NamedTuple):
    """What rules tell resources apart by."""

    type: str | None
    sub_type: str | None
    resource: str
    """Its key in the inventory."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Some resources; what is None is any."""

    type: str | None = None
    sub_type: str | None = None
    resource: str | None = None

    def fits(self, kind: Kind) -> bool:
        """Whether a resource is among them."""
        return (
            self.type in (None, kind.type)
            and self.sub_type in (None, kind.sub_type)
            and self.resource in (None, kind.resource)
        )

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """Order selectors: the most specific is the greatest."""
        return self.resource is not None, self.sub_type is not None, self.type is not None


EVERYBODY = Selector()


class Selects(Protocol):
    """Anything that is meant for some resources."""

    @property
    def whom(self) -> Selector:
        """For which."""
        ...


Chosen = TypeVar("Chosen", bound=Selects)


def choose(entries: Iterable[Chosen], kind: Kind) -> Chosen | None:
    """Give the most specific entry that fits *kind*; of equals, the last."""
    best: Chosen | None = None
    for entry in entries:
        if entry.whom.fits(kind) and (best is None or entry.whom.weight >= best.whom.weight):
            best = entry
    return best


@dataclass(frozen=True, slots=True)
class Route:
    """By which sink commands reach some resources."""

    sink: str
    whom: Selector = EVERYBODY
