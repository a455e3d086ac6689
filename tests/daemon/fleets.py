"""Inventories of any size, for a running daemon."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.registration.fleet import SmallFleet


def many_vens(file: Path, vens: int, each: int) -> None:
    """Make an inventory of so many VENs with so many resources each."""
    SmallFleet(file)
    rows = [
        (f"{ven}/{number}", f"meter {number}", f"Town {ven:05}")
        for ven in range(vens)
        for number in range(each)
    ]
    statement = (
        "INSERT INTO resources (resource_id, resource_name, resource_type, ven, enabled)"
        " VALUES (?, ?, 'DSR', ?, 1)"
    )
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(statement, rows)
