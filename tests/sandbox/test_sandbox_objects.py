"""Objects put there by the control plane: many at once, unchecked."""

from typing import Any

import orjson
import pytest

from tests.sandbox.rig import Sandbox, bl_ven


async def listed(vtn: Sandbox, path: str, client: str = "operator") -> list[Any]:
    rows: list[Any] = []
    mark = "&" if "?" in path else "?"
    while page := (await vtn.get(f"{path}{mark}skip={len(rows)}", client)).json:
        rows += page
    return rows


async def test_many_events_are_put_at_once_and_behave_like_any_other(vtn: Sandbox) -> None:
    await vtn.ven("ven-1", targets=["g-1"])
    program = {"id": "p-1", "programName": "prices"}
    events = [
        {"id": f"e-{n}", "programID": "p-1", "eventName": str(n), "targets": ["g-1", f"t-{n % 2}"]}
        for n in range(1_000)
    ]

    reply = await vtn.stock(("program", program), *(("event", event) for event in events))

    assert (reply.status, reply.json) == (200, {"put": 1_001})
    rows = await listed(vtn, "/events", "ven-1")
    assert [row["id"] for row in rows] == [f"e-{n}" for n in reversed(range(1_000))]
    assert {tuple(row["targets"]) for row in rows} == {("g-1",)}
    assert len(await listed(vtn, "/events?targets=t-1")) == 500
    counts = await vtn.summary()
    assert (counts["events"], counts["programs"]) == (1_000, 1)


async def test_the_metadata_that_is_left_out_is_made_up(vtn: Sandbox) -> None:
    await vtn.stock(("program", {"programName": "p"}))

    (program,) = (await vtn.get("/programs", "operator")).json

    assert program["id"]
    assert program["objectType"] == "PROGRAM"
    assert program["createdDateTime"] == program["modificationDateTime"]


async def test_an_object_of_a_known_id_is_replaced_in_its_place(vtn: Sandbox) -> None:
    await vtn.stock(*(("program", {"id": f"p-{n}", "programName": f"p-{n}"}) for n in range(3)))

    await vtn.stock(("program", {"id": "p-1", "programName": "new"}))

    names = [row["programName"] for row in (await vtn.get("/programs", "operator")).json]
    assert names == ["p-2", "new", "p-0"]


@pytest.mark.parametrize(
    "event",
    [
        {"intervals": "nonsense", "priority": "high", "targets": "g"},
        {"intervalPeriod": {"start": "2026-13-01 00:00", "duration": "P0S"}},
        {"intervalPeriod": [], "intervals": [7, None]},
        {"modificationDateTime": 7, "duration": {}},
        {"targets": [{"type": [], "values": ["x", 7]}, {"values": 7}, 7, None]},
        {"programID": 7, "createdDateTime": None},
    ],
)
async def test_nothing_is_checked_and_what_no_vtn_should_let_in_is_served(
    vtn: Sandbox, event: dict[str, Any]
) -> None:
    await vtn.stock(("event", {"id": "odd", **event}))

    rows = (await vtn.get("/events?active=true", "operator")).json

    assert [{member: row[member] for member in event} for row in rows] == [event]
    assert (await vtn.get("/events/odd", "operator")).status == 200
    assert (await vtn.delete("/events/odd", "operator")).status == 200


async def test_where_a_line_cannot_be_used_nothing_is_put(vtn: Sandbox) -> None:
    good = orjson.dumps({"kind": "program", "object": {"programName": "p"}})
    for line, complaint in {
        b"{": "line 3: not JSON",
        b"[]": "line 3: expected an object",
        b'{"kind":"program"}': "line 3: expected an object",
        b'{"kind":"thing","object":{}}': "line 3: kind: expected one of ven, resource, program",
        b'{"kind":"event","object":{"id":7}}': "line 3: id: invalid type",
    }.items():
        reply = await vtn.call("POST", "/sandbox/objects", good + b"\n\n" + line)

        assert (reply.status, reply.detail[: len(complaint)]) == (400, complaint)
    assert (await vtn.summary())["programs"] == 0


async def test_putting_is_no_write_of_a_client_and_is_in_no_ledger(vtn: Sandbox) -> None:
    await vtn.stock(("ven", bl_ven("ven-1", "v")))

    assert (await vtn.summary())["writes"] == 0
    assert await vtn.ledger() == []
    assert (await vtn.get("/vens", "ven-1")).json[0]["venName"] == "v"


async def test_a_body_may_be_larger_than_one_of_openadr(vtn: Sandbox) -> None:
    program = {"programName": "p", "attributes": [{"type": "X", "values": ["x" * 3_000_000]}]}

    assert (await vtn.stock(("program", program))).status == 200


async def test_the_method_is_post(vtn: Sandbox) -> None:
    assert (await vtn.get("/sandbox/objects")).status == 405
