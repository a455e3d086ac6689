"""The inventory's `connections`: how resources are reached, as their owner wrote it down."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import column, inspect, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = ("id", "type", "host", "port", "topic", "file", "username", "password")


@dataclass(frozen=True, slots=True)
class Connection:
    """One row; what is blank there is None."""

    id: int
    type: str
    host: str | None = None
    port: int | None = None
    topic: str | None = None
    file: str | None = None
    username: str | None = None
    password: SecretStr | None = None


async def read_connections(connection: AsyncConnection) -> dict[int, Connection]:
    """Read all that have an id and a type; columns that are missing are blank."""
    found = await connection.run_sync(_columns)
    names = [name for name in _COLUMNS if name in found]
    if not {"id", "type"} <= set(names):
        return {}
    columns: list[Any] = [column(name) for name in names]
    query = select(*columns).select_from(table("connections"))
    rows = [_read(dict(row)) for row in (await connection.execute(query)).mappings()]
    return {row.id: row for row in rows if row is not None}


def _columns(connection: Any) -> set[str]:
    inspector = inspect(connection)
    if not inspector.has_table("connections"):
        return set()
    return {each["name"] for each in inspector.get_columns("connections")}


def _read(row: dict[str, Any]) -> Connection | None:
    kind, password = _text(row["type"]), _text(row.get("password"))
    if type(row["id"]) is not int or kind is None:
        return None
    port = row.get("port")
    return Connection(
        row["id"],
        kind.lower(),
        _text(row.get("host")),
        port if type(port) is int else None,
        _text(row.get("topic")),
        _text(row.get("file")),
        _text(row.get("username")),
        SecretStr(password) if password is not None else None,
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
