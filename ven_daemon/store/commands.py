"""Commands in a table that others read."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import orjson

from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.dispatches import Command
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.schema.commands import COMMANDS, device_commands


class CommandTable:
    """One row for each key; what is said of it later replaces it."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock
        self._there = False

    async def put(self, commands: Sequence[Command]) -> None:
        """Put all of them in one transaction; the table is made where there is none.

        Raises:
            StoreError: the database does not take them now.
        """
        at = bulk.instant(self._clock())
        rows = [_row(command, at) for command in commands]
        async with self._database.begin() as connection:
            if not self._there:
                await connection.run_sync(COMMANDS.create_all)
            await bulk.upsert(connection, device_commands, rows)
        self._there = True


def _row(command: Command, at: str | None) -> tuple[object, ...]:
    return (
        command.key,
        command.do.value,
        command.ven,
        command.resource,
        command.resource_id,
        _text(command.event),
        command.version,
        _text(command.type),
        orjson.dumps(command.values, default=_plain).decode(),
        command.kw,
        command.kwh,
        bulk.instant(command.start),
        bulk.instant(command.end),
        _text(command.reason),
        command.repeated,
        at,
    )


def _text(value: str) -> str:
    """Leave out U+0000, which PostgreSQL cannot store."""
    return value.replace("\0", "")


def _plain(value: object) -> object:
    """Write what orjson does not know."""
    if isinstance(value, Point):
        return {"x": value.x, "y": value.y}
    if isinstance(value, Opaque):
        return orjson.Fragment(value.json)
    raise TypeError(type(value).__name__)
