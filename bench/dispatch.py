"""B10: from the bytes of an event to dispatches on disk, for ten thousand resources and for few."""

import asyncio
import gc
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from bench.gates import Gate
from ven_daemon import logs
from ven_daemon.cli.terminal import spare_the_collector
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.runtime import event_loop
from ven_daemon.services.dispatch import Choices, DispatchService, FleetBook, Known, Orders
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.draws import DrawStore
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.wire.v310 import Profile310

MANY, FEW, VENS = 10_000, 113, 158
ROUNDS = 100
WARM = 3
"""Rounds before those that count: statements are compiled, connections made."""

SUB_TYPES = ("Bars", "Hotels", "Schools", "Industries", "Bakeries", "Chargingstations")


@dataclass
class Book:
    """The events of a VTN: one at a time."""

    events: list[Known] = field(default_factory=list)

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give it."""
        del since
        return self.events

    async def heard(self) -> Mapping[VenName | None, datetime]:
        """Say nothing of silence."""
        return {}


def b10(rounds: int = ROUNDS) -> list[Gate]:
    """Measure; p50 and p99 of milliseconds from bytes to the end of the transaction.

    On the loop that the daemon runs on, and with the collector as it is there. Few
    resources are measured three times as often: one round in a hundred is no p99.
    """
    logs.configure("ERROR", "json")
    spare_the_collector(serves=True)
    with (
        TemporaryDirectory(prefix="ven-bench-") as name,
        asyncio.Runner(loop_factory=event_loop.factory()) as runner,
    ):
        return runner.run(_measure(Path(name), rounds))


async def _measure(folder: Path, rounds: int) -> list[Gate]:
    inventory = open_database(f"sqlite:///{folder}/resources.db")
    state = open_database(f"sqlite:///{folder}/state.db")
    try:
        store = InventoryStore(inventory)
        await store.create()
        await store.upsert(fleet())
        await migrations.prepare(state)
        return [
            *_gates("at once", "10,000", await _rounds(store, state, None, 0, rounds), 300, 150),
            *_gates(
                "in an hour", "10,000", await _rounds(store, state, None, 3600, rounds), 300, 150
            ),
            *_gates("at once", "113", await _rounds(store, state, "Few", 0, 3 * rounds), 5, None),
        ]
    finally:
        await inventory.dispose()
        await state.dispose()


def _gates(
    when: str, who: str, seconds: Sequence[float], must: float, goal: float | None
) -> list[Gate]:
    figures = [second * 1000 for second in seconds]
    p99 = quantiles(figures, n=100)[98]
    what = f"event that begins {when} to {who} resources committed"
    spread = (min(figures), max(figures))
    return [
        Gate("B10", f"{what}, p50", median(figures), unit=" ms", spread=spread),
        Gate("B10", f"{what}, p99", p99, must, goal, is_limit=True, unit=" ms"),
    ]


async def _rounds(
    inventory: InventoryStore, state: Database, target: str | None, ahead: int, rounds: int
) -> list[float]:
    """Publish one event after the other; the one before is over when the next is measured."""
    book = Book()
    service = DispatchService(
        book,
        FleetBook(inventory, RegistrationStore(state, "http://vtn/")),
        Orders(DrawStore(state), random.random),
        store := DispatchStore(state),
        OptOutStore(state),
        ReadingStore(state).pages,
        Choices,
    )
    await service.step()
    spent = []
    for number in range(rounds + WARM):
        body = event_of(number, target, ahead)
        gc.collect()
        began = time.perf_counter()
        event = Profile310().read_event(body).item
        assert event is not None
        book.events = [Known(event, str(number), datetime.now(UTC))]
        service.events_changed()
        changes = await service.step()
        spent.append(time.perf_counter() - began)
        assert service.planned is not None
        assert service.planned.followed == (FEW if target else MANY)
        assert len(changes.created) == (0 if ahead else service.planned.followed)
        book.events = []
        service.changed()
        await service.step()
        await store.forget(datetime.now(UTC) + timedelta(days=1), 20_000)
    return spent[WARM:]


def event_of(number: int, target: str | None, ahead: int) -> bytes:
    start = datetime.now(UTC) + timedelta(seconds=ahead)
    return json.dumps(
        {
            "id": f"event-{number}",
            "objectType": "EVENT",
            "programID": "program",
            "createdDateTime": "2026-01-01T00:00:00Z",
            "modificationDateTime": "2026-01-01T00:00:00Z",
            "targets": [target] if target else [],
            "intervalPeriod": {"start": start.isoformat(), "duration": "PT1H"},
            "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}],
        }
    ).encode()


def fleet() -> list[Resource]:
    """Make 10,000 resources; those of one VEN are 113, as in the sample fleet's middle."""
    return [
        Resource(
            id=number + 1,
            resource_id=ResourceKey(f"resource-{number}"),
            resource_name=f"Resource {number}",
            resource_type="EV" if number % 6 == 5 else "DSR",
            resource_sub_type=SUB_TYPES[number % 6],
            capacities={"P_max_kw": 25.0 + number % 6, "P_min_kw": -10.0, "E_max_kwh": 100.0},
            ven=VenName("Few" if number < FEW else f"Town {number % (VENS - 1)}"),
        )
        for number in range(MANY)
    ]
