"""Programs and events in 3.0.1: typed targets, no privacy, everything required that 3.1 let go."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, event_of

FULL: dict[str, Any] = {
    "programLongName": "Time of use",
    "retailerName": "ACME",
    "retailerLongName": "ACME Electric",
    "programType": "PRICING_TARIFF",
    "country": "DK",
    "principalSubdivision": "DK-81",
    "timeZoneOffset": "PT1H",
    "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "P1Y"},
    "programDescriptions": [{"URL": "x"}],
    "bindingEvents": True,
    "localPrice": False,
    "payloadDescriptors": [
        {"payloadType": "PRICE", "units": "KWH", "currency": "DKK"},
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "confidence": 90},
    ],
    "targets": [{"type": "GROUP", "values": ["g-1"]}],
}


def group(*values: str) -> list[dict[str, Any]]:
    return [{"type": "GROUP", "values": list(values)}]


async def test_a_program_has_the_members_that_3_1_dropped(vtn30: Sandbox) -> None:
    program = await vtn30.program("TOU", **FULL)

    assert {member: program[member] for member in FULL} == FULL


async def test_targets_that_are_left_out_are_null(vtn30: Sandbox) -> None:
    program = await vtn30.program("TOU")
    event = await vtn30.event(program)

    assert (program["targets"], event["targets"]) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"intervals": None},
        {"intervalPeriod": {"duration": "PT1H"}},
        {"targets": ["g-1"]},
        {"payloadDescriptors": [{"units": "KWH"}]},
        {"reportDescriptors": [{"payloadType": "USAGE", "targets": ["g"]}]},
    ],
)
async def test_what_breaks_the_schema_is_400(vtn30: Sandbox, wrong: dict[str, Any]) -> None:
    program = await vtn30.program()

    reply = await vtn30.post("/events", {**event_of(program, "e"), **wrong}, "operator")

    assert reply.status == 400


@pytest.mark.parametrize(
    "wrong", [{"bindingEvents": "yes"}, {"country": 45}, {"timeZoneOffset": "+1"}]
)
async def test_a_program_that_breaks_the_schema_is_400(
    vtn30: Sandbox, wrong: dict[str, Any]
) -> None:
    reply = await vtn30.post("/programs", {"programName": "p", **wrong}, "operator")

    assert reply.status == 400


async def test_a_descriptor_needs_no_object_type_and_an_event_no_duration(vtn30: Sandbox) -> None:
    descriptors = [{"payloadType": "PRICE", "units": "u" * 200}]

    event = await vtn30.event(
        await vtn30.program(), payloadDescriptors=descriptors, duration="not of this version"
    )

    assert event["payloadDescriptors"] == descriptors
    assert "duration" not in event


async def test_every_client_reads_every_event_whatever_its_targets(vtn30: Sandbox) -> None:
    event = await vtn30.event(await vtn30.program(), targets=group("secret"))

    assert (await vtn30.get("/events", "ven-1")).json == [event]
    assert (await vtn30.get(f"/events/{event['id']}", "ven-2")).json == event


async def test_a_ven_writes_neither(vtn30: Sandbox) -> None:
    program = await vtn30.program()

    assert (await vtn30.post("/programs", {"programName": "x"}, "ven-1")).status == 403
    assert (await vtn30.post("/events", event_of(program, "e"), "ven-1")).status == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("targetType=GROUP&targetValues=g-2", ["b", "a"]),
        ("targetType=GROUP&targetValues=g-1&targetValues=g-3", ["c", "a"]),
        ("targetType=VEN_NAME&targetValues=g-1", []),
        ("", ["d", "c", "b", "a"]),
        ("active=true", ["d", "c", "b", "a"]),
        ("active=nonsense", ["d", "c", "b", "a"]),
        ("targets=a%20b", ["d", "c", "b", "a"]),
    ],
)
async def test_events_are_found_by_typed_targets_and_parameters_of_3_1_are_passed_over(
    vtn30: Sandbox, query: str, found: list[str]
) -> None:
    program = await vtn30.program()
    over = {"start": "2020-01-01T00:00:00Z", "duration": "PT1H"}
    await vtn30.event(program, "a", targets=group("g-1", "g-2"), intervalPeriod=over)
    await vtn30.event(program, "b", targets=group("g-2"))
    await vtn30.event(program, "c", targets=group("g-3"))
    await vtn30.event(program, "d")

    rows = (await vtn30.get(f"/events?{query}", "ven-1")).json

    assert [row["eventName"] for row in rows] == found


@pytest.mark.parametrize("query", ["targetType=GROUP", "targetValues=g"])
async def test_type_and_values_go_together(vtn30: Sandbox, query: str) -> None:
    assert (await vtn30.get(f"/events?{query}", "ven-1")).status == 400
    assert (await vtn30.get(f"/programs?{query}", "ven-1")).status == 400


async def test_foreign_keys_hold(vtn30: Sandbox) -> None:
    program = await vtn30.program()
    await vtn30.event(program)

    made = await vtn30.post("/events", event_of({"id": "nowhere"}, "e"), "operator")

    assert made.status == 409
    assert (await vtn30.delete(f"/programs/{program['id']}", "operator")).status == 409
