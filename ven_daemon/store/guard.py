"""Watching over the state while it is in use: is it where it was, can it be written?"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy import update

from ven_daemon.domain.errors import StateLostError, StoreError, StoreSuspectError
from ven_daemon.store.database import Database
from ven_daemon.store.schema import leases

EVERY = 1.0

_log = structlog.get_logger(__name__)


class StoreGuard:
    """Ends the process when its state cannot be trusted, and says while it cannot be written.

    Writes to a file that was unlinked or replaced seem to succeed (F60), and
    after a failed sync nobody knows what is on disk (F57).
    """

    def __init__(
        self,
        database: Database,
        tell: Callable[[str | None], None],
        reserve: int = 0,
        every: float = EVERY,
    ) -> None:
        """Take whom to tell of trouble (None: of none), and bytes to keep for a full disk."""
        self._database = database
        self._file = database.file
        self._tell = tell
        self._reserve = Reserve(self._file, reserve) if self._file and reserve else None
        self._every = every
        self._identity = _identity(self._file) if self._file else None

    async def watch(self) -> None:
        """Look every second, for ever.

        Raises:
            StateLostError: the file was removed, replaced, or emptied.
            StoreSuspectError: it is corrupt, or a write to it failed.
        """
        while True:
            self.check()
            if self._reserve is not None:
                await asyncio.to_thread(self._reserve.see_to, self._database.standing.full)
            await self._see_to_trouble()
            await asyncio.sleep(self._every)

    def check(self) -> None:
        """Look once whether it can be trusted."""
        if self._file is not None and _identity(self._file) != self._identity:
            raise StateLostError(f"{self._file} was removed or replaced while it was in use")
        if self._database.standing.suspect is not None:
            raise StoreSuspectError(self._database.standing.suspect)

    async def _see_to_trouble(self) -> None:
        """Where it could not be written, try whether it can be by now."""
        before = self._database.standing.trouble
        self._tell(before)
        if before is None:
            return
        try:
            async with self._database.begin() as connection:
                await connection.execute(update(leases).values(owner=leases.c.owner))
        except StoreError as error:
            _log.warning("state.not_writable", error=str(error))
        else:
            _log.info("state.writable_again", after=before)


class Reserve:
    """Room on the disk that is given up when it is full, so that what is old can be deleted."""

    def __init__(self, file: Path, size: int) -> None:
        self.path = file.with_name(file.name + ".reserve")
        self._size = size
        self._seen = 0

    def see_to(self, full: int) -> None:
        """Give it up where there was no room since the last look (*full* counts), or make it."""
        if full > self._seen:
            self._release()
        elif not self.path.exists():
            self._make()
        self._seen = full

    def _make(self) -> None:
        """Set room aside while there is more than enough."""
        disk = os.statvfs(self.path.parent)
        if disk.f_bavail * disk.f_frsize < 2 * self._size:
            return
        try:
            with self.path.open("wb") as made:
                os.posix_fallocate(made.fileno(), 0, self._size)
        except OSError as error:
            with suppress(OSError):
                self.path.unlink()
            _log.warning("state.no_reserve", file=str(self.path), error=error.strerror)

    def _release(self) -> None:
        with suppress(FileNotFoundError):
            self.path.unlink()
            _log.warning("state.reserve_released", bytes=self._size)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
