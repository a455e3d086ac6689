"""Reading events: recorded once, told of once, followed through what broke off."""

import asyncio

import pytest

from tests.events.publishing import NOON, SIMPLE, asked
from tests.events.rig import Rig
from tests.sandbox.rig import Sandbox, event_of
from ven_daemon.domain.errors import StoreError
from ven_daemon.domain.registration import Target
from ven_daemon.services.events import EVERYBODY
from ven_daemon.store.sightings import SightingStore

OVER = {"start": "0001-01-01", "duration": "PT0S"}


async def test_an_event_is_recorded_once_and_told_of_once(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE)

    first = await rig.service.poll(ven)
    second = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    items = await rig.events.items([held.digest])
    assert first.events == {event["id"]}
    assert not second
    assert [each.events for each in rig.told if each.events] == [{event["id"]}]
    assert held.first_seen == held.seen == held.last_seen
    assert items[held.digest].name == "e"
    assert rig.service.unchanged == 1


async def test_t_37_an_event_that_all_vens_see_is_kept_once_and_seen_by_each(
    rig: Rig, closed: Sandbox
) -> None:
    """T-37."""
    event = await closed.event(await closed.program())
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))

    one, two = (await rig.held("ven-1")), (await rig.held("ven-2"))
    assert one[event["id"]].digest == two[event["id"]].digest
    assert list(rig.events.known) == [one[event["id"]].digest]
    assert rig.service.pages.parsed <= 2, "the page, and the empty one behind it"


async def test_t_37_target_hiding_makes_a_version_for_each_ven(rig: Rig, closed: Sandbox) -> None:
    """T-37."""
    await closed.ven("ven-1", targets=["north"])
    await closed.ven("ven-2", targets=["south"])
    event = await closed.event(await closed.program(), targets=["north", "south"])
    shown = {}
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))
        held = (await rig.held(client))[event["id"]]
        shown[client] = (await rig.events.items([held.digest]))[held.digest].targets

    assert shown == {"ven-1": (Target("north"),), "ven-2": (Target("south"),)}


async def test_a_restart_changes_nothing_and_first_sight_is_never_drawn_again(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    await closed.event(await closed.program(), intervalPeriod={"start": "0001-01-01"})
    await rig.service.poll(ven)
    before = await rig.held("ven-1")

    await rig.reopen()
    changed = await rig.service.poll(ven)

    assert not changed
    assert await rig.held("ven-1") == before


async def test_an_update_is_a_new_version_and_keeps_first_sight(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, intervalPeriod={"duration": "PT1H"})
    await rig.service.poll(ven)
    before = (await rig.held("ven-1"))[event["id"]]
    longer = event_of(program, "e", intervalPeriod={"duration": "PT2H"})
    await closed.put(f"/events/{event['id']}", longer, "operator")

    changed = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    assert changed.events == {event["id"]}
    assert held.digest != before.digest
    assert (held.first_seen, held.seen) == (before.first_seen, before.seen)
    assert held.changed > before.changed


async def test_t_16_a_known_event_of_no_duration_is_cancelled_and_a_new_one_is_not(
    rig: Rig, closed: Sandbox
) -> None:
    """T-16: over a restart, too."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    known = await closed.event(program, "known", intervalPeriod=NOON, intervals=SIMPLE)
    await rig.service.poll(ven)
    cancelled = event_of(program, "known", intervalPeriod=OVER, intervals=SIMPLE)
    await closed.put(f"/events/{known['id']}", cancelled, "operator")
    new = await closed.event(program, "new", intervalPeriod=OVER, intervals=SIMPLE)
    void = await closed.event(program, "void", intervalPeriod=OVER)
    await rig.reopen()

    await rig.service.poll(ven)

    held = await rig.held("ven-1")
    assert {held[each["id"]].cancelled for each in (known, void)} == {True}
    assert not held[new["id"]].cancelled


async def test_f_27_older_versions_are_followed_and_told_of(rig: Rig, closed: Sandbox) -> None:
    """F27: a VTN that was restored from a backup."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, priority=1)
    await rig.service.poll(ven)
    old = (await rig.held("ven-1"))[event["id"]]
    await closed.put(f"/events/{event['id']}", event_of(program, "e", priority=2), "operator")
    await rig.service.poll(ven)
    await closed.stock(("event", event))

    await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    history = await rig.store.history("ven-1", event["id"])
    assert held.digest == old.digest
    assert [line.backwards for line in history] == [False, True]
    assert [line.modified for line in history][1] == old.modified


async def test_t_23_t_34_one_credential_reads_for_all_by_one_poll(
    rig: Rig, closed: Sandbox
) -> None:
    """T-23, T-34: everything is taken in; whom it means is decided here."""
    program = await closed.program()
    events = [await closed.event(program, targets=[each]) for each in ("north", "south")]
    operator = await rig.ven(closed, "operator")
    reader = rig.reader(EVERYBODY, operator.client._credential, "north", "south")

    await rig.service.poll(reader)

    assert (await rig.standings()).keys() == {each["id"] for each in events}
    assert await asked(closed, "/events", "operator") <= 2


async def test_a_poll_that_is_cancelled_anywhere_is_made_good_by_the_next(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    for n in range(5):
        await closed.event(program, f"e{n}")
    await closed.faults({"kind": "delay", "seconds": 0.02})
    for wait in (0.0, 0.005, 0.03, 0.05, 0.06):
        task = asyncio.create_task(rig.service.poll(ven))
        await asyncio.sleep(wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await rig.service.poll(ven)

    assert len(await rig.standings("ven-1")) == 5
    assert len(rig.events.known) == 5


async def test_first_sight_is_that_of_the_first_commit_whatever_broke_off_behind_it(
    rig: Rig, closed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())

    async def broken_off(*_: object) -> None:
        await SightingStore.save(rig.store, *_)  # type: ignore[arg-type]
        raise StoreError("the answer to the commit was lost")

    monkeypatch.setattr(rig.store, "save", broken_off)
    with pytest.raises(StoreError):
        await rig.service.poll(ven)
    monkeypatch.undo()
    first = (await rig.held("ven-1"))[event["id"]]

    changed = await rig.service.poll(ven)

    assert (await rig.held("ven-1"))[event["id"]] == first
    assert changed.events == {event["id"]}, "nobody was told of it yet"
    assert not await rig.service.poll(ven)
