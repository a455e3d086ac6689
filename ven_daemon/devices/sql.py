"""The sink that keeps a table for others to read."""

from collections.abc import Sequence
from typing import Protocol

from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command, Verdict
from ven_daemon.domain.errors import StoreError


class CommandTable(Protocol):
    """Where commands are put: a row for each key, replaced by what is said of it later."""

    async def put(self, commands: Sequence[Command]) -> None:
        """Put all of them, or none.

        Raises:
            StoreError: the database does not take them now.
        """
        ...


class SqlSink:
    """A command is acknowledged once it is committed."""

    name = "sql"
    batch = 1000
    in_flight = 1

    def __init__(self, table: CommandTable) -> None:
        self._table = table

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Commit the rows."""
        try:
            await self._table.put(commands)
        except StoreError as error:
            return [Answer(Verdict.UNREACHABLE, str(error))] * len(commands)
        return [ACKNOWLEDGED] * len(commands)
