"""Does the VTN hold the inventory? Judged by the tables of both, past every API."""

from collections import defaultdict
from collections.abc import Iterable

import pytest

from tests.rig.installation import InventoryRow
from tests.rig.openleadr import HeldResource, OpenleadrVtn

SAMPLE_VENS = 158
SAMPLE_RESOURCES = 9_714


def assert_holds_exactly(vtn: OpenleadrVtn, rows: Iterable[InventoryRow]) -> None:
    """Every row once, under its VEN, by its name, with what it can do; and nothing else."""
    rows = list(rows)
    held = _by_key(vtn.resources())
    assert vtn.duplicates() == []
    assert {ven.name for ven in vtn.vens()} == {row.ven for row in rows}
    assert {key: len(found) for key, found in held.items()} == {row.resource_id: 1 for row in rows}
    for row in rows:
        _assert_same(row, held[row.resource_id][0])


def _by_key(resources: Iterable[HeldResource]) -> dict[str, list[HeldResource]]:
    """Group by the inventory's key, so that a resource under two names is seen as two."""
    held: dict[str, list[HeldResource]] = defaultdict(list)
    for resource in resources:
        (key,) = resource.attributes["RESOURCE_ID"]
        held[key].append(resource)
    return held


def _assert_same(row: InventoryRow, resource: HeldResource) -> None:
    said = resource.attributes
    assert resource.ven == row.ven
    # A second resource of one name under one VEN is told apart behind a #.
    assert resource.name == row.name or resource.name.startswith(f"{row.name}#")
    assert said["RESOURCE_TYPE"] == [row.type]
    assert said["RESOURCE_SUB_TYPE"] == [row.sub_type]
    assert said["METER_POINT_ID"] == [row.meter_point]
    assert said["ADDRESS"] == [row.address]
    assert said["MAX_POWER_CONSUMPTION"] == [row.capacities["P_max_kw"]]
    assert said["MAX_POWER_EXPORT"] == [-row.capacities["P_min_kw"]]
    assert said["LOCATION"] == pytest.approx([row.location["longitude"], row.location["latitude"]])
