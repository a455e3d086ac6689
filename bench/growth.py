"""B14: ten times as many VENs, and what one of them costs then."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.daemon import many_vens
from bench.gates import Gate
from bench.running import Run, pinned, told, vtn
from ven_daemon.runtime.spread import Spread
from ven_daemon.store.database import open_database
from ven_daemon.store.inventory import InventoryStore

SIZES = (100, 1_000, 10_000)
FEWEST = 10
"""VENs of the fleet whose memory counts as that of none."""

ROUNDS = {100: 3, 1_000: 2, 10_000: 1}

Costs = Mapping[int, float]
"""What one VEN costs, by how many there are."""


def growth() -> list[Gate]:
    """Measure a fleet of each size; a decade may make no unit dearer by more than a fifth."""
    with TemporaryDirectory(prefix="ven-bench-") as name, vtn(0.0) as url:
        fleets = {size: Path(name) / f"{size}.db" for size in (FEWEST, *SIZES)}
        for size, file in fleets.items():
            many_vens(file, size)
        cold, warm, memory = _registered(url, fleets)
        read = {n: min(_read(fleets[n]) for _ in range(3)) / n for n in SIZES}
        ticks = {n: min(_tick(n) for _ in range(3)) / n for n in SIZES}
    return [
        *_decades("registered, CPU", cold),
        *_decades("started again, CPU", warm),
        *_decades("memory", memory),
        *_decades("read from the inventory, CPU", read),
        *_decades("a turn of its own, CPU", ticks),
    ]


def _registered(url: str, fleets: Mapping[int, Path]) -> tuple[Costs, Costs, Costs]:
    """Register fleets, and start again where everything is registered."""
    cold, warm, memory = dict[int, float](), dict[int, float](), dict[int, float]()
    base = _pair(url, fleets[FEWEST])[0].rss
    for size in SIZES:
        runs = [_pair(url, fleets[size]) for _ in range(ROUNDS[size])]
        cold[size] = min(first.cpu for first, _ in runs) / size
        warm[size] = min(second.cpu for _, second in runs) / size
        if size > SIZES[0]:  # what a hundred take is less than a page here or there
            memory[size] = min(first.rss - base for first, _ in runs) / size
    return cold, warm, memory


def _pair(url: str, inventory: Path) -> tuple[Run, Run]:
    with TemporaryDirectory(prefix="ven-bench-") as folder:
        runs = [pinned("ours", url, inventory, Path(folder)) for _ in range(2)]
    told(url, "DELETE")
    return runs[0], runs[1]


def _read(inventory: Path) -> float:
    """Read a whole inventory; seconds of the processor."""

    async def read() -> float:
        database = open_database(f"sqlite:///{inventory}", read_only=True)
        began = time.process_time()
        await InventoryStore(database).fleet()
        used = time.process_time() - began
        await database.dispose()
        return used

    return asyncio.run(read())


def _tick(vens: int) -> float:
    """Give every VEN its turn once, where a turn costs nothing by itself."""

    async def turns() -> float:
        left, over = vens, asyncio.Event()

        async def step(_: str) -> float | None:
            nonlocal left
            left -= 1
            if not left:
                over.set()
            return None

        spread = Spread("turns", 3600.0, step)
        spread.keep_to(f"VEN {number}" for number in range(vens))
        for number in range(vens):
            spread.hurry(f"VEN {number}")
        began = time.process_time()
        running = asyncio.create_task(spread.run())
        await over.wait()
        used = time.process_time() - began
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return used

    return asyncio.run(turns())


def _decades(what: str, costs: Costs) -> Sequence[Gate]:
    """Compare each size with the one before it."""
    return [
        Gate(
            "B14",
            f"{what}, of one VEN: {after:,} to {before:,}",
            costs[after] / costs[before],
            1.2,
            1.05,
            True,
            " x",
        )
        for before, after in pairwise(sorted(costs))
    ]
