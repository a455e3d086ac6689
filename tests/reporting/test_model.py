"""A stateful test: the whole way from the outbox to a VTN, over a real store and a real server.

Reports are filed and amended, answers are lost, refused and wrong, the process dies, the
disk is full, retention lets go. At the end everything heals, and then every report that
was not set aside or let go of is at the VTN once, as it was written last.
"""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from tests.reporting.rig import START, Rig, draft
from tests.sandbox.rig import Sandbox
from tests.vtn.servers import transporting
from ven_daemon.domain.errors import StoreFullError
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.services.reporting import Keeping
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox_listing import Asked

VENS = ("Aalborg", "Vejle")
SLOT = timedelta(minutes=15)
REPORTS = {"path": "^/reports", "times": 1}
FATES: dict[str, dict[str, Any]] = {
    "lost answer": {"kind": "accept-then-reset"},
    "lost request": {"kind": "reset"},
    "busy": {"kind": "status", "status": 503},
    "busy but taken": {"kind": "accept-then-status", "status": 500},
    "gateway": {"kind": "accept-then-status", "status": 504},
    "rejected": {"kind": "status", "status": 400},
    "too large": {"kind": "status", "status": 413},
    "forbidden": {"kind": "status", "status": 403},
    "nonsense": {"kind": "wrong-shape"},
}


_TEMPLATE = tempfile.TemporaryDirectory()


async def _prepared() -> Path:
    """Give a folder with a state that nothing is in; making one takes a while, copying none."""
    folder = Path(_TEMPLATE.name)
    if not (folder / "state.db").exists():
        database = open_database(f"sqlite:///{folder}/state.db")
        await migrations.prepare(database)
        await database.dispose()
    return folder


class Outbox(RuleBasedStateMachine):
    """One machine is one life of an installation; a crash begins another with the same store."""

    lenient = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.written: dict[str, float] = {}
        self.trimmed = 0
        self.count = 0
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.stack = AsyncExitStack()
        options: dict[str, Any] = {"open": True, "lenient": self.lenient}
        self.vtn = await self.stack.enter_async_context(Sandbox(clients=(), **options))
        program = (await self.vtn.post("/programs", {"programName": "p"})).json
        body = {"programID": program["id"], "intervals": []}
        self.event = str((await self.vtn.post("/events", body)).json["id"])
        self.database = await self._state()
        await self._begin_life()

    async def _state(self) -> Database:
        folder = Path(self.folder.name) / "state"
        shutil.copytree(await _prepared(), folder)
        database = open_database(f"sqlite:///{folder}/state.db")
        self.stack.push_async_callback(database.dispose)
        return database

    async def _begin_life(self) -> None:
        self.life = await self.stack.enter_async_context(AsyncExitStack())
        transport = await self.life.enter_async_context(
            transporting(self.vtn.url, patience=0.2, seconds=2)
        )
        now = self.rig.now if hasattr(self, "rig") else START
        self.rig = Rig(transport, self.database)
        self.rig.now = now

    @initialize()
    def begin(self) -> None:
        for value, ven in enumerate(VENS, 1):
            self.file(ven, value)

    @rule(ven=st.sampled_from(VENS), value=st.integers(1, 9))
    def file(self, ven: str, value: int) -> None:
        self.count += 1
        name, due = f"{ven}.{self.count}", START + self.count * SLOT
        resources = ("bar 0", "bar 1")
        report = draft(self.rig, name, self.event, ven, due, resources, float(value))
        self.runner.run(self.rig.file(report))
        self.written[name] = float(value)

    @rule(pick=st.integers(0, 99), value=st.integers(10, 19))
    def amend(self, pick: int, value: int) -> None:
        held = self.runner.run(self.rig.listing.find(Asked(limit=100)))
        whole = [e for e in held if e.entry.name in self.written]
        if not whole:
            return
        each = whole[pick % len(whole)].entry
        report = draft(
            self.rig, each.name, self.event, each.ven, each.due, ("bar 0", "bar 1"), float(value)
        )
        self.runner.run(self.rig.outbox.amend([report], self.rig.now))
        self.written[each.name] = float(value)

    @rule(
        fates=st.just([]) | st.lists(st.sampled_from(sorted(FATES)), min_size=1, max_size=3),
        seconds=st.sampled_from([0.0, 1.0, 10.0, 100.0, 1000.0]),
    )
    def send(self, fates: list[str], seconds: float) -> None:
        """Send what can be sent; the first requests fare badly."""
        rules = [{**REPORTS, **FATES[fate]} for fate in fates]
        self.runner.run(self.vtn.faults(*rules))
        self.runner.run(self.rig.drain(pause=seconds))

    @rule(taken=st.booleans())
    def crash(self, taken: bool) -> None:
        """Die while the VTN holds its answers back, whether it took what was sent or not."""

        async def die() -> None:
            await self.vtn.faults({"path": "^/reports", "kind": "hang", "accept": taken})
            await self.rig.draining.begin()
            lanes = list(self.rig.draining._lanes.values())
            for _ in range(500):
                await asyncio.sleep(0.002)
                if self.vtn.vtn.faults.shown()[0]["hits"] or all(lane.done() for lane in lanes):
                    break
            for lane in lanes:
                lane.cancel()
            await self.rig.draining.settle()
            await self.life.aclose()
            await self.vtn.faults()
            await self._begin_life()

        self.runner.run(die())

    @rule()
    def fill_the_disk(self) -> None:
        """Whatever is written while the disk is full is there whole, or not at all."""

        async def full() -> None:
            async with self.database.begin() as connection:
                pages = await connection.scalar(text("PRAGMA page_count"))
                await connection.execute(text(f"PRAGMA max_page_count={pages}"))
            big = draft(self.rig, "big", self.event, "Vejle", START, tuple(map(str, range(900))))
            with pytest.raises(StoreFullError):
                await self.rig.file(big)
            await self.rig.drain()
            async with self.database.begin() as connection:
                await connection.execute(text("PRAGMA max_page_count=1073741823"))

        self.runner.run(full())

    @rule(kept=st.sampled_from([0, 1, 3]))
    def let_go(self, kept: int) -> None:
        async def trim() -> None:
            self.rig.now = max(self.rig.now, START + self.count * SLOT)
            size = 700 * kept + 1
            keeping = Keeping(
                self.rig.outbox,
                self.rig.listing,
                timedelta(days=365),
                size,
                self.rig.clock,
            )
            await keeping.step()

        self.runner.run(trim())

    @invariant()
    def the_books_balance_and_nothing_is_there_twice(self) -> None:
        assert self.runner.run(self.rig.balanced())
        assert self.runner.run(self.vtn.summary())["duplicates"] == 0

    def teardown(self) -> None:
        try:
            self.runner.run(self._heal())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    async def _heal(self) -> None:
        await self.vtn.faults()
        for _ in range(30):
            self.rig.client.transport.circuit.succeeded()
            await self.rig.drain(pause=1000.0)
            if not await self.rig.outbox.waiting():
                break
        held = await self.rig.listing.find(Asked(limit=1000))
        assert {each.entry.state for each in held} <= {State.SENT, State.QUARANTINED}
        reports = await self._reports()
        for each in held:
            if each.entry.state is State.SENT:
                assert reports[each.entry.name] == self.written.get(
                    each.entry.name, reports[each.entry.name]
                )

    async def _reports(self) -> dict[str, float]:
        found: list[dict[str, Any]] = []
        while page := (await self.vtn.get(f"/reports?skip={len(found)}&limit=50")).json:
            found += page
        assert len({report["reportName"] for report in found}) == len(found)
        return {
            report["reportName"]: report["resources"][0]["intervals"][0]["payloads"][0]["values"][0]
            for report in found
        }


class LenientOutbox(Outbox):
    """The same at a VTN that takes a name twice."""

    lenient = True


_SETTINGS = settings(
    max_examples=15,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStrict = Outbox.TestCase
TestStrict.settings = _SETTINGS
TestLenient = LenientOutbox.TestCase
TestLenient.settings = _SETTINGS


@pytest.mark.soak
class TestStrictForLong(TestStrict):  # type: ignore[valid-type, misc]
    settings = settings(_SETTINGS, max_examples=300)


@pytest.mark.soak
class TestLenientForLong(TestLenient):  # type: ignore[valid-type, misc]
    settings = settings(_SETTINGS, max_examples=300)
