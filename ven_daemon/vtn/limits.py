"""How hard a VTN may be pressed: requests in flight, and a pause when it fails.

Everything here is per VTN and on the monotonic clock.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable

from ven_daemon.domain.errors import GaveUpError
from ven_daemon.domain.retry import Backoff, clamp_retry_after

Clock = Callable[[], float]

PROBES = Backoff(cap=20.0)
"""How long a VTN that fails is left alone before it is tried again. Twenty seconds at the most,
so that every VEN is polled for half a minute after it came back (docs/decisions/0009)."""


class Gate:
    """Adaptive concurrency.

    Slow start: from *first* in flight, doubled per round trip up to *most* for as long
    as that gets more done. Halved when the VTN is in trouble (429, 5xx, answers four
    times slower than its best and slower than a quarter of a second), then one more at
    a time: per round, or per so many seconds as the trouble asked for.
    """

    recovery = 10.0
    """Seconds per step upwards after a VTN said that it was pressed too hard."""
    growth = 1.25
    """A doubling that gets less than this much more done ends the slow start."""

    def __init__(self, most: int = 64, first: int = 8, clock: Clock = time.monotonic) -> None:
        self.limit = min(first, most)
        self.in_flight = 0
        self._most = most
        self._clock = clock
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._starting = True
        self._best_rate = 0.0
        self._best_latency = float("inf")
        self._trouble_at = float("-inf")
        self._grow_at = float("-inf")
        self._pause = 0.0
        self._begin_round()

    def enter(self) -> bool:
        """Take a place if there is one; every place is given back by one `release`."""
        free = self.in_flight < self.limit and not self._waiters
        self.in_flight += free
        return free

    async def acquire(self) -> None:
        """Wait for a place."""
        if self.enter():
            return
        place = asyncio.get_running_loop().create_future()
        self._waiters.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back, whether it was used or not."""
        self.in_flight -= 1
        if self._waiters:
            self._call_in()

    def release(
        self, seconds: float, *, trouble: bool = False, recovery: float | None = None
    ) -> None:
        """Give the place back after an exchange of *seconds*."""
        if trouble:
            self._slow_down(self.recovery if recovery is None else recovery)
        else:
            self._latency += seconds
            self._completed += 1
            if self._completed >= self.limit:
                self._end_round()
        self.leave()

    def _call_in(self) -> None:
        """Give what places there are to those who wait."""
        while self._waiters and self.in_flight < self.limit:
            place = self._waiters.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def _begin_round(self) -> None:
        self._completed = 0
        self._latency = 0.0
        self._round_began = self._clock()

    def _end_round(self) -> None:
        now = self._clock()
        rate = self._completed / max(now - self._round_began, 1e-6)
        latency = self._latency / self._completed
        self._best_latency = min(self._best_latency, latency)
        if latency > max(0.25, 4 * self._best_latency):
            self._slow_down(self.recovery)
        elif self._starting:
            self._starting = rate > self._best_rate * self.growth
            self.limit = min(self.limit * 2 if self._starting else self.limit, self._most)
        elif now >= self._grow_at:
            self.limit = min(self.limit + 1, self._most)
            self._grow_at = now + self._pause
        self._best_rate = max(self._best_rate, rate)
        self._begin_round()

    def _slow_down(self, recovery: float) -> None:
        """Halve, once per round: what was in flight together fails together."""
        now = self._clock()
        if self._trouble_at < self._round_began:
            self.limit = max(1, self.limit // 2)
        self._starting = False
        self._trouble_at = now
        self._pause = recovery
        self._grow_at = now + recovery


class Circuit:
    """One pause for a whole VTN: while it is open, one probe at a time goes through.

    Callers wait in `permit`. Those that would wait longer than *patience* seconds
    since the VTN last worked get a `GaveUpError` instead.
    """

    threshold = 5
    """Failures in a row that open it; a connection that cannot be made opens it at once."""

    window = 50
    """Answers looked back on when telling a bad object from a VTN that rejects everything."""

    def __init__(
        self,
        name: str,
        patience: float = 30.0,
        backoff: Backoff | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self.patience = patience
        self.recovered: Callable[[], None] = lambda: None
        """Called when it works after it did not: what failed meanwhile can be done now."""
        self.answered = False
        """Whether the VTN ever answered at all."""
        self.rejects_everything = False
        """Whether more than half of the last answers were rejections (F09)."""
        self.mass_rejections = 0
        """How often that began."""
        self._clock = clock
        self._backoff = backoff or PROBES
        self._failures = 0
        self._openings = 0
        self._down_since: float | None = None
        self._not_before = 0.0
        self._told = 0.0
        self._probing = False
        self._words = "no answer"
        self._recent: deque[bool] = deque(maxlen=self.window)

    @property
    def silent(self) -> bool:
        """Whether it was asked and has never answered."""
        return self._failures > 0 and not self.answered

    @property
    def is_open(self) -> bool:
        """Whether requests are held back."""
        return self._openings > 0 or (self._told > 0.0 and self._clock() < self._told)

    @property
    def gave_up(self) -> bool:
        """Whether the VTN has not worked for longer than our patience."""
        down = self._down_since
        return down is not None and self._clock() - down >= self.patience

    async def permit(self) -> bool:
        """Wait until a request may be sent; True says that it is the probe.

        A probe must be answered by `succeeded`, `failed` or `abandon`.

        Raises:
            GaveUpError: the VTN has not worked for longer than our patience, or asks
                for a longer pause than that.
        """
        while self.is_open:
            now = self._clock()
            if now < self._told:
                self._check_patience(now, self._told)
                await asyncio.sleep(self._told - now)
            elif now < self._not_before or self._probing:
                self._check_patience(now, now)
                await asyncio.sleep(max(0.02, min(self._not_before - now, 1.0)))
            else:
                self._probing = True
                return True
        return False

    def succeeded(self, *, rejected: bool = False, probe: bool = False) -> None:
        """Note an answer; *rejected* says that the object was refused as it is."""
        self.answered = True
        self._recent.append(rejected)
        looked_back = len(self._recent) == self.window
        if rejected and looked_back and sum(self._recent) * 2 > self.window:
            self.mass_rejections += not self.rejects_everything
            self.rejects_everything = True
            self.failed("it rejects everything", probe=probe, opens=True)
            return
        if not rejected:
            self.rejects_everything = False
        was_down = self._down_since is not None
        self._failures = self._openings = 0
        self._down_since = None
        self._probing = False
        if was_down:
            self.recovered()

    def failed(
        self,
        words: str,
        *,
        probe: bool = False,
        opens: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """Note a failure that is the VTN's, not the object's; *opens* at once or after five."""
        now = self._clock()
        self._words = words
        self._failures += 1
        self._down_since = self._down_since if self._down_since is not None else now
        if retry_after is not None:
            self._told = max(self._told, now + clamp_retry_after(retry_after))
        opens = not self._openings and (opens or self._failures >= self.threshold)
        if probe or opens:
            delay = self._backoff.delay(self._openings, 0.5 + random.random() / 2)  # noqa: S311 - spread
            self._not_before = now + delay
            self._openings += 1
        if probe:
            self._probing = False

    def abandon(self, *, probe: bool) -> None:
        """Give up a permit that was cancelled before it had an outcome."""
        if probe:
            self._probing = False

    def _check_patience(self, now: float, until: float) -> None:
        since = self._down_since if self._down_since is not None else now
        if until > now and until - since > self.patience:
            wait = until - now
            raise GaveUpError(f"{self.name} asks for a pause of {wait:.0f} s: {self._words}")
        if self.gave_up:
            raise GaveUpError(
                f"{self.name} has been failing for {now - since:.0f} s: {self._words}"
            )
