"""One process at a time works with a state database."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import text

from ven_daemon.domain.errors import StateInUseError, StoreError
from ven_daemon.store.database import Database

ADVISORY_KEY = 0x56454E44
"""The PostgreSQL advisory lock that stands for "somebody works with this state"."""


@asynccontextmanager
async def lease(database: Database) -> AsyncIterator[None]:
    """Hold the state database for as long as the block lasts.

    The lock ends with the process, however it ends.

    Raises:
        StateInUseError: another process holds it.
    """
    if database.file is not None:
        with _locked_file(database.file.with_name(database.file.name + ".lock"), str(database)):
            yield
        return
    async with database.read() as connection:  # of PostgreSQL's one engine, errors renamed
        held = await connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY_KEY})"))
        await connection.commit()
        if not held:
            raise StateInUseError(f"another ven-daemon is working with {database}")
        try:
            yield
        finally:
            await connection.execute(text(f"SELECT pg_advisory_unlock({ADVISORY_KEY})"))


class _locked_file:  # noqa: N801 - reads as a clause: with _locked_file(path)
    def __init__(self, path: Path, database: str) -> None:
        self._path = path
        self._database = database
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.__exit__()
            raise StateInUseError(f"another ven-daemon is working with {self._database}") from None
        except OSError as error:
            raise StoreError(f"{self._path} cannot be locked: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
