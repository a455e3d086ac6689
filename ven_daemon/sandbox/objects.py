"""Everything the VTN holds, and how it is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ven_daemon.sandbox.lifespan import lifespan_end, urgency
from ven_daemon.sandbox.selection import Selections
from ven_daemon.sandbox.shelf import Facet, Row, Shelf


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the VTN is about second objects."""

    unique_names: bool = True
    one_ven_per_client: bool = True


class Keeper(Protocol):
    """What remembers objects over a restart."""

    def put(self, noun: str, wire: bytes) -> None:
        """Remember an object as it is now."""

    def drop(self, gone: Sequence[tuple[str, str]]) -> None:
        """Remember that objects are gone, each a kind and an id: all of them or none."""

    def wipe(self) -> None:
        """Remember that all objects are gone."""

    def close(self) -> None:
        """Let go of what it is kept in."""


class Objects:
    """The shelves, one to a kind. A further kind is a shelf here and a file of rules."""

    def __init__(self, rules: Rules, keeper: Keeper | None = None) -> None:
        self.rules = rules
        self.keeper = keeper
        self.vens = Shelf("ven", "venName", indexed=("venName", "clientID"), unique=("venName",))
        self.resources = Shelf(
            "resource",
            "resourceName",
            parent="venID",
            indexed=("resourceName", "venID", "clientID"),
            unique=("venID", "resourceName"),
        )
        self.programs = Shelf("program", "programName", unique=("programName",))
        self.events = Shelf(
            "event",
            "eventName",
            parent="programID",
            indexed=("programID",),
            weigh=urgency,
            end=lifespan_end,
        )
        self.reports = Shelf(
            "report",
            "reportName",
            parent="eventID",
            indexed=("eventID", "clientName", "clientID"),
            unique=("reportName",),
        )
        self.subscriptions = Shelf(
            "subscription",
            "clientName",
            parent="programID",
            indexed=("programID", "clientName", "clientID"),
            more=subscribed_objects,
        )
        shelves = (
            self.vens,
            self.resources,
            self.programs,
            self.events,
            self.reports,
            self.subscriptions,
        )
        self.shelves = {shelf.noun: shelf for shelf in shelves}
        self.selections = {shelf.noun: Selections(shelf) for shelf in shelves}

    @property
    def duplicates(self) -> int:
        """Count the objects beyond the first of a name where names should be unique."""
        return sum(shelf.duplicates for shelf in self.shelves.values())

    def put(self, shelf: Shelf, row: Row) -> None:
        """Accept an object: kept first, so that what is shown survives a kill."""
        if self.keeper is not None:
            self.keeper.put(shelf.noun, row.wire)
        shelf.put(row)

    def drop(self, *gone: tuple[Shelf, Row]) -> None:
        """Accept the end of an object and of what goes with it."""
        if self.keeper is not None:
            self.keeper.drop([(shelf.noun, row.id) for shelf, row in gone])
        for shelf, row in gone:
            shelf.drop(row)

    def wipe(self) -> None:
        """Forget all objects."""
        if self.keeper is not None:
            self.keeper.wipe()
        for shelf in self.shelves.values():
            shelf.clear()

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Go through everything with the name of its kind, parents first."""
        for noun, shelf in self.shelves.items():
            for row in shelf.rows.values():
                yield noun, row


def subscribed_objects(subscription: Mapping[str, Any]) -> Iterator[Facet]:
    """Name the types of objects that a subscription is about."""
    operations = subscription.get("objectOperations")
    for operation in operations if isinstance(operations, list) else ():
        kinds = operation.get("objects") if isinstance(operation, dict) else None
        for kind in kinds if isinstance(kinds, list) else ():
            if isinstance(kind, str):
                yield "objects", kind
