"""Events in 3.1: what they hold, how they are listed and filtered, what becomes of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, event_of

PRICES: dict[str, Any] = {
    "priority": 2,
    "duration": "P7D",
    "payloadDescriptors": [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH"}
    ],
    "intervalPeriod": {
        "start": "2026-03-01T00:00:00+01:00",
        "duration": "PT1H",
        "randomizeStart": "PT5M",
    },
    "intervals": [
        {"id": 0, "payloads": [{"type": "PRICE", "values": [0.17]}]},
        {"id": 7, "intervalPeriod": {"duration": "PT2H"}, "payloads": []},
    ],
    "targets": ["g-1", "g-2"],
}


async def names(vtn: Sandbox, query: str = "", client: str = "operator") -> list[str]:
    return [event["eventName"] for event in (await vtn.get(f"/events{query}", client)).json]


async def test_an_event_comes_back_as_it_was_given(vtn: Sandbox) -> None:
    program = await vtn.program()

    event = await vtn.event(program, "prices", **PRICES)

    assert (await vtn.get(f"/events/{event['id']}", "operator")).json == event
    assert event.pop("createdDateTime") == event.pop("modificationDateTime")
    assert event.pop("id")
    assert event == {"objectType": "EVENT", **event_of(program, "prices", **PRICES)}


async def test_a_program_is_enough_and_priority_and_targets_are_always_said(vtn: Sandbox) -> None:
    program = await vtn.program()

    event = (await vtn.post("/events", {"programID": program["id"]}, "operator")).json

    assert set(event) == {
        "id",
        "createdDateTime",
        "modificationDateTime",
        "objectType",
        "programID",
        "priority",
        "targets",
    }
    assert (event["priority"], event["targets"]) == (None, [])


async def test_a_report_descriptor_is_filled_up_with_its_defaults(vtn: Sandbox) -> None:
    asked = [{"payloadType": "USAGE", "frequency": 0, "colour": "red"}]

    event = await vtn.event(await vtn.program(), reportDescriptors=asked)

    assert event["reportDescriptors"] == [
        {
            "payloadType": "USAGE",
            "aggregate": False,
            "startInterval": -1,
            "numIntervals": -1,
            "historical": True,
            "frequency": 0,
            "repeat": 1,
            "reportIntervals": "INTERVALS",
        }
    ]


@pytest.mark.parametrize(
    "start",
    [
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0000-00-00",
        "2026-02-28T23:59:59.123456789-11:30",
        "2026-03-01t00:00:00z",
    ],
)
@pytest.mark.parametrize("duration", ["PT0S", "P9999Y", "-PT5M", "P1W", "P1Y2M3DT4H5M6.7S"])
async def test_every_spelling_of_time_that_the_specification_knows_is_fine(
    vtn: Sandbox, start: str, duration: str
) -> None:
    period = {"start": start, "duration": duration}

    event = await vtn.event(await vtn.program(), intervalPeriod=period)

    assert event["intervalPeriod"] == period


@pytest.mark.parametrize(
    "wrong",
    [
        {"programID": None},
        {"programID": "a.b"},
        {"eventName": 7},
        {"duration": "PT1.5H"},
        {"duration": "P1D\n"},
        {"duration": "P٣D"},
        {"priority": -1},
        {"priority": 1.5},
        {"priority": True},
        {"targets": "g"},
        {"intervalPeriod": {"start": "2026-03-01T00:00:00"}},
        {"intervalPeriod": {"start": "2026-03-01"}},
        {"intervalPeriod": {"start": "2026-02-30T00:00:00Z"}},
        {"intervalPeriod": {"start": "2026-03-01T24:00:00Z"}},
        {"intervalPeriod": {"start": 1772323200}},
        {"intervalPeriod": {"randomizeStart": "5 minutes"}},
        {"intervals": {}},
        {"intervals": [7]},
        {"intervals": [{"payloads": []}]},
        {"intervals": [{"id": 0}]},
        {"intervals": [{"id": "0", "payloads": []}]},
        {"intervals": [{"id": True, "payloads": []}]},
        {"intervals": [{"id": 2**31, "payloads": []}]},
        {"intervals": [{"id": 0, "payloads": [{"type": "PRICE"}]}]},
        {"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [None]}]}]},
        {"intervals": [{"id": 0, "payloads": [], "intervalPeriod": {"duration": "1h"}}]},
        {"payloadDescriptors": [{"payloadType": "PRICE"}]},
        {"payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR"}]},
        {"payloadDescriptors": [{"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "X"}]},
        {"reportDescriptors": [{}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "aggregate": 1}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "repeat": "1"}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "reportIntervals": "ALL"}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "targets": ["a b"]}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "readingType": ""}]},
    ],
)
async def test_what_breaks_the_schema_is_400_and_makes_nothing(
    vtn: Sandbox, wrong: dict[str, Any]
) -> None:
    program = await vtn.program()

    reply = await vtn.post("/events", {**event_of(program, "e"), **wrong}, "operator")

    assert reply.status == 400
    assert (await vtn.summary())["events"] == 0


async def test_a_missing_member_is_named_with_where_it_is_missing(vtn: Sandbox) -> None:
    program = await vtn.program()

    reply = await vtn.post("/events", event_of(program, "e", intervals=[{"id": 0}]), "operator")

    assert reply.detail == "intervals: missing field `payloads`"


async def test_an_event_of_an_unknown_program_breaks_the_foreign_key(vtn: Sandbox) -> None:
    event = await vtn.event(await vtn.program())
    nowhere = event_of({"id": "nowhere"}, "e")

    made = await vtn.post("/events", nowhere, "operator")
    moved = await vtn.put(f"/events/{event['id']}", nowhere, "operator")

    assert (made.status, made.detail) == (409, "A foreign key constraint is violated")
    assert moved.status == 409


async def test_a_ven_writes_no_events(vtn: Sandbox) -> None:
    program = await vtn.program()
    event = await vtn.event(program)
    path = f"/events/{event['id']}"

    made = await vtn.post("/events", event_of(program, "e"), "ven-1")

    assert (made.status, made.detail) == (403, "Missing 'write_events' scope")
    assert (await vtn.put(path, event_of(program, "e"), "ven-1")).status == 403
    assert (await vtn.delete(path, "ven-1")).status == 403


async def test_event_names_need_not_be_unique(vtn: Sandbox) -> None:
    program = await vtn.program()
    for _ in range(2):
        await vtn.event(program, "same")

    counts = await vtn.summary()

    assert (counts["events"], counts["duplicates"]) == (2, 0)


async def test_events_are_listed_by_priority_and_then_the_newest_first(vtn: Sandbox) -> None:
    program = await vtn.program()
    for name, priority in [("a", None), ("b", 1), ("c", 0), ("d", None), ("e", 1), ("f", 10)]:
        await vtn.event(program, name, priority=priority)

    assert await names(vtn) == ["c", "e", "b", "f", "d", "a"]
    assert await names(vtn, "?skip=2&limit=3") == ["b", "f", "d"]
    assert await names(vtn, "?skip=6") == []
    assert await names(vtn, "", "ven-1") == ["c", "e", "b", "f", "d", "a"]


async def test_a_put_with_another_priority_moves_the_event(vtn: Sandbox) -> None:
    program = await vtn.program()
    events = [await vtn.event(program, name) for name in ("a", "b", "c")]

    await vtn.put(f"/events/{events[0]['id']}", event_of(program, "a", priority=0), "operator")
    await vtn.put(f"/events/{events[1]['id']}", event_of(program, "b2"), "operator")

    assert await names(vtn) == ["a", "c", "b2"]


async def test_a_put_changes_the_time_of_modification_even_where_nothing_changes(
    vtn: Sandbox,
) -> None:
    program = await vtn.program()
    old = await vtn.event(program)

    reply = await vtn.put(f"/events/{old['id']}", event_of(program, "e"), "operator")

    new = reply.json
    assert reply.status == 200
    assert new["modificationDateTime"] > old["modificationDateTime"]
    assert {**new, "modificationDateTime": old["modificationDateTime"]} == old


async def test_a_put_can_move_an_event_to_another_program(vtn: Sandbox) -> None:
    one, two = await vtn.program("one"), await vtn.program("two")
    event = await vtn.event(one)

    await vtn.put(f"/events/{event['id']}", event_of(two, "e"), "operator")

    assert await names(vtn, f"?programID={one['id']}") == []
    assert await names(vtn, f"?programID={two['id']}") == ["e"]
    assert (await vtn.delete(f"/programs/{one['id']}", "operator")).status == 200


async def test_events_are_found_by_program_and_by_any_of_several_targets(vtn: Sandbox) -> None:
    one, two = await vtn.program("one"), await vtn.program("two")
    await vtn.event(one, "a", targets=["x", "y"])
    await vtn.event(one, "b", targets=["z"])
    await vtn.event(two, "c", targets=["x"])
    await vtn.event(two, "d")

    assert await names(vtn, f"?programID={one['id']}") == ["b", "a"]
    assert await names(vtn, "?targets=x") == ["c", "a"]
    assert await names(vtn, "?targets=x&targets=z") == ["c", "b", "a"]
    assert await names(vtn, f"?targets=x&programID={one['id']}") == ["a"]
    assert await names(vtn, "?programID=unknown") == []
    assert (await vtn.get("/events?targets=x,y", "operator")).status == 400
    assert (await vtn.get("/events?programID=a.b", "operator")).status == 400


DAY = timedelta(days=1)


def span(begin: timedelta, length: str | None, **more: Any) -> dict[str, Any]:
    start = (datetime.now(UTC) + begin).isoformat()
    period = {"start": start} | ({"duration": length} if length else {})
    return {"intervalPeriod": period, "intervals": [{"id": 0, "payloads": []}], **more}


@pytest.mark.parametrize(
    ("event", "over"),
    [
        (span(-2 * DAY, "P1D"), True),
        (span(-DAY / 2, "P1D"), False),
        (span(DAY, "P1D"), False),  # T-20: an event to come has not transpired
        (span(-2 * DAY, None), False),
        (span(-2 * DAY, "P9999Y"), False),
        (span(-2 * DAY, "P1D", duration="P9999Y"), False),
        (span(-2 * DAY, "P1D", duration="P1W"), False),
        (span(-2 * DAY, "P1W", duration="P1D"), True),
        (span(-2 * DAY, "P1D", duration="PT0S"), True),  # T-18: a default that is no length
        (span(-2 * DAY, "P1D", intervals=[]), True),
        (span(-40 * DAY, "P1M"), True),
        (span(-20 * DAY, "P1M"), False),
        (span(-2 * DAY, "P1D", intervals=[{"id": n, "payloads": []} for n in range(3)]), False),
        ({"intervalPeriod": {"start": "0001-01-01", "duration": "P1D"}}, False),
        ({"intervalPeriod": {"start": "0001-01-01", "duration": "PT0S"}}, True),
        ({}, False),
    ],
)
async def test_t20_active_leaves_out_what_has_transpired_and_nothing_else(
    vtn: Sandbox, event: dict[str, Any], over: bool
) -> None:
    program = await vtn.program()
    await vtn.event(program, **event)

    assert await names(vtn) == ["e"]
    assert await names(vtn, "?active=false") == ["e"]
    assert await names(vtn, "?active=true") == ([] if over else ["e"])


async def test_an_event_passes_while_nobody_writes(vtn: Sandbox) -> None:
    program = await vtn.program()
    await vtn.event(program, **span(timedelta(0), "PT0.5S"))
    assert await names(vtn, "?active=true") == ["e"]

    async with asyncio.timeout(5):
        while await names(vtn, "?active=true"):
            pass

    assert await names(vtn) == ["e"]


@pytest.mark.parametrize("value", ["", "1", "True", "maybe"])
async def test_active_is_true_or_false(vtn: Sandbox, value: str) -> None:
    assert (await vtn.get(f"/events?active={value}", "operator")).status == 400


async def test_a_delete_answers_with_what_is_gone(vtn: Sandbox) -> None:
    event = await vtn.event(await vtn.program(), **PRICES)
    path = f"/events/{event['id']}"

    reply = await vtn.delete(path, "operator")

    assert (reply.status, reply.json) == (200, event)
    assert (await vtn.get(path, "operator")).status == 404
    assert await names(vtn, "?targets=g-1") == []


async def test_nul_in_a_text_is_a_database_error(vtn: Sandbox) -> None:
    program = await vtn.program()

    reply = await vtn.post("/events", event_of(program, "a\0b"), "operator")

    assert (reply.status, reply.detail) == (500, "A database error occurred")


async def test_an_open_vtn_takes_events_from_anybody(open_vtn: Sandbox) -> None:
    program = (await open_vtn.post("/programs", {"programName": "p", "targets": ["g"]})).json
    made = await open_vtn.post("/events", event_of(program, "e", targets=["g"]))

    assert made.status == 201
    assert (await open_vtn.get("/events")).json == [made.json]
    assert (await open_vtn.get("/programs")).json == [program]


async def test_the_ledger_holds_every_version_of_an_event(vtn: Sandbox) -> None:
    program = await vtn.program()
    event = await vtn.event(program, "old")
    changed = await vtn.put(f"/events/{event['id']}", event_of(program, "new"), "operator")
    await vtn.delete(f"/events/{event['id']}", "operator")

    lines = [line for line in await vtn.ledger() if line["path"].startswith("/events")]

    assert [line["object"] for line in lines] == [event, changed.json, changed.json]
