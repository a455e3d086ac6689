"""Reading events: what is no longer listed, and what that means."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.events.publishing import NOON, asked
from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox
from tests.vtn.servers import as_json, collection, http
from ven_daemon.domain.errors import OutcomeUnknownError, VtnError
from ven_daemon.domain.ids import EventId
from ven_daemon.services.events import absence
from ven_daemon.store.database import Database


async def test_a_deleted_event_is_asked_for_by_its_id_and_then_gone(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())
    await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    changed = await rig.service.poll(ven)
    again = await rig.service.poll(ven)

    assert changed.events == {event["id"]}
    assert not again
    assert await rig.standings("ven-1") == {event["id"]: "deleted"}
    assert await asked(closed, f"/events/{event['id']}") == 1


async def test_many_vens_ask_once_for_a_deleted_event_without_targets(
    rig: Rig, closed: Sandbox
) -> None:
    event = await closed.event(await closed.program())
    vens = [await rig.ven(closed, client) for client in ("ven-1", "ven-2")]
    for ven in vens:
        await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    for ven in vens:
        await rig.service.poll(ven)

    assert await rig.standings("ven-2") == {event["id"]: "deleted"}
    assert await asked(closed, f"/events/{event['id']}") == 1


async def test_t_14_targets_that_were_taken_away_are_no_deletion(rig: Rig, closed: Sandbox) -> None:
    """T-14."""
    made = await closed.ven("ven-1", targets=["north"])
    program = await closed.program()
    event = await closed.event(program, targets=["north"])
    other = await closed.event(program, "other", targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    body = {"objectType": "BL_VEN_REQUEST", "clientID": "ven-1", "venName": "ven-1"}
    await closed.put(f"/vens/{made['id']}", {**body, "targets": ["south"]}, "operator")
    await closed.delete(f"/events/{other['id']}", "operator")

    await rig.service.poll(ven)

    held = await rig.held("ven-1")
    assert await rig.standings("ven-1") == {event["id"]: "target-lost", other["id"]: "target-lost"}
    assert held[event["id"]].reason == "none of its targets is granted: north"


async def test_t_14_a_targeted_event_that_was_deleted_is_deleted(rig: Rig, closed: Sandbox) -> None:
    """T-14."""
    made = await closed.ven("ven-1")
    await closed.resource(made, "r", targets=["north"])
    event = await closed.event(await closed.program(), targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    await rig.service.poll(ven)

    assert await rig.standings("ven-1") == {event["id"]: "deleted"}


async def test_t_13_without_a_ven_object_nothing_that_has_targets_is_cancelled(
    rig: Rig, closed: Sandbox
) -> None:
    """T-13: an empty list is no news of cancellation while the ven is missing."""
    made = await closed.ven("ven-1", targets=["north"])
    event = await closed.event(await closed.program(), targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    await closed.delete(f"/vens/{made['id']}", "operator")

    await rig.service.poll(ven)
    missing = (await rig.held("ven-1"))[event["id"]]
    await closed.ven("ven-1", targets=["north"])
    await rig.service.poll(ven)

    assert missing.is_live
    assert missing.standing == "gone-unconfirmed"
    assert missing.reason == "the VTN shows no ven of this reader"
    assert await rig.standings("ven-1") == {event["id"]: "seen"}


async def test_t_21_an_event_that_a_list_hides_is_kept_and_not_asked_for_at_every_poll(
    database: Database,
) -> None:
    """T-21: some VTNs list only what begins today or tomorrow."""
    shape = {"id": "e1", "programID": "p1", "intervalPeriod": NOON}
    listed: list[Any] = [shape]

    async def answer(request: Any) -> Any:
        if request.path == "/events/e1":
            return as_json(shape)
        return as_json(listed if request.query.get("skip") == "0" else [])

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        listed.clear()

        for _ in range(5):
            await rig.service.poll(reader)

        by_id = [request for request in server.seen if request.path == "/events/e1"]
        assert await rig.standings() == {"e1": "seen"}
        assert len(by_id) == 1


@pytest.mark.parametrize("status", [500, 403, 400])
async def test_t_22_absence_that_cannot_be_confirmed_cancels_nothing(
    database: Database, status: int
) -> None:
    """T-22: until the VTN says that it is gone, an event holds."""
    listed: list[Any] = [{"id": "e1", "programID": "p1"}]
    by_id = [status]

    async def answer(request: Any) -> Any:
        if request.path == "/events/e1":
            return as_json({"title": "x", "status": by_id[0]}, by_id[0])
        return as_json(listed if request.query.get("skip") == "0" else [])

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        listed.clear()

        await rig.service.poll(reader)
        unconfirmed = (await rig.held())[EventId("e1")]
        by_id[0] = 404
        for _ in range(100):
            with suppress(VtnError):  # after so many 500s the circuit is open for a moment
                await rig.service.poll(reader)
            if await rig.standings() == {"e1": "deleted"}:
                break
            await asyncio.sleep(0.05)

        assert unconfirmed.is_live
        assert unconfirmed.standing == "gone-unconfirmed"
        assert unconfirmed.reason
        assert await rig.standings() == {"e1": "deleted"}


async def test_t_22_when_everything_vanishes_it_is_asked_for_bit_by_bit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-22, F27: a VTN that lost its events is not asked for thousands at once."""
    monkeypatch.setattr(absence, "CONFIRMED_TOGETHER", 4)
    rows: list[Any] = [{"id": f"e{n}", "programID": "p1"} for n in range(10)]
    listing = collection(rows)

    async def answer(request: Any) -> Any:
        if request.path.startswith("/events/"):
            return as_json({"title": "Not Found", "status": 404}, 404)
        return await listing(request)

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        rows.clear()
        left = []

        for _ in range(3):
            await rig.service.poll(reader)
            left.append(sum(each.is_live for each in (await rig.held()).values()))

        assert left == [6, 2, 0]


async def test_what_has_long_been_gone_is_forgotten_with_its_words(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    kept, gone = await closed.event(program, "kept"), await closed.event(program, "gone")
    await rig.service.poll(ven)
    await closed.delete(f"/events/{gone['id']}", "operator")
    await rig.service.poll(ven)
    late = max(each.changed for each in (await rig.held("ven-1")).values()).replace(year=2999)

    removed = await rig.service.prune(late)
    await closed.stock(("event", gone))
    await rig.service.poll(ven)

    assert removed == 1
    assert await rig.standings("ven-1") == {kept["id"]: "seen", gone["id"]: "seen"}


async def test_a_vtn_that_cannot_be_reached_is_no_news_of_events(database: Database) -> None:
    async with http(collection([{"id": "e1", "programID": "p"}])) as server:
        url = str(server.url)
        async with reading(url, database) as rig:
            await rig.service.poll(rig.reader())
    async with reading(url, database) as rig:
        with pytest.raises(VtnError) as caught:
            await rig.service.poll(rig.reader())

        assert not isinstance(caught.value, OutcomeUnknownError)
        assert await rig.standings() == {"e1": "seen"}
