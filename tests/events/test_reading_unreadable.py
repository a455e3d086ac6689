"""Reading events: what cannot be read costs nothing else."""

from typing import Any

import pytest

from tests.events.publishing import NOON, SIMPLE
from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.errors import VtnError
from ven_daemon.domain.ids import EventId
from ven_daemon.store.database import Database
from ven_daemon.vtn import sweeping


async def test_t_01_an_unreadable_event_is_quarantined_and_its_neighbours_are_read(
    rig: Rig, closed: Sandbox
) -> None:
    """T-01."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    good = await closed.event(program)
    bad = {**good, "id": "bad", "intervalPeriod": {"start": "tomorrow"}}
    await closed.stock(("event", bad))

    await rig.service.poll(ven)
    held = await rig.held("ven-1")
    await closed.stock(("event", {**bad, "intervalPeriod": NOON}))
    await rig.service.poll(ven)

    assert held[EventId("bad")].standing == "quarantined"
    assert held[EventId("bad")].reason == "intervalPeriod.start: an instant was expected"
    assert held[good["id"]].is_live
    assert (await rig.held("ven-1"))[EventId("bad")].is_live


async def test_an_event_that_becomes_unreadable_holds_no_longer_and_comes_back_as_it_was(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program(), intervalPeriod={"start": "0001-01-01"})
    await rig.service.poll(ven)
    before = (await rig.held("ven-1"))[event["id"]]
    await closed.stock(("event", {**event, "intervalPeriod": {"duration": "an hour"}}))
    await rig.service.poll(ven)
    meanwhile = (await rig.held("ven-1"))[event["id"]]
    await closed.stock(("event", event))
    await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    assert not meanwhile.is_live
    assert held.is_live
    assert (held.first_seen, held.seen) == (before.first_seen, before.seen)


async def test_f_34_an_event_of_too_many_intervals_is_quarantined(
    closed: Sandbox, database: Database
) -> None:
    """F34."""
    program = await closed.program()
    few = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE * 3)
    many = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE * 4)
    async with reading(closed.url, database, intervals_most=3) as rig:
        ven = await rig.ven(closed, "ven-1")

        await rig.service.poll(ven)

        assert await rig.standings("ven-1") == {few["id"]: "seen", many["id"]: "quarantined"}


async def test_an_event_that_could_not_be_read_is_tried_again_by_the_next_process(
    closed: Sandbox, database: Database
) -> None:
    """A newer program reads more, and an operator may raise a limit; the words are the same."""
    event = await closed.event(await closed.program(), intervalPeriod=NOON, intervals=SIMPLE * 4)
    standings = []
    for most in (3, 4):
        async with reading(closed.url, database, intervals_most=most) as rig:
            ven = await rig.ven(closed, "ven-1")
            await rig.service.poll(ven)
            await rig.service.poll(ven)
            standings.append((await rig.standings("ven-1"))[event["id"]])

    assert standings == ["quarantined", "seen"]


async def test_f_34_an_event_too_large_for_any_page_is_quarantined_by_its_id(
    rig: Rig, closed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F34: and read when it is small again, within minutes; the circuit stays closed."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    neighbour = await closed.event(program)
    large = {**neighbour, "id": "large", "eventName": "x" * 9_000_000}
    await closed.stock(("event", large))

    await rig.service.poll(ven)
    first = await rig.standings("ven-1")
    nothing = await rig.service.poll(ven)
    await closed.stock(("event", {**neighbour, "id": "large"}))
    monkeypatch.setattr(sweeping, "LOOK_BEYOND", 0.0)
    await rig.service.poll(ven)

    assert first == {neighbour["id"]: "seen", "large": "quarantined"}
    assert not nothing
    assert await rig.standings("ven-1") == {neighbour["id"]: "seen", "large": "seen"}
    assert not rig.transport.circuit.is_open


@pytest.mark.parametrize(
    "fault",
    [{"kind": "html"}, {"kind": "empty"}, {"kind": "wrong-shape"}, {"kind": "truncate", "at": 0.5}],
    ids=lambda fault: fault["kind"],
)
async def test_f_14_an_answer_that_is_no_list_changes_nothing(
    rig: Rig, closed: Sandbox, fault: dict[str, Any]
) -> None:
    """F14, F15, F16."""
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())
    await rig.service.poll(ven)
    before = await rig.held("ven-1")
    await closed.faults({**fault, "path": "/events"})

    with pytest.raises(VtnError):
        await rig.service.poll(ven)

    assert await rig.held("ven-1") == before
    assert before[event["id"]].is_live
