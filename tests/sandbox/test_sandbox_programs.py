"""Programs in 3.1."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox

DESCRIPTOR = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "currency": "EUR"}
FULL: dict[str, Any] = {
    "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "P1Y"},
    "programDescriptions": [{"URL": "https://example.org/tou"}],
    "payloadDescriptors": [
        DESCRIPTOR,
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "units": "KWH"},
    ],
    "attributes": [{"type": "PROGRAM_LONG_NAME", "values": ["Time of use"]}],
    "targets": ["g-1"],
}


async def test_business_logic_makes_a_program(vtn: Sandbox) -> None:
    reply = await vtn.post("/programs", {"programName": "TOU", "id": "x", **FULL}, "operator")

    program = reply.json
    assert reply.status == 201
    assert program.pop("id") != "x"
    assert program.pop("createdDateTime") == program.pop("modificationDateTime")
    assert program == {"objectType": "PROGRAM", "programName": "TOU", **FULL}


async def test_a_name_is_enough(vtn: Sandbox) -> None:
    program = await vtn.program("TOU")

    assert program["targets"] == []
    assert (await vtn.get(f"/programs/{program['id']}", "operator")).json == program


async def test_a_ven_reads_programs_and_writes_none(vtn: Sandbox) -> None:
    program = await vtn.program("TOU")
    path = f"/programs/{program['id']}"

    made = await vtn.post("/programs", {"programName": "mine"}, "ven-1")

    assert (made.status, made.detail) == (403, "Missing 'write_programs' scope")
    assert (await vtn.put(path, {"programName": "mine"}, "ven-1")).status == 403
    assert (await vtn.delete(path, "ven-1")).status == 403
    assert (await vtn.get(path, "ven-1")).json == program
    assert (await vtn.get("/programs", "ven-1")).json == [program]
    assert (await vtn.get("/programs")).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"programName": None},
        {"programName": ""},
        {"programName": "a" * 129},
        {"intervalPeriod": []},
        {"intervalPeriod": {"start": "2026-01-01"}},
        {"intervalPeriod": {"duration": "P1H"}},
        {"programDescriptions": [{}]},
        {"programDescriptions": [{"URL": "a"}]},
        {"programDescriptions": [{"URL": "a" * 8001}]},
        {"payloadDescriptors": [{"payloadType": "PRICE"}]},
        {"payloadDescriptors": [{**DESCRIPTOR, "objectType": "PROGRAM"}]},
        {"payloadDescriptors": [{**DESCRIPTOR, "payloadType": None}]},
        {"payloadDescriptors": [{**DESCRIPTOR, "units": "u" * 129}]},
        {"attributes": [{"type": "X"}]},
        {"targets": [{"type": "GROUP", "values": ["g"]}]},
        {"targets": ["a b"]},
    ],
)
async def test_what_breaks_the_schema_is_400_and_makes_nothing(
    vtn: Sandbox, wrong: dict[str, Any]
) -> None:
    reply = await vtn.post("/programs", {"programName": "p", **wrong}, "operator")

    assert (reply.status, reply.json["title"]) == (400, "400 Bad Request")
    assert (await vtn.summary())["programs"] == 0


async def test_a_second_program_of_a_name_is_a_conflict(vtn: Sandbox) -> None:
    await vtn.program("TOU")
    other = await vtn.program("other")

    again = await vtn.post("/programs", {"programName": "TOU"}, "operator")
    renamed = await vtn.put(f"/programs/{other['id']}", {"programName": "TOU"}, "operator")

    assert (again.status, again.detail) == (409, "Conflict")
    assert renamed.status == 409


async def test_a_lenient_vtn_takes_a_second_one_and_counts_it() -> None:
    async with Sandbox(lenient=True) as vtn:
        await vtn.program("TOU")
        await vtn.program("TOU")

        counts = await vtn.summary()

    assert (counts["programs"], counts["duplicates"]) == (2, 1)


async def test_programs_are_listed_the_newest_first(vtn: Sandbox) -> None:
    for n in range(3):
        await vtn.program(f"p-{n}")

    names = [each["programName"] for each in (await vtn.get("/programs", "operator")).json]
    page = (await vtn.get("/programs?skip=1&limit=1", "ven-1")).json

    assert names == ["p-2", "p-1", "p-0"]
    assert [each["programName"] for each in page] == ["p-1"]


async def test_a_put_replaces_everything_that_is_the_clients(vtn: Sandbox) -> None:
    old = await vtn.program("old", **FULL)

    reply = await vtn.put(f"/programs/{old['id']}", {"programName": "new"}, "operator")

    new = reply.json
    assert reply.status == 200
    assert (new["id"], new["createdDateTime"]) == (old["id"], old["createdDateTime"])
    assert new["modificationDateTime"] > old["modificationDateTime"]
    assert (new["programName"], new["targets"]) == ("new", [])
    assert "attributes" not in new


async def test_a_program_with_events_cannot_be_deleted(vtn: Sandbox) -> None:
    program = await vtn.program()
    event = await vtn.event(program)
    path = f"/programs/{program['id']}"

    refused = await vtn.delete(path, "operator")
    await vtn.delete(f"/events/{event['id']}", "operator")

    assert (refused.status, refused.detail) == (409, "A foreign key constraint is violated")
    assert (await vtn.delete(path, "operator")).json == program
    assert (await vtn.get(path, "operator")).status == 404
