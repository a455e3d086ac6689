"""Cadences: the only place that knows APScheduler. Its jobs wake our loops and do no work.

Its weaknesses are designed out: our own trigger computes the next run from now, so a
clock that jumps ahead leaves nothing to catch up on; a watcher compares wall and
monotonic time and re-arms the jobs after any jump, since a scheduler on the wall clock
would stand still after one backwards.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from ven_daemon.domain.cadence import next_due

JUMP = 2.0
"""Seconds between wall and monotonic time that count as a jump."""

WATCH_EVERY = 1.0

_log = structlog.get_logger(__name__)


class Grid(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """Fires on a grid through the epoch; strictly later than now, with no dice."""

    def __init__(self, period: timedelta, phase: float = 0.0) -> None:
        self.period = period.total_seconds()
        self.phase = phase

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the next instant of the grid, whatever came before."""
        del previous
        return datetime.fromtimestamp(next_due(now.timestamp(), self.period, self.phase), UTC)


class Cadences:
    """Wakes by name, each on its period."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self.jumps = 0
        self._wall = wall
        self._monotonic = monotonic
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def add(self, name: str, period: timedelta, wake: Callable[[], None]) -> None:
        """Wake on a period."""

        async def job() -> None:  # a plain function would run in a thread
            wake()

        self._scheduler.add_job(job, Grid(period), id=name, name=name)

    def retime(self, name: str, period: timedelta) -> None:
        """Wake *name* on another period from now on."""
        job: Any = self._scheduler.get_job(name)
        if job is not None and job.trigger.period != period.total_seconds():
            job.reschedule(Grid(period))

    def next_run(self, name: str) -> datetime | None:
        """Say when *name* is due next."""
        job: Any = self._scheduler.get_job(name)
        return job.next_run_time if job else None

    async def run(self) -> None:
        """Keep the cadences until cancelled, and watch the clock meanwhile."""
        self._scheduler.start()
        try:
            drift = self._wall() - self._monotonic()
            while True:
                await asyncio.sleep(WATCH_EVERY)
                now = self._wall() - self._monotonic()
                if abs(now - drift) > JUMP:
                    self._rearm(now - drift)
                    drift = now
        finally:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)

    def _rearm(self, jump: float) -> None:
        """Run everything once, now, and go on from here."""
        self.jumps += 1
        _log.warning("clock.jumped", seconds=round(jump, 1))
        now = datetime.fromtimestamp(self._wall(), UTC)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=now)
