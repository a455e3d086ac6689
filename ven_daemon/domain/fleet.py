"""What the inventory says exists: VENs and their resources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from ven_daemon.domain.ids import ResourceKey, VenName

RESOURCE_TYPES = ("DSR", "EV", "BATTERY", "PV")
"""The types an inventory may use."""


_NOTHING: Mapping[str, float] = MappingProxyType({})


class Resource(NamedTuple):
    """One row of the inventory's `resources`, with its column names.

    A tuple, as everything is that exists once per resource: a fleet has ten thousand.

    `capacities` holds `P_max_kw`, `P_min_kw`, `E_max_kwh`, `E_min_kwh`;
    `location` holds `latitude` and `longitude` in degrees. What could not be read
    of a row is left out of them and said in `problems`.
    """

    id: int
    resource_id: ResourceKey
    resource_name: str
    resource_type: str | None = None
    resource_sub_type: str | None = None
    meter_point_id: str | None = None
    connection_id: int | None = None
    capacities: Mapping[str, float] = _NOTHING
    location: Mapping[str, float] = _NOTHING
    address: str | None = None
    ven: VenName | None = None
    enabled: bool = True
    reporting: Mapping[str, object] = _NOTHING
    created_at: datetime | None = None
    updated_at: datetime | None = None
    problems: tuple[str, ...] = ()

    @property
    def resourceID(self) -> ResourceKey:  # noqa: N802 - the sample client's own spelling
        """The inventory's key, by the name that the sample client uses."""
        return self.resource_id


@dataclass(frozen=True, slots=True)
class Ven:
    """One VEN and all its rows, disabled ones too, in the order of their ids."""

    name: VenName
    resources: tuple[Resource, ...]

    @property
    def enabled(self) -> tuple[Resource, ...]:
        """The resources that the VTN shall know."""
        return tuple([resource for resource in self.resources if resource.enabled])


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Fleet:
    """The whole inventory: its VENs and the rows that belong to none."""

    vens: tuple[Ven, ...]
    homeless: tuple[Resource, ...] = ()
    notes: tuple[str, ...] = ()
    """What is to be said of the inventory as a whole, or of rows that are no resources."""

    @classmethod
    def of(cls, resources: Iterable[Resource], notes: Iterable[str] = ()) -> "Fleet":
        """Group rows by VEN: most enabled resources first, then by name.

        A key that is there twice is its first row; the others are noted and left out.
        """
        groups: dict[VenName, list[Resource]] = {}
        homeless = []
        said = list(notes)
        first: dict[ResourceKey, int] = {}
        for resource in resources:
            if first.setdefault(resource.resource_id, resource.id) != resource.id:
                said.append(_repeats(resource, first[resource.resource_id]))
            elif resource.ven is None:
                homeless.append(resource)
            else:
                groups.setdefault(resource.ven, []).append(resource)
        vens = [
            Ven(name, tuple(sorted(rows, key=lambda row: row.id))) for name, rows in groups.items()
        ]
        return cls(tuple(sorted(vens, key=_rank)), tuple(homeless), tuple(said))

    def problems(self) -> tuple[str, ...]:
        """Say, row by row, what an operator should mend."""
        lines = list(self.notes)
        lines.extend(f"resource {row.resource_id}: belongs to no VEN" for row in self.homeless)
        for row in (*self.homeless, *(row for ven in self.vens for row in ven.resources)):
            if row.problems:
                lines.extend(f"resource {row.resource_id}: {problem}" for problem in row.problems)
        return tuple(lines)


def _repeats(row: Resource, first: int) -> str:
    return f"resource {row.resource_id}: row {row.id} repeats row {first} and is left out"


def _rank(ven: Ven) -> tuple[int, str]:
    return (-len(ven.enabled), ven.name)
