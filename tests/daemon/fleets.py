"""Inventories of any size, for a running daemon."""

import sqlite3
from collections.abc import Iterable
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


def with_clients(folder: Path, vens: Iterable[str]) -> tuple[Path, Path]:
    """Write a client for each VEN: the file that the sandbox takes, and the one that we import."""
    of_the_vtn, ours = folder / "clients.csv", folder / "credentials.csv"
    pairs = [(ven, f"client-{number}", f"secret-{number}") for number, ven in enumerate(vens)]
    of_the_vtn.write_text(
        "client_id,client_secret,role\n" + "".join(f"{i},{s},ven\n" for _, i, s in pairs)
    )
    ours.write_text(
        "ven,client_id,client_secret\n" + "".join(f"{v},{i},{s}\n" for v, i, s in pairs)
    )
    return of_the_vtn, ours
