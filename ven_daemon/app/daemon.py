"""The long-running service: one process that keeps a VTN equal to an inventory."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import structlog

from ven_daemon import logs
from ven_daemon.app.connection import Connection, exchange_of, tls_of
from ven_daemon.app.dispatching import FleetBooks, check_routes, vtn_of
from ven_daemon.app.events import EventFront, event_listing
from ven_daemon.app.front import Front
from ven_daemon.app.parts import (
    CertificatesPart,
    DispatchPart,
    EventsPart,
    ReadingsPart,
    RegistrationPart,
    ReportingPart,
)
from ven_daemon.app.registration import open_inventory
from ven_daemon.app.reports import ReportFront
from ven_daemon.app.sinks import open_sinks
from ven_daemon.app.sources import Sources
from ven_daemon.config import Settings
from ven_daemon.devices.port import Sink
from ven_daemon.domain.errors import StateInUseError, VenDaemonError
from ven_daemon.ops.server import OpsServer
from ven_daemon.runtime.descriptors import Room, make_room
from ven_daemon.runtime.supervisor import Root, supervise
from ven_daemon.runtime.systemd import Systemd
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.guard import StoreGuard
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.lease import Lease, lease
from ven_daemon.vtn.exchange import Exchange

PATIENCE = timedelta(seconds=5)
"""How long one pass waits for a VTN that does not work; the next pass tries again."""

DRAIN_SECONDS = 5.0
"""How long a stop lets the steps that run come to their end."""

STANDBY_SECONDS = 0.5

HEAD_START = 3.0
"""Seconds for which other parts give way to the first pass over the fleet, at the most."""

_log = structlog.get_logger(__name__)


class Daemon:
    """Everything that is open while the service runs."""

    def __init__(self, load: Callable[[], Settings]) -> None:
        """Take *load* rather than settings: SIGHUP reads them again, command line included."""
        self._load = load
        self._settings = load()
        self._stop = asyncio.Event()
        self.front = Front(lambda: self._settings)
        self.health = self.front.health
        self._systemd = Systemd(self.health, self.front.loop_states, self.front.words)
        self._room: Room
        self._exchange: Exchange
        self._sinks: Mapping[str, Sink]
        self._database: Database
        self._guard: StoreGuard

    async def run(self, *, migrate: bool = False) -> None:
        """Serve until told to stop.

        Raises:
            VenDaemonError: it cannot start, or a store was lost on the way.
        """
        self._listen_to_signals()
        settings = self._settings
        room = self._room = make_room(settings.max_concurrency)
        server = OpsServer(
            self.front,
            settings.http_host,
            settings.http_port,
            settings.operator_token,
            room.inbound,
        )
        async with server:
            _log.info("daemon.listening", host=settings.http_host, port=server.port)
            roots: dict[str, Root] = {
                "heartbeat": self.health.beat,
                "systemd": self._systemd.tell,
                "daemon": lambda: self._live(migrate=migrate),
            }
            await _unwrapped(supervise(roots, self._stop, self._drain))
        _log.info("daemon.stopped")

    async def _live(self, *, migrate: bool) -> None:
        """Open everything, and run the parts until cancelled."""
        async with AsyncExitStack() as stack:
            await self._open(stack, migrate=migrate)
            await self._serve()

    async def _open(self, stack: AsyncExitStack, *, migrate: bool) -> None:
        """Open the stores, waiting as standby while another daemon has the state."""
        database = self._database = open_database(self._settings.state_url)
        stack.push_async_callback(database.dispose)
        held = await self._lease(stack)
        if migrate:
            await migrations.upgrade(database)
        await migrations.prepare(database)
        await held.arm()
        await self.front.pauses.open(database)
        self.health.settled("state")
        reserve = self._settings.state_reserve
        self._guard = StoreGuard(database, self._tell_of_state, reserve)
        inventory = await stack.enter_async_context(open_inventory(self._settings.inventory_url))
        await inventory.vens()
        exchange = exchange_of(self._settings, self._room.outbound, held.insist)
        self._exchange = await stack.enter_async_context(exchange)
        sources = Sources(self._settings, database)
        stack.push_async_callback(sources.close)
        self._sinks = await open_sinks(self._settings, stack)
        self._compose(inventory, sources)

    def _compose(self, inventory: InventoryStore, sources: Sources) -> None:
        """Make the parts: everything that they need is open."""
        front = self.front
        books = FleetBooks(inventory, self._database)
        book = books.of(vtn_of(self._settings))
        connection = Connection(
            lambda: self._settings, self._exchange, self._database, PATIENCE, self._try_again
        )
        registration = RegistrationPart(
            lambda: self._settings,
            connection,
            inventory,
            self._database,
            front.fleet,
            self.health,
            front.pauses,
        )
        readings = ReadingsPart(self._settings, inventory, self._database, self._guard, sources)
        front.connection, front.registration = connection, registration
        front.taker = readings
        events = EventsPart(lambda: self._settings, connection, self._database, front.pauses)
        certificates = CertificatesPart(lambda: self._settings, self._exchange)
        reports = ReportingPart(
            lambda: self._settings,
            connection,
            inventory,
            books,
            self._database,
            readings.store,
            events,
            front.pauses,
        )
        dispatch = DispatchPart(
            lambda: self._settings,
            book,
            self._database,
            self._sinks,
            events.reading.service,
            readings.store.pages,
            front.pauses,
        )
        events.listeners.append(lambda _: dispatch.events_changed())
        front.parts = (registration, events, dispatch, readings, reports, certificates)
        listing = event_listing(events.reading, book, self._database)
        front.follower = events
        front.events = EventFront(events.reading.service, listing)
        front.reports = ReportFront(self._database, reports.hurry)
        front.dispatch = dispatch.front

    async def _lease(self, stack: AsyncExitStack) -> Lease:
        """Wait until the state is ours."""
        while True:
            try:
                held = await stack.enter_async_context(lease(self._database))
            except StateInUseError as error:
                if "lease" not in self.health.concerns:
                    self._systemd.standby(str(error))
                self.health.lacks("lease", f"standby: {error}")
                await asyncio.sleep(STANDBY_SECONDS)
            else:
                self.health.settled("lease")
                self.front.lease, self.front.standing = held, self._database.standing
                return held

    async def _serve(self) -> None:
        """Run the parts: readings are taken from the start, the others may come later."""
        front, roots, later = self.front, dict[str, Root](), dict[str, Root]()
        roots["cadences"] = front.cadences.run
        roots["store guard"] = self._guard.watch
        if front.lease is not None:
            roots["lease"] = front.lease.watch
        for part in front.parts:
            its = roots if part in (front.registration, front.taker) else later
            its.update(part.roots())
            for loop, period in part.cadences():
                front.cadences.add(loop.state.name, period, loop.wake)
                its[loop.state.name] = loop.run
        roots["later"] = lambda: self._follow(later)
        await supervise(roots, asyncio.Event())

    async def _follow(self, roots: Mapping[str, Root]) -> None:
        """Run what would only hold the first pass up: it waits for that, but not for long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.health.first_pass.wait(), HEAD_START)
        await supervise(roots, asyncio.Event())

    def _try_again(self) -> None:
        """Go on now that the VTN works again."""
        for part in self.front.parts:
            part.catch_up()

    def _tell_of_state(self, trouble: str | None) -> None:
        if trouble is None:
            self.health.settled("state")
        else:
            self.health.lacks("state", trouble)

    async def _drain(self) -> None:
        """Begin nothing more, and give what is under way its time to end well."""
        self._systemd.stopping()
        if self.front.connection is not None:
            self.front.connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*(part.rest() for part in self.front.parts))

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_reload)

    def _told_to_stop(self, number: signal.Signals) -> None:
        """Stop in order; told again, at once."""
        _log.info("daemon.stopping", signal=number.name)
        self.health.stopping = True
        self._stop.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(each)

    def _told_to_reload(self) -> None:
        """Read the settings and credentials again; wrong ones change nothing.

        Databases, sinks, the time limit, the interval limit of an event and the address of this
        surface stay as they were at the start.
        """
        self._systemd.reloading()
        try:
            settings = self._load()
            if self.front.connection is not None:
                check_routes(settings, self._sinks)
                self._exchange.trust(tls_of(settings))
        except VenDaemonError as error:
            _log.error("settings.refused", problems=str(error))
        else:
            logs.configure(settings.log_level, settings.log_format)
            self._settings = settings
            if self.front.connection is not None:
                self.front.connection.forget()
            for part in self.front.parts:
                part.reload(settings)
                for loop, period in part.cadences():
                    self.front.cadences.retime(loop.state.name, period)
            _log.info("settings.reloaded")
        self._systemd.reloaded()


async def _unwrapped(supervised: Awaitable[None]) -> None:
    """Wait, and take an error of ours out of the groups that it comes in."""
    try:
        await supervised
    except BaseExceptionGroup as group:
        known = group.subgroup(VenDaemonError)
        if known is None:
            raise
        raise _first(known) from group


def _first(group: BaseExceptionGroup[VenDaemonError]) -> VenDaemonError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, VenDaemonError):
        raise error
    return error
