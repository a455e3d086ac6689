"""Keeping house among readings: what is too old or too much goes, and is counted."""

from datetime import datetime, timedelta

import structlog

from ven_daemon.store.readings import ReadingStore

ROW_BYTES = {True: 33, False: 110}
"""Bytes per reading with its index, measured: SQLite or not.

Counted by this and not by the size of a file, which never shrinks when rows go.
"""

_PORTIONS_AT_ONCE = 200
"""Portions that one run deletes; the next run goes on, others write in between."""

_log = structlog.get_logger(__name__)


class Keeping:
    """One step: trim, then read the totals."""

    def __init__(
        self, store: ReadingStore, retention: timedelta, size: int, is_sqlite: bool
    ) -> None:
        self._store = store
        self._retention = retention
        self._most = size // ROW_BYTES[is_sqlite]

    async def keep(self, now: datetime) -> None:
        """Delete what is too old, then the oldest of what is too much.

        Raises:
            StoreError: the store cannot be written to.
        """
        await self._store.totals()
        for _ in range(_PORTIONS_AT_ONCE):
            if not await self._trim(now):
                break

    async def _trim(self, now: datetime) -> bool:
        gone = await self._store.trim(now - self._retention)
        too_much = not gone and self._store.counted.held > self._most
        if too_much:
            gone = await self._store.trim()
        if gone:
            _log.info("readings.trimmed", readings=gone, why="size" if too_much else "age")
        return gone > 0
