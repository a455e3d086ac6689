"""A state that was lost: what was owed in an earlier life is owed again, and may be there.

At a VTN that takes a name twice nobody but us keeps it from being told twice.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.reporting.rig import START, Rig, draft, late, reporting
from tests.reporting.sent import HOUR, at_vtn, history, names, new_event, posted, told
from tests.sandbox.rig import Sandbox
from ven_daemon.store import migrations
from ven_daemon.store.database import open_database

BARS = tuple(f"bar {n}" for n in range(8))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clients=(), open=True, lenient=True) as sandbox:
        yield sandbox


@asynccontextmanager
async def life(sandbox: Sandbox, state: Path) -> AsyncIterator[Rig]:
    """Live with a state; with another one, everything before is forgotten."""
    database = open_database(f"sqlite:///{state}")
    try:
        await migrations.prepare(database)
        async with reporting(sandbox, database) as rig:
            yield rig
    finally:
        await database.dispose()


async def limited(vtn: Sandbox, rig: Rig, event: str, resources: int) -> None:
    """Let the VTN take no more at once than is said of so many resources."""
    size = draft(rig, "r-a-b-a", event, resources=BARS[:resources]).report.size
    await vtn.faults({"path": "^/reports", "kind": "status", "status": 413, "over": size})


async def halved_in_a_life_before(vtn: Sandbox, folder: Path, resources: int) -> str:
    """Let a life whose state is lost have its report taken in halves; give its event."""
    event = await new_event(vtn)
    async with life(vtn, folder / "lost.db") as rig:
        await limited(vtn, rig, event, resources)
        await rig.file(draft(rig, "r", event, resources=BARS))
        await rig.drain()
    return event


async def looks(vtn: Sandbox) -> int:
    lines = await vtn.ledger()
    return sum(line["method"] == "GET" and line["path"].startswith("/reports") for line in lines)


def each_once(value: float) -> Counter[tuple[str, float]]:
    return Counter((bar, value) for bar in BARS)


@pytest.mark.parametrize(
    ("resources", "parts"),
    [(4, ["r-a", "r-b"]), (2, ["r-a-a", "r-a-b", "r-b-a", "r-b-b"])],
)
async def test_t29_halves_that_are_there_from_an_earlier_life_are_not_made_twice(
    sandbox: Sandbox, tmp_path: Path, resources: int, parts: Sequence[str]
) -> None:
    event = await halved_in_a_life_before(sandbox, tmp_path, resources)
    before = await posted(sandbox)
    async with life(sandbox, tmp_path / "new.db") as rig:
        await rig.file(late(draft(rig, "r", event, resources=BARS, value=2.0)))

        await rig.drain()

        assert await posted(sandbox) == before == parts
        assert told(await at_vtn(sandbox)) == each_once(2.0)
        assert await rig.states() == dict.fromkeys(parts, "sent")
        assert await rig.balanced()


async def test_t29_halves_of_what_was_not_even_offered_are_looked_up_too(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """T-29: another report told the new life how much the VTN takes."""
    event = await halved_in_a_life_before(sandbox, tmp_path, 4)
    async with life(sandbox, tmp_path / "new.db") as rig:
        before = START - HOUR
        other = draft(rig, "q", await new_event(sandbox, "q"), due=before, resources=BARS)
        await rig.file(other, late(draft(rig, "r", event, resources=BARS, value=2.0)))

        await rig.drain()

        assert await names(sandbox) == ["q-a", "q-b", "r-a", "r-b"]
        assert told(await at_vtn(sandbox)) == each_once(1.0) + each_once(2.0)


async def test_t29_of_the_halves_only_what_the_earlier_life_did_not_send_is_made(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    event = await new_event(sandbox)
    async with life(sandbox, tmp_path / "new.db") as rig:
        await limited(sandbox, rig, event, 4)
        await sandbox.post("/reports", draft(rig, "r-a", event, resources=BARS[:4]).body)
        await rig.file(late(draft(rig, "r", event, resources=BARS, value=2.0)))

        await rig.drain()

        assert await posted(sandbox) == ["r-a", "r-b"]
        assert told(await at_vtn(sandbox)) == each_once(2.0)


@pytest.mark.parametrize("resources", [4, 2])
async def test_t29_what_an_earlier_life_halved_is_halved_though_the_vtn_would_take_it_whole(
    sandbox: Sandbox, tmp_path: Path, resources: int
) -> None:
    """T-29: it says less without the readings that were lost, or the limit was raised."""
    event = await halved_in_a_life_before(sandbox, tmp_path, resources)
    before = await names(sandbox)
    await sandbox.faults()
    async with life(sandbox, tmp_path / "new.db") as rig:
        await rig.file(late(draft(rig, "r", event, resources=BARS, value=2.0)))

        await rig.drain()

        assert await names(sandbox) == before
        assert told(await at_vtn(sandbox)) == each_once(2.0)
        assert await rig.balanced()


@pytest.mark.parametrize("resources", [4, 2, 1])
async def test_t29_what_an_earlier_life_shrank_is_put_as_small_and_its_rests_are_found(
    sandbox: Sandbox, tmp_path: Path, resources: int
) -> None:
    """T-29: whole, it would say again what its rests say."""
    event = await new_event(sandbox)
    async with life(sandbox, tmp_path / "lost.db") as rig:
        await rig.file(draft(rig, "r", event, resources=BARS))
        await rig.drain()
        await limited(sandbox, rig, event, resources)
        await rig.outbox.amend([draft(rig, "r", event, resources=BARS, value=2.0)], rig.now)
        await rig.drain()
    before = await names(sandbox)
    await sandbox.faults()
    async with life(sandbox, tmp_path / "new.db") as rig:
        await rig.file(late(draft(rig, "r", event, resources=BARS, value=3.0)))

        await rig.drain()

        assert await names(sandbox) == before
        assert len(before) == len(BARS) / resources
        assert told(await at_vtn(sandbox)) == each_once(3.0)
        assert set((await rig.states()).values()) == {"sent"}
        for stage in await history(sandbox):
            assert max(Counter(bar for bar, _ in told(stage).elements()).values()) == 1


async def test_t29_halves_of_what_nobody_can_have_sent_are_not_looked_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """T-29: a look lists every report on the event, and most reports are too large for none."""
    event = await new_event(sandbox)
    async with life(sandbox, tmp_path / "new.db") as rig:
        await limited(sandbox, rig, event, 2)
        await rig.file(draft(rig, "r", event, resources=BARS))

        await rig.drain()

        assert await looks(sandbox) == 0
        assert len(await posted(sandbox)) == 4
