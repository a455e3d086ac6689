"""What the outbox lets go of: by age and by size, the harmless first, and all of it counted."""

import asyncio
from datetime import timedelta

import pytest

from tests.reporting.rig import START, Rig, draft
from tests.reporting.sent import new_event
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.reporting.retention import Books
from ven_daemon.services.reporting import Keeping
from ven_daemon.store.outbox_listing import Asked

DAY = timedelta(days=1)


@pytest.fixture
async def event(sandbox: Sandbox) -> str:
    return await new_event(sandbox)


async def test_what_is_too_old_goes_sent_or_not_and_is_counted_apart(rig: Rig, event: str) -> None:
    await rig.file(draft(rig, "sent", event, due=START))
    await rig.drain()
    await rig.file(*(draft(rig, f"r{n}", event, due=START + n * DAY) for n in range(1, 5)))
    rig.now = START + 3 * DAY
    keeping = Keeping(rig.outbox, rig.listing, DAY, clock=rig.clock)

    gone = await keeping.step()

    assert gone == 2
    assert sorted(await rig.states()) == ["r2", "r3", "r4"]
    assert keeping.books == Books(accepted=5, reported=1, queued=3, trimmed=1)


async def test_where_there_is_too_much_what_was_sent_goes_first(rig: Rig, event: str) -> None:
    await rig.file(*(draft(rig, f"sent {n}", event, due=START + n * DAY) for n in range(5, 8)))
    await rig.drain()
    await rig.file(*(draft(rig, f"queued {n}", event, due=START + n * DAY) for n in range(3)))
    each = (await rig.listing.find(Asked(limit=1)))[0].size
    keeping = Keeping(rig.outbox, rig.listing, 99 * DAY, int(each * 3.5), rig.clock)

    await keeping.step()
    enough = sorted(await rig.states())
    keeping = Keeping(rig.outbox, rig.listing, 99 * DAY, int(each * 1.5), rig.clock)
    await keeping.step()

    assert enough == ["queued 0", "queued 1", "queued 2"]
    assert sorted(await rig.states()) == ["queued 2"]
    assert keeping.books == Books(accepted=6, reported=3, queued=1, trimmed=2)


async def test_a_crash_while_it_trims_counts_nothing_that_is_still_there(
    rig: Rig, event: str
) -> None:
    """F66: rows and counts go by one transaction."""
    await rig.file(*(draft(rig, f"r{n:03}", event, due=START + n * DAY) for n in range(200)))
    rig.now = START + 999 * DAY
    keeping = Keeping(rig.outbox, rig.listing, DAY, clock=rig.clock)

    for milliseconds in range(12):
        step = asyncio.create_task(keeping.step())
        await asyncio.sleep(milliseconds / 1000)
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        assert await rig.balanced()

    await keeping.step()
    assert keeping.books == Books(accepted=200, trimmed=200)
