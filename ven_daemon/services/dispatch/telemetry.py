"""Whose readings stopped: looked up now and then, where a fail-safe asks."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ven_daemon.domain.dispatching.telemetry import unmeasured
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.optouts import Absence
from ven_daemon.store.reading_pages import ReadingPages

LOOK_AGE = timedelta(seconds=30)
"""How long what was seen of the readings serves: ten thousand resources take a moment."""


class TelemetryWatch:
    """Knows who is silent; a restart begins to count anew."""

    def __init__(self, readings: ReadingPages, clock: Callable[[], datetime]) -> None:
        self._readings = readings
        self._began = clock()
        self._seen: tuple[datetime, timedelta, Mapping[ResourceKey, Absence]] | None = None

    async def gone(self, now: datetime, after: timedelta) -> Mapping[ResourceKey, Absence]:
        """Say who brought readings, and none for longer than *after*."""
        if self._seen is None or self._seen[1] != after or not self._fresh(self._seen[0], now):
            last = await self._readings.last_heard(now - after)
            self._seen = now, after, unmeasured(last, after, self._began, now)
        return self._seen[2]

    @staticmethod
    def _fresh(seen: datetime, now: datetime) -> bool:
        return now - LOOK_AGE < seen <= now
