"""Whether a database can be the inventory, and the words for those that cannot."""

import os
from pathlib import Path

from sqlalchemy import Connection, Index, inspect
from sqlalchemy.exc import IntegrityError

from ven_daemon.domain.errors import InventoryError
from ven_daemon.store.inventory_rows import COLUMNS, REQUIRED
from ven_daemon.store.schema import resources

_CREATE = (
    "`ven-daemon samples` makes a sample inventory, `ven-daemon import FILE.csv` one of your own"
)
_MAGIC = b"SQLite format 3\0"
_WAL = 2
"""What the byte 18 of a SQLite file says where its changes go to a file beside it."""


def check_file(file: Path) -> None:
    """Refuse a file that cannot be an inventory.

    Raises:
        InventoryError: why, and what helps.
    """
    try:
        with file.open("rb") as content:
            head = content.read(20)
    except FileNotFoundError:
        raise InventoryError(f"{file}: there is no such file; {_CREATE}") from None
    except OSError as error:
        raise InventoryError(f"{file}: cannot be read: {error.strerror}") from error
    if not head:
        raise InventoryError(f"{file}: the file is empty (0 bytes); {_CREATE}")
    if not head.startswith(_MAGIC):
        raise InventoryError(f"{file}: is not a SQLite database; {_CREATE}")
    if head[18:19] == bytes([_WAL]) and not os.access(file.parent, os.W_OK):
        message = (
            "is in WAL mode, which SQLite cannot read in a folder that it cannot write to; "
            "`PRAGMA journal_mode=DELETE` ends that mode"
        )
        raise InventoryError(f"{file}: {message}")


def prepare_file(file: Path) -> None:
    """Make the folder of a file that is to be, and refuse one that is something else.

    Raises:
        InventoryError: it cannot be made, or is no database.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InventoryError(f"{file.parent}: cannot be made: {error.strerror}") from error
    if file.is_dir() or (file.exists() and file.stat().st_size):
        check_file(file)


def missing_columns(connection: Connection, name: str) -> tuple[str, ...]:
    """Name the optional columns that the inventory *name* lacks.

    Raises:
        InventoryError: there is no table of resources, or not the columns it must have.
    """
    if not inspect(connection).has_table("resources"):
        raise InventoryError(f"{name}: has no table `resources`; {_CREATE}")
    missing = [column for column in COLUMNS if column not in _columns(connection)]
    required = ", ".join(f"`{column}`" for column in missing if column in REQUIRED)
    if required:
        raise InventoryError(f"{name}: its table `resources` has no column {required}; {_CREATE}")
    return tuple(missing)


def make_writable(connection: Connection, name: str) -> None:
    """See that a table which was there before can be updated by its key.

    Raises:
        InventoryError: columns are missing, or a key is there twice.
    """
    there = _columns(connection)
    missing = ", ".join(f"`{column}`" for column in COLUMNS[1:] if column not in there)
    if missing:
        raise InventoryError(f"{name}: its table `resources` has no column {missing}")
    found = inspect(connection)
    keys = [
        *(key["column_names"] for key in found.get_unique_constraints("resources")),
        *(index["column_names"] for index in found.get_indexes("resources") if index["unique"]),
    ]
    if ["resource_id"] not in keys:
        try:
            Index("uq_resources_resource_id", resources.c.resource_id, unique=True).create(
                connection
            )
        except IntegrityError as error:
            message = "holds a resource_id more than once (`ven-daemon stats` names the rows)"
            raise InventoryError(f"{name}: {message}") from error


def _columns(connection: Connection) -> set[str]:
    """Name the columns, whatever their types; the names of SQLite have no case."""
    empty = connection.exec_driver_sql("SELECT * FROM resources LIMIT 0")
    return {name.lower() for name in empty.keys()}  # noqa: SIM118 - a result is no dictionary
