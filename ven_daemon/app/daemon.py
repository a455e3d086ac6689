"""The long-running service: one process that keeps a VTN equal to an inventory."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ven_daemon import logs
from ven_daemon.app.connection import Connection, exchange_of
from ven_daemon.app.parts import Part, RegistrationPart
from ven_daemon.app.registration import open_inventory
from ven_daemon.config import Settings
from ven_daemon.domain.errors import StateInUseError, VenDaemonError
from ven_daemon.ops.desk import VtnView
from ven_daemon.ops.server import OpsServer
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.fleet_view import FleetView
from ven_daemon.runtime.health import Health
from ven_daemon.runtime.loop import LoopState
from ven_daemon.runtime.notify import notify, watchdog_seconds
from ven_daemon.runtime.schedule import Cadences
from ven_daemon.runtime.supervisor import Root, supervise
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.guard import StoreGuard
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.lease import lease
from ven_daemon.vtn.exchange import Exchange

PATIENCE = timedelta(seconds=5)
"""How long one pass waits for a VTN that does not work; the next pass tries again."""

GUARD_STORE_SECONDS = 10.0
STANDBY_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Daemon:
    """Everything that is open while the service runs; what operators see of it, too."""

    def __init__(self, load: Callable[[], Settings]) -> None:
        """Take *load* rather than settings: SIGHUP reads them again, command line included."""
        self.health = Health()
        self.fleet = FleetView()
        self.started_at = datetime.now(UTC)
        self._load = load
        self._settings = load()
        self._stop = asyncio.Event()
        self._cadences = Cadences()
        self._parts: tuple[Part, ...] = ()
        self._registration: RegistrationPart | None = None
        self._connection: Connection | None = None
        self._database: Database

    async def run(self, *, migrate: bool = False) -> None:
        """Serve until told to stop.

        Raises:
            VenDaemonError: it cannot start, or a store was lost on the way.
        """
        self._listen_to_signals()
        settings = self._settings
        async with AsyncExitStack() as stack:
            server = OpsServer(
                self, settings.http_host, settings.http_port, settings.operator_token
            )
            await stack.enter_async_context(server)
            _log.info("daemon.listening", host=settings.http_host, port=server.port)
            if await self._open(stack, migrate=migrate):
                await self._serve()
        notify("STOPPING=1")
        _log.info("daemon.stopped")

    async def _open(self, stack: AsyncExitStack, *, migrate: bool) -> bool:
        """Open the stores, waiting as standby while another daemon has the state."""
        database = self._database = open_database(self._settings.state_url)
        stack.push_async_callback(database.dispose)
        while not await self._lease(stack):
            if self._stop.is_set():
                return False
        if migrate:
            await migrations.upgrade(database)
        await migrations.prepare(database)
        self.health.settled("state")
        inventory = await stack.enter_async_context(open_inventory(self._settings.inventory_url))
        await inventory.vens()
        exchange = await stack.enter_async_context(exchange_of(self._settings))
        self._compose(inventory, exchange)
        return True

    def _compose(self, inventory: InventoryStore, exchange: Exchange) -> None:
        """Make the parts: everything that they need is open."""
        connection = Connection(lambda: self._settings, exchange, self._database, PATIENCE)
        self._registration = RegistrationPart(
            lambda: self._settings,
            connection,
            inventory,
            self._database,
            self.fleet,
            self.health,
        )
        self._connection = connection
        self._parts = (self._registration,)

    async def _lease(self, stack: AsyncExitStack) -> bool:
        try:
            await stack.enter_async_context(lease(self._database))
        except StateInUseError as error:
            if "lease" not in self.health.concerns:
                _log.info("daemon.standby", why=str(error))
                notify("READY=1", "STATUS=standby")
            self.health.lacks("lease", f"standby: {error}")
            await _sleep_or(self._stop, STANDBY_SECONDS)
            return False
        self.health.settled("lease")
        return True

    async def _serve(self) -> None:
        roots: dict[str, Root] = {
            "cadences": self._cadences.run,
            "heartbeat": self.health.beat,
            "store guard": StoreGuard(self._database, GUARD_STORE_SECONDS).watch,
            "systemd": self._tell_systemd,
        }
        for part in self._parts:
            roots.update(part.roots())
            for loop, period in part.cadences():
                self._cadences.add(loop.state.name, period, loop.wake)
                roots[loop.state.name] = loop.run
        try:
            await supervise(roots, self._stop)
        except BaseExceptionGroup as group:
            known = group.subgroup(VenDaemonError)
            if known is not None:
                raise _first(known) from group
            raise
        finally:
            self.health.stopping = True

    async def _tell_systemd(self) -> None:
        """READY once, STATUS as things change, WATCHDOG while there is progress."""
        every = min((watchdog_seconds() or 10.0) / 2, 5.0)
        told = False
        while True:
            if self.health.ready and not told:
                told = True
                notify("READY=1")
                _log.info("daemon.ready", vens=self.fleet.counts())
            counts = self.fleet.counts()
            words = (
                f"{counts['resources_registered']} of {counts['resources']} resources registered"
            )
            notify(f"STATUS={words}")
            if self.health.alive and self._progresses():
                notify("WATCHDOG=1")
            await asyncio.sleep(0.2 if not told else every)

    def _progresses(self) -> bool:
        """Whether no step has been running for longer than any may."""
        now, longest = datetime.now(UTC), timedelta(hours=1)
        running = [state.running_since for state in self._loop_states()]
        return all(since is None or now - since < longest for since in running)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_reload)

    def _told_to_stop(self, number: signal.Signals) -> None:
        """Stop in order; told again, at once."""
        _log.info("daemon.stopping", signal=number.name)
        self.health.stopping = True
        notify("STOPPING=1")
        self._stop.set()
        asyncio.get_running_loop().remove_signal_handler(number)

    def _told_to_reload(self) -> None:
        """Read the settings and credentials again; wrong ones change nothing.

        Databases, TLS files, the time limit, cadences and the address of this surface
        stay as they were at the start.
        """
        try:
            settings = self._load()
        except VenDaemonError as error:
            _log.error("settings.refused", problems=str(error))
            return
        logs.configure(settings.log_level, settings.log_format)
        self._settings = settings
        if self._connection is not None:
            self._connection.forget()
        for part in self._parts:
            part.reload(settings)
        _log.info("settings.reloaded")

    def loops(self) -> list[tuple[LoopState, datetime | None]]:
        """Every loop, and when it runs next."""
        return [(state, self._cadences.next_run(state.name)) for state in self._loop_states()]

    def _loop_states(self) -> list[LoopState]:
        return [loop.state for part in self._parts for loop, _ in part.cadences()]

    def figures(self) -> Iterable[Figure]:
        """Give the metrics of every part."""
        for part in self._parts:
            yield from part.figures()

    def summaries(self) -> Mapping[str, Any]:
        """Give the counts of every part that has some, by its name."""
        found = {part.name: part.summary() for part in self._parts}
        return {name: summary for name, summary in found.items() if summary}

    def vtn(self) -> VtnView:
        """How the VTN is doing."""
        url = str(self._settings.vtn_url)
        connected = self._connection.current if self._connection else None
        if connected is None:
            return VtnView(url, None, False, False, 0, 0, 0)
        transport = connected.transport
        return VtnView(
            url,
            connected.profile.name,
            transport.circuit.answered,
            transport.circuit.is_open,
            transport.requests,
            transport.writes,
            transport.gate.limit,
        )

    def configuration(self) -> Mapping[str, Any]:
        """Give the settings in force, secrets masked."""
        return self._settings.shown()

    async def resources(self, ven: str) -> list[Mapping[str, Any]]:
        """Give what is on record of the resources of one VEN."""
        return await self._registration.resources(ven) if self._registration else []

    def reconcile(self, ven: str | None) -> None:
        """Ask for a pass over one VEN, or all, as soon as possible."""
        if self._registration is not None:
            self._registration.reconcile(ven)


async def _sleep_or(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _first(group: BaseExceptionGroup[VenDaemonError]) -> VenDaemonError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, VenDaemonError):
        raise error
    return error
