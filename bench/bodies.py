"""The bodies that we send, made from a row as directly as can be."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import orjson

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.naming import derived_client_id, slug

Row: TypeAlias = tuple[Any, ...]
COLUMNS = (
    *("ven", "resource_name", "resource_type", "resource_sub_type", "capacities", "location"),
    *("resource_id", "meter_point_id", "address"),
)


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Tell a second resource of a name under one VEN apart: VTNs take each name once."""
    taken: set[tuple[str, str]] = set()
    told: list[Row] = []
    for row in rows:
        ven, name, *rest = row
        told.append((ven, f"{name}#{rest[4][:8]}", *rest) if (ven, name) in taken else row)
        taken.add((ven, name))
    return told


def ven_body(name: str) -> dict[str, Any]:
    """Make the body of `POST /vens`."""
    return {
        "objectType": "BL_VEN_REQUEST",
        "clientID": derived_client_id(VenName(name)),
        "venName": name,
        "targets": [slug(name)],
    }


def resource_body(row: Row, ven: dict[str, Any]) -> dict[str, Any]:
    """Make the body of `POST /resources` from the columns of a row."""
    ven_name, name, kind, sub_kind, capacities, location, key, meter_point, address = row
    limits, place = orjson.loads(capacities), orjson.loads(location)
    least = limits["P_min_kw"]
    return {
        "objectType": "BL_RESOURCE_REQUEST",
        "clientID": ven["clientID"],
        "venID": ven["id"],
        "resourceName": name,
        "attributes": [
            {"type": "DESCRIPTION", "values": [f"{sub_kind}, {ven_name}"]},
            {"type": "RESOURCE_ID", "values": [key]},
            {"type": "METER_POINT_ID", "values": [meter_point]},
            {"type": "ADDRESS", "values": [address]},
            {"type": "RESOURCE_TYPE", "values": [kind]},
            {"type": "RESOURCE_SUB_TYPE", "values": [sub_kind]},
            {"type": "MAX_POWER_CONSUMPTION", "values": [limits["P_max_kw"]]},
            {"type": "MAX_POWER_EXPORT", "values": [max(0.0, -least)]},
            {"type": "MIN_POWER_CONSUMPTION", "values": [max(0.0, least)]},
            {"type": "MAX_ENERGY", "values": [limits["E_max_kwh"]]},
            {"type": "MIN_ENERGY", "values": [limits["E_min_kwh"]]},
            {"type": "LOCATION", "values": [place["longitude"], place["latitude"]]},
        ],
        "targets": [kind, sub_kind],
    }
