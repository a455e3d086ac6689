"""What holds, as those who act on it are told: from the record, whether the VTN is there or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox, event_of
from ven_daemon.domain.sightings import Known
from ven_daemon.store.database import Database

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
FIXED = {"start": "2026-06-01T12:00:00Z", "duration": "PT1H"}
NOW = {"start": "0001-01-01", "duration": "PT1H"}
OVER = {"start": "0001-01-01", "duration": "PT0S"}
SIMPLE = [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}]


async def standing(rig: Rig, since: datetime = NOON) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for known in await rig.service.standing(since):
        found.setdefault(known.event.name or "", []).append(known)
    return found


async def publish(vtn: Sandbox, name: str, period: Any = FIXED, **more: Any) -> Any:
    program = await vtn.program(f"program of {name}")
    return await vtn.event(program, name, intervalPeriod=period, intervals=SIMPLE, **more)


async def test_a_version_that_several_vens_were_shown_is_one_with_all_its_readers(
    rig: Rig, closed: Sandbox
) -> None:
    await publish(closed, "for all")
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))

    ((known,),) = (await standing(rig)).values()

    assert known.readers == {"ven-1", "ven-2"}
    assert known.program is not None
    assert known.program.name == "program of for all"
    held = [(await rig.held(client))[known.event.id].seen for client in ("ven-1", "ven-2")]
    assert known.seen == min(held)


async def test_now_is_each_readers_own(rig: Rig, closed: Sandbox) -> None:
    event = await publish(closed, "now", NOW)
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))

    (both,) = (await standing(rig)).values()

    assert {known.readers: known.seen for known in both} == {
        frozenset({client}): (await rig.held(client))[event["id"]].seen
        for client in ("ven-1", "ven-2")
    }


async def test_what_one_credential_reads_is_everybodys(rig: Rig, closed: Sandbox) -> None:
    await publish(closed, "e", targets=["north"])
    operator = await rig.ven(closed, "operator")

    await rig.service.poll(rig.reader("", operator.client._credential))

    ((known,),) = (await standing(rig)).values()
    assert known.readers is None


async def test_only_what_holds_and_is_not_over_is_told(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    gone, cancelled = await publish(closed, "gone"), await publish(closed, "cancelled")
    await publish(closed, "past", {"start": "2026-06-01T11:00:00Z", "duration": "PT1H"})
    await publish(closed, "ends later")
    await publish(closed, "moved", {**FIXED, "randomizeStart": "PT1H"})
    await publish(closed, "endless", {"start": "2020-01-01T00:00:00Z", "duration": "P9999Y"})
    bad = {**gone, "id": "bad", "eventName": "bad", "priority": "high"}
    await closed.stock(("event", bad))
    await rig.service.poll(ven)
    await closed.delete(f"/events/{gone['id']}", "operator")
    zero = event_of(
        {"id": cancelled["programID"]},
        "cancelled",
        intervalPeriod={"start": "0001-01-01", "duration": "PT0S"},
    )
    await closed.put(f"/events/{cancelled['id']}", zero, "operator")
    before = await standing(rig)

    await rig.service.poll(ven)

    assert before.keys() == {"gone", "cancelled", "ends later", "moved", "endless"}
    assert (await standing(rig)).keys() == {"ends later", "moved", "endless"}
    assert (await standing(rig, LATER)).keys() == {"moved", "endless"}
    assert (await standing(rig, LATER + timedelta(hours=1))).keys() == {"endless"}


async def test_after_a_restart_it_is_told_from_the_record_though_the_vtn_is_gone(
    closed: Sandbox, database: Database
) -> None:
    async with reading(closed.url, database) as rig:
        await publish(closed, "e", NOW)
        await rig.service.poll(await rig.ven(closed, "ven-1"))
        await rig.service.note_contact()
        before, heard = await standing(rig), await rig.service.heard()
    async with reading("http://127.0.0.1:9/", database) as rig:
        after, heard_before = await standing(rig), await rig.service.heard()

    assert after == before
    assert heard.keys() == {"ven-1"}
    assert heard_before == {None: heard["ven-1"]}  # type: ignore[index]


async def test_an_update_is_told_and_nothing_is_read_again_without_one(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await publish(closed, "before")
    await rig.service.poll(ven)
    first = await standing(rig)
    changed = {**event_of({"id": event["programID"]}, "after"), "intervalPeriod": FIXED}
    await closed.put(f"/events/{event['id']}", changed, "operator")

    await rig.service.poll(ven)

    assert first.keys() == {"before"}
    assert (await standing(rig)).keys() == {"after"}


async def test_3_0_events_are_told_with_their_dialect(database: Database) -> None:
    async with Sandbox(profile="3.0") as vtn, reading(vtn.url, database, "3.0") as rig:
        await publish(vtn, "old")
        await rig.service.poll(await rig.ven(vtn, "ven-1"))

        ((known,),) = (await standing(rig)).values()

    assert known.dialect == "3.0"
