"""The outbox, sent: VENs side by side, each in its order, and none waits for another."""

import asyncio
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.domain.durations import FIRST_INSTANT
from ven_daemon.domain.errors import StoreError
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.reporting.outbox import Do, State, next_step
from ven_daemon.services.reporting.sender import Sender
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.outbox_rows import Filed
from ven_daemon.vtn.client import VtnClient

LANES = 32
"""VENs whose reports are sent at the same time; each holds one body in memory."""

AHEAD = 20
"""Reports of one VEN that are looked at together, without their bodies."""

PAUSE = 1.0
"""Seconds between two looks for VENs that have something to send, unless woken."""

LOOK_AGAIN = timedelta(seconds=30)
"""How soon a VEN that waits is looked at again: somebody may have decided otherwise."""

STUMBLE = timedelta(seconds=5)
"""How long a VEN waits after the store failed it."""

_REPLACED = FIRST_INSTANT
"""Instead of the end of a wait: its halves, or its rest, are in the outbox now."""

_log = structlog.get_logger(__name__)


class Draining:
    """Begins a lane for every VEN that has something to send, and lets it run to its end."""

    def __init__(
        self,
        outbox: OutboxStore,
        sender: Sender,
        client_of: Callable[[VenName], VtnClient | None],
        paused: Container[VenName] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        lanes: int = LANES,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._client_of = client_of
        self._paused = paused
        self._clock = clock
        self._most = lanes
        self._lanes: dict[VenName, asyncio.Task[None]] = {}
        self._until: dict[VenName, datetime] = {}
        """VENs that wait, and until when."""
        self._woken = asyncio.Event()
        self._resting = False

    @property
    def lanes(self) -> int:
        """How many VENs are being sent for."""
        return len(self._lanes)

    def wake(self) -> None:
        """Look for something to send now."""
        self._woken.set()

    def hurry(self, ven: VenName) -> None:
        """Look at one VEN now, whatever it waits for."""
        self._until.pop(ven, None)
        self.wake()

    async def run(self) -> None:
        """Send until told to rest, or cancelled; what is under way then is cancelled too."""
        try:
            while not self._resting:
                self._woken.clear()
                with suppress(StoreError):
                    await self.begin()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), PAUSE)
        finally:
            lanes: list[asyncio.Task[None]] = [] if self._resting else [*self._lanes.values()]
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def rest(self) -> None:
        """Begin nothing more, and wait until what is under way has ended."""
        self._resting = True
        self.wake()
        await self.settle()

    async def settle(self) -> None:
        """Wait until every lane has come to its end."""
        while self._lanes:
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def begin(self) -> int:
        """Begin a lane for everybody who can send now; give how many have one."""
        now = self._clock()
        for ven in await self._outbox.waiting():
            if len(self._lanes) >= self._most or self._resting:
                break
            if ven in self._lanes or ven in self._paused or self._until.get(ven, now) > now:
                continue
            client = self._client_of(ven)
            if client is None:
                continue
            if client.transport.circuit.is_open and self._lanes:
                break  # one is enough to see whether the VTN works again
            self._lanes[ven] = asyncio.create_task(self._lane(ven, client), name=f"reports {ven}")
        return len(self._lanes)

    async def _lane(self, ven: VenName, client: VtnClient) -> None:
        try:
            until = await self._drain(ven, client)
        except StoreError as error:
            until = self._clock() + STUMBLE
            _log.warning("reports.store_failed", ven=ven, error=str(error))
        finally:
            del self._lanes[ven]
        if until is None:
            self._until.pop(ven, None)
        else:
            self._until[ven] = min(until, self._clock() + LOOK_AGAIN)
        self.wake()

    async def _drain(self, ven: VenName, client: VtnClient) -> datetime | None:
        """Send what one VEN has, in order; give until when it has to wait, if it has."""
        while True:
            reports = await self._outbox.next_of(ven, AHEAD)
            if not reports:
                return None
            for report in reports:
                until = await self._finish(report, client)
                if until is _REPLACED:
                    break  # they leave before what follows
                if until is not None:
                    return until

    async def _finish(self, report: Filed, client: VtnClient) -> datetime | None:
        """Bring one report to where it is settled (None), or has to wait, or is there no more."""
        while True:
            now = self._clock()
            if self._resting or report.entry.ven in self._paused:
                return now + timedelta(seconds=PAUSE)
            step = next_step(report.entry, now)
            if step.do is Do.WAIT:
                return step.at
            if step.do is Do.NOTHING:
                return None
            entry = await self._sender.take(report, step.do, client)
            if entry is None:
                return _REPLACED
            report = report._replace(entry=entry)
            if entry.state is State.SENT:
                return None
