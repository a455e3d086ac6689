"""What the wire says about a resource, and when two such descriptions are the same.

The types, their units and their order are documented in docs/attributes.md.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from ven_daemon.domain.fleet import Resource


class Point(NamedTuple):
    """A pair of numbers, such as one point of a curve."""

    x: float
    y: float


class Opaque(NamedTuple):
    """A value that the specification does not know: kept as it is, to be given back so."""

    json: str


Value: TypeAlias = str | float | bool | Point | Opaque
"""What a payload or attribute may hold."""


class Attribute(NamedTuple):
    """One valuesMap: a type and its values."""

    type: str
    values: tuple[Value, ...]


OURS = frozenset(
    {
        "LOCATION",
        "MAX_POWER_CONSUMPTION",
        "MAX_POWER_EXPORT",
        "DESCRIPTION",
        "RESOURCE_ID",
        "RESOURCE_TYPE",
        "RESOURCE_SUB_TYPE",
        "METER_POINT_ID",
        "ADDRESS",
        "MIN_POWER_CONSUMPTION",
        "MAX_ENERGY",
        "MIN_ENERGY",
    }
)
"""The attribute types that we write; any other on an object belongs to somebody else."""

TEXT_LIMIT = 128
"""Characters of a DESCRIPTION (OpenADR 3.1 ven-resource-attributes)."""


def describe(resource: Resource) -> tuple[Attribute, ...]:
    """Say what the inventory knows of *resource*; powers in kW, energies in kWh.

    MAX_POWER_EXPORT is positive: how far below zero P_min_kw reaches. LOCATION is
    longitude first, as the enumeration of 3.1 has it.
    """
    limits, place = resource.capacities, resource.location
    own = []
    if resource.resource_id:
        own.append(Attribute("RESOURCE_ID", (resource.resource_id,)))
    if resource.meter_point_id:
        own.append(Attribute("METER_POINT_ID", (resource.meter_point_id,)))
    if resource.address:
        own.append(Attribute("ADDRESS", (resource.address,)))
    where: tuple[Attribute, ...] = ()
    if len(place) == 2:
        where = (Attribute("LOCATION", (place["longitude"], place["latitude"])),)
    return (
        *_description(resource.resource_sub_type or resource.resource_type, resource.ven),
        *own,
        *_kind(resource.resource_type, resource.resource_sub_type),
        *_limits(*map(limits.get, _LIMITS)),
        *where,
    )


_LIMITS = ("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh")


# A fleet has few kinds and few sets of limits; their attributes are shared.
@lru_cache(maxsize=1024)
def _kind(kind: str | None, sub_kind: str | None) -> tuple[Attribute, ...]:
    said = (("RESOURCE_TYPE", kind), ("RESOURCE_SUB_TYPE", sub_kind))
    return tuple(Attribute(name, (value,)) for name, value in said if value)


@lru_cache(maxsize=1024)
def _limits(
    most: float | None, least: float | None, full: float | None, empty: float | None
) -> tuple[Attribute, ...]:
    said = (
        ("MAX_POWER_CONSUMPTION", most),
        ("MAX_POWER_EXPORT", None if least is None else max(0.0, -least)),
        ("MIN_POWER_CONSUMPTION", None if least is None else max(0.0, least)),
        ("MAX_ENERGY", full),
        ("MIN_ENERGY", empty),
    )
    return tuple(Attribute(name, (value,)) for name, value in said if value is not None)


def ours(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """Leave out what somebody else wrote on an object."""
    return tuple([attribute for attribute in attributes if attribute.type in OURS])


def foreign(attributes: Iterable[Attribute]) -> tuple[Attribute, ...]:
    """Keep only what somebody else wrote on an object."""
    return tuple(attribute for attribute in attributes if attribute.type not in OURS)


def same(wanted: Iterable[Attribute], found: Iterable[Attribute]) -> bool:
    """Compare by meaning: order does not count, nor does 22 for 22.0 or a float's last bits."""
    wanted, found = tuple(wanted), tuple(found)
    if wanted == found and not _hold_truth(wanted) and not _hold_truth(found):
        return True
    left, right = sorted(wanted, key=_type), sorted(found, key=_type)
    return len(left) == len(right) and all(
        a.type == b.type and len(a.values) == len(b.values) and all(map(_alike, a.values, b.values))
        for a, b in zip(left, right, strict=True)
    )


def fingerprint(name: str, attributes: Iterable[Attribute]) -> str:
    """Digest a description, so that a change of it can be seen without keeping it."""
    # Plain tuples: their repr is several times faster than that of named ones.
    plain = (name, [(attribute.type, attribute.values) for attribute in attributes])
    return blake2b(repr(plain).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def _description(kind: str | None, ven: str | None) -> tuple[Attribute, ...]:
    text = f"{kind}, {ven}" if kind and ven else kind or ven
    return (Attribute("DESCRIPTION", (text[:TEXT_LIMIT],)),) if text else ()


def _hold_truth(attributes: tuple[Attribute, ...]) -> bool:
    """Whether a boolean is among the values: Python takes True for 1."""
    return any([bool in map(type, values) for _, values in attributes])  # noqa: C419 - faster


def _type(attribute: Attribute) -> str:
    return attribute.type


def _alike(wanted: Value, found: Value) -> bool:
    if isinstance(wanted, Opaque) or isinstance(found, Opaque):
        return wanted == found
    if isinstance(wanted, Point) and isinstance(found, Point):
        return all(map(_alike, wanted, found))
    if isinstance(wanted, bool) or isinstance(found, bool) or isinstance(wanted, str):
        return type(wanted) is type(found) and wanted == found
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return abs(wanted - found) <= 1e-6 * max(abs(wanted), abs(found))
    return False
