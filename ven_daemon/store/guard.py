"""Watching over a SQLite file: writes to one that was unlinked or replaced seem to succeed."""

import asyncio
from pathlib import Path

from ven_daemon.domain.errors import StateLostError
from ven_daemon.store.database import Database


class StoreGuard:
    """Ends the process when its state is no longer where it was (faults.md F60)."""

    def __init__(self, database: Database, every: float) -> None:
        self._file = database.file
        self._every = every
        self._identity = _identity(self._file) if self._file else None

    async def watch(self) -> None:
        """Look from time to time, for ever.

        Raises:
            StateLostError: the file was removed, replaced, or emptied.
        """
        while True:
            await asyncio.sleep(self._every)
            self.check()

    def check(self) -> None:
        """Look once."""
        if self._file is not None and _identity(self._file) != self._identity:
            raise StateLostError(f"{self._file} was removed or replaced while it was in use")


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
