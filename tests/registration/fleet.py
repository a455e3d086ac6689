"""A small inventory in the sample client's own layout, edited as its owner would: by SQL."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_LAYOUT = """
CREATE TABLE IF NOT EXISTS resources (
    id INTEGER PRIMARY KEY, resource_id VARCHAR UNIQUE NOT NULL, resource_name VARCHAR NOT NULL,
    resource_type VARCHAR, resource_sub_type VARCHAR, meter_point_id VARCHAR,
    connection_id INTEGER, capacities TEXT, location TEXT, address VARCHAR, ven VARCHAR,
    enabled BOOLEAN DEFAULT 1, reporting TEXT, created_at DATETIME, updated_at DATETIME)
"""


class SmallFleet:
    """One inventory file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"
        self._run(_LAYOUT)

    def add(self, ven: str | None, name: str, key: str | None = None, **more: Any) -> str:
        """Add a resource; give its key."""
        key = key or f"{ven}/{name}"
        columns = {
            "resource_id": key,
            "resource_name": name,
            "resource_type": "DSR",
            "resource_sub_type": "Bars",
            "meter_point_id": "707057500000000001",
            "capacities": json.dumps({"P_max_kw": 25.0, "P_min_kw": -10.0, "E_max_kwh": 100.0}),
            "location": json.dumps({"latitude": 57.05, "longitude": 9.92}),
            "ven": ven,
            **more,
        }
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO resources ({', '.join(columns)}) VALUES ({marks})"
        self._run(statement, *columns.values())
        return key

    def change(self, key: str, **columns: Any) -> None:
        """Edit a resource."""
        changed = ", ".join(f"{name} = ?" for name in columns)
        self._run(f"UPDATE resources SET {changed} WHERE resource_id = ?", *columns.values(), key)

    def capacity(self, key: str, kw: float) -> None:
        """Give a resource another capacity."""
        self.change(key, capacities=json.dumps({"P_max_kw": kw, "P_min_kw": -10.0}))

    def remove(self, key: str) -> None:
        """Take a resource out."""
        self._run("DELETE FROM resources WHERE resource_id = ?", key)

    def remove_ven(self, ven: str) -> None:
        """Take a VEN out with all it has."""
        self._run("DELETE FROM resources WHERE ven = ?", ven)

    def _run(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(statement, values)


VENS = {"Aalborg": 10, "Brande": 9, "Corsør": 8}
RESOURCES = sum(VENS.values())


def three_vens(file: Path) -> SmallFleet:
    """Make the fleet that most tests use."""
    fleet = SmallFleet(file)
    for ven, count in VENS.items():
        for number in range(1, count + 1):
            fleet.add(ven, f"bar {number}")
    return fleet
