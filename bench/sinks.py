"""What each sink delivers: ten thousand resources whose window begins at one instant."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop

from bench.dispatch import MANY, Book, event_of, fleet
from bench.gates import Gate
from tests.rig.mosquitto import Mosquitto
from ven_daemon import logs
from ven_daemon.devices.http import HttpSink
from ven_daemon.devices.log import LogSink
from ven_daemon.devices.mqtt import Broker, MqttSink
from ven_daemon.devices.port import Sink
from ven_daemon.devices.sql import SqlSink
from ven_daemon.domain.dispatches import Answer, Command, Verdict
from ven_daemon.domain.dispatching.selectors import Route
from ven_daemon.runtime.clock import SteadyClock
from ven_daemon.services.dispatch import Choices, Courier, DispatchService, FleetBook, Known, Orders
from ven_daemon.store import migrations
from ven_daemon.store.commands import CommandTable
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.wire.v310 import Profile310

ROUNDS = 3
AHEAD = 5
"""Seconds from the event's coming to its start."""

PATIENCE = 120
"""Seconds after which a sink has not delivered."""

Opened = Callable[[Path], AbstractAsyncContextManager[Sink]]


@dataclass
class Watched:
    """A sink, and the instant at which it was handed something last."""

    sink: Sink
    handed: datetime | None = None
    name: str = field(init=False)
    batch: int = field(init=False)
    in_flight: int = field(init=False)

    def __post_init__(self) -> None:
        """Be like it."""
        sink = self.sink
        self.name, self.batch, self.in_flight = sink.name, sink.batch, sink.in_flight

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Hand them on."""
        self.handed = datetime.now(UTC)
        return await self.sink.deliver(commands)


def sinks(rounds: int = ROUNDS) -> list[Gate]:
    """Measure every sink there is something to deliver to; mqtt where a mosquitto is."""
    logs.configure("INFO", "json")
    with TemporaryDirectory(prefix="ven-bench-") as name, _gateway() as port:
        found: dict[str, Opened] = {
            "log": _log,
            "sql": _sql,
            "http": lambda _: HttpSink(f"http://127.0.0.1:{port}/", None),
            "mqtt": _mqtt,
        }
        return [gate for sink, opened in found.items() for gate in _of(sink, opened, name, rounds)]


def _of(name: str, opened: Opened, folder: str, rounds: int) -> list[Gate]:
    handed, rates = [], []
    for number in range(rounds):
        room = Path(folder) / f"{name}-{number}"
        room.mkdir()
        try:
            late, seconds = uvloop.run(_delivered(room, name, opened))
        except FileNotFoundError as missing:
            sys.stderr.write(f"{name} is left out: {missing}\n")
            return []
        handed.append(late)
        rates.append(MANY / seconds)
    what = f"10,000 resources of one window handed to {name} after its start"
    return [
        Gate("sinks", what, max(handed), 1.0, None, is_limit=True, unit=" s"),
        Gate(
            "sinks",
            f"{name}: commands acknowledged and on record",
            median(rates),
            unit="/s",
            spread=(min(rates), max(rates)),
        ),
    ]


async def _delivered(folder: Path, name: str, opened: Opened) -> tuple[float, float]:
    """Give the seconds from the window's start to the last hand-over, and to the last record."""
    async with opened(folder) as sink, _stores(folder) as (inventory, state):
        watched, store, book = Watched(sink), DispatchStore(state), Book()
        clock = SteadyClock()
        service = DispatchService(
            book,
            FleetBook(inventory, RegistrationStore(state, "http://vtn/")),
            Orders(DrawStore(state), random.random),
            store,
            OptOutStore(state),
            ReadingStore(state).pages,
            lambda: Choices(routes=(Route(name),)),
            clock,
        )
        await service.step()
        event = Profile310().read_event(event_of(0, None, AHEAD)).item
        assert event is not None
        assert event.period is not None
        assert event.period.start is not None
        book.events = [Known(event, "1", clock())]
        service.events_changed()
        await service.step()
        assert service.due is not None
        await asyncio.sleep((service.due - clock()).total_seconds())
        assert len((await service.step()).created) == MANY
        courier = Courier(watched, store, random.random, clock)
        await _until_recorded(courier)
        recorded = datetime.now(UTC)
        assert watched.handed is not None
        start = event.period.start
        return (watched.handed - start).total_seconds(), (recorded - start).total_seconds()


async def _until_recorded(courier: Courier) -> None:
    task = asyncio.create_task(courier.run())
    deadline = time.monotonic() + PATIENCE
    while courier.tally.verdicts[Verdict.ACKNOWLEDGED] < MANY:
        assert not task.done()
        assert time.monotonic() < deadline, courier.tally
        await asyncio.sleep(0.01)
    await courier.rest()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def _stores(folder: Path) -> AsyncIterator[tuple[InventoryStore, Database]]:
    inventory = open_database(f"sqlite:///{folder}/resources.db")
    state = open_database(f"sqlite:///{folder}/state.db")
    try:
        store = InventoryStore(inventory)
        await store.create()
        await store.upsert(fleet())
        await migrations.prepare(state)
        yield store, state
    finally:
        await inventory.dispose()
        await state.dispose()


@asynccontextmanager
async def _log(folder: Path) -> AsyncIterator[Sink]:
    """Send what is logged into a file meanwhile."""
    with (folder / "log").open("wb") as file:
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield LogSink()
        finally:
            os.dup2(before, 2)
            os.close(before)


@asynccontextmanager
async def _sql(folder: Path) -> AsyncIterator[Sink]:
    database = open_database(f"sqlite:///{folder}/commands.db")
    try:
        yield SqlSink(CommandTable(database))
    finally:
        await database.dispose()


@asynccontextmanager
async def _mqtt(folder: Path) -> AsyncIterator[Sink]:
    try:
        broker = Mosquitto(folder)
    except AssertionError as error:
        raise FileNotFoundError(str(error)) from error
    with broker:
        where = Broker("127.0.0.1", broker.port, identifier="ven-bench")
        async with MqttSink(where, "fleet", None) as sink:
            yield sink


@contextmanager
def _gateway() -> Iterator[int]:
    argv = [sys.executable, "-m", "bench.gateway"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
