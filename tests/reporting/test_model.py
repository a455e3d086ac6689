"""A stateful test: the whole way from the outbox to a VTN, over a real store and a real server.

Reports are filed and amended, answers are lost, refused and wrong, the process dies, the
disk is full, the state is lost, retention lets go, and what is too large is halved, or
shrunk where the VTN has it. At no time is anything told twice. At the end everything
heals, and then every report, or part of one, that was not set aside or let go of is at the
VTN once, as it was written last.
"""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from tests.reporting.rig import START, Rig, draft, late
from tests.sandbox.rig import Sandbox
from tests.vtn.servers import transporting
from ven_daemon.domain.errors import StoreFullError
from ven_daemon.domain.reporting.halving import part_of
from ven_daemon.domain.reporting.outbox import Entry, State
from ven_daemon.services.reporting import Keeping
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.outbox import Draft
from ven_daemon.store.outbox_listing import Asked

VENS = ("Aalborg", "Vejle")
BARS = ("bar 0", "bar 1", "bar 2")
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


def whole_of(name: str) -> str:
    """Name the report that a part is of."""
    return name.partition("-")[0]


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
        self.states = 0
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
        self.states += 1
        folder = Path(self.folder.name) / f"state {self.states}"
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
        name = f"{ven}.{self.count}"
        self.runner.run(self.rig.file(self.owed(name, value)))
        self.written[name] = float(value)

    def owed(self, name: str, value: float) -> Draft:
        ven, _, count = name.partition(".")
        due = START + int(count) * SLOT
        return draft(self.rig, name, self.event, ven, due, BARS, float(value))

    @rule(pick=st.integers(0, 99), value=st.integers(10, 19))
    def amend(self, pick: int, value: int) -> None:
        held = self.runner.run(self.rig.listing.find(Asked(limit=100)))
        entries = [each.entry for each in held if whole_of(each.entry.name) in self.written]
        if not entries:
            return
        name = whole_of(entries[pick % len(entries)].name)
        parts = [each for each in entries if whole_of(each.name) == name]
        amended = [self.part(name, each, float(value)) for each in parts]
        self.runner.run(self.rig.outbox.amend(amended, self.rig.now))
        self.written[name] = float(value)

    def part(self, name: str, entry: Entry, value: float) -> Draft:
        """Build what *entry* says of the report *name*."""
        whole = draft(self.rig, name, self.event, entry.ven, entry.due, BARS, value)
        profile = self.rig.client.profile
        said = part_of(profile.read_written(whole.body), entry.part)
        assert said is not None
        assert said.name == entry.name
        body = profile.write_report(said)
        entry = replace(whole.report.entry, name=said.name, part=entry.part)
        return Draft(whole.report._replace(entry=entry, size=len(body)), body)

    @rule(
        fates=st.sampled_from([[], ["too large"]])
        | st.lists(st.sampled_from(sorted(FATES)), min_size=1, max_size=3),
        seconds=st.sampled_from([0.0, 1.0, 10.0, 100.0, 1000.0]),
    )
    def send(self, fates: list[str], seconds: float) -> None:
        """Send what can be sent; the first requests fare badly."""
        rules = [{**REPORTS, **FATES[fate]} for fate in fates]
        self.runner.run(self.vtn.faults(*rules))
        self.runner.run(self.rig.drain(pause=seconds))
        self.runner.run(self.vtn.faults())

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

    @rule(value=st.integers(20, 29))
    def lose_the_state(self, value: int) -> None:
        """Owe everything again, and late; what was measured since says something else."""

        async def lose() -> None:
            await self.life.aclose()
            self.database = await self._state()
            await self._begin_life()
            await self.rig.file(*(late(self.owed(name, value)) for name in self.written))

        self.runner.run(lose())
        self.written = dict.fromkeys(self.written, float(value))

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
        told = [
            (whole_of(name), bar)
            for name, said in self.runner.run(self._reports()).items()
            for bar in said
        ]
        assert len({*told}) == len(told)

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
            name = whole_of(each.entry.name)
            if each.entry.state is State.SENT and name in self.written:
                whole = draft(self.rig, name, self.event, resources=BARS)
                part = part_of(self.rig.client.profile.read_written(whole.body), each.entry.part)
                assert part is not None
                bars = [resource.name for resource in part.resources]
                assert reports[each.entry.name] == dict.fromkeys(bars, self.written[name])

    async def _reports(self) -> dict[str, dict[str, float]]:
        """Give what the VTN is told, by report and resource."""
        found: list[dict[str, Any]] = []
        while page := (await self.vtn.get(f"/reports?skip={len(found)}&limit=50")).json:
            found += page
        assert len({report["reportName"] for report in found}) == len(found)
        return {
            report["reportName"]: {
                each["resourceName"]: each["intervals"][0]["payloads"][0]["values"][0]
                for each in report["resources"]
            }
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
