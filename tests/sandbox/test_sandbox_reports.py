"""Reports: what they hold, whose they are, and when a name is taken."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, event_of, report_on
from ven_daemon.sandbox.clients import Client

USAGE: dict[str, Any] = {
    "payloadDescriptors": [
        {
            "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
            "payloadType": "USAGE",
            "readingType": "DIRECT_READ",
            "units": "KWH",
            "accuracy": 0.5,
            "confidence": 100,
        }
    ],
    "resources": [
        {
            "resourceName": "meter-1",
            "intervalPeriod": {"start": "2026-03-14T00:00:00Z", "duration": "PT1H"},
            "intervals": [
                {
                    "id": 0,
                    "payloads": [
                        {"type": "USAGE", "values": [0.012]},
                        {"type": "DATA_QUALITY", "values": ["OK"]},
                    ],
                }
            ],
        }
    ],
}


async def new_event(vtn: Sandbox, program: str = "p", **more: Any) -> Any:
    return await vtn.event(await vtn.program(program), **more)


async def names(vtn: Sandbox, query: str = "", client: str = "operator") -> list[str]:
    rows = (await vtn.get(f"/reports{query}", client)).json
    return [row["reportName"] for row in rows]


async def test_a_ven_reports_under_its_own_client(vtn: Sandbox) -> None:
    event = await new_event(vtn)

    report = await vtn.report(event, "r", clientID="stolen", **USAGE)

    assert (await vtn.get(f"/reports/{report['id']}", "ven-1")).json == report
    assert report.pop("createdDateTime") == report.pop("modificationDateTime")
    assert report.pop("id")
    expected = {"objectType": "REPORT", "clientID": "ven-1", **report_on(event, "r", **USAGE)}
    assert report == expected


async def test_business_logic_reads_reports_and_writes_none(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    report = await vtn.report(event, "r")
    path = f"/reports/{report['id']}"

    made = await vtn.post("/reports", report_on(event, "x"), "operator")

    assert (made.status, made.detail) == (403, "Missing 'write_reports' scope")
    assert (await vtn.get("/reports", "operator")).json == [report]
    assert (await vtn.put(path, report_on(event, "x"), "operator")).status == 403
    assert (await vtn.delete(path, "operator")).status == 403


async def test_a_ven_reaches_its_own_reports_only(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    report = await vtn.report(event, "r", "ven-1")
    path = f"/reports/{report['id']}"

    assert await names(vtn, "", "ven-1") == ["r"]
    assert await names(vtn, "", "ven-2") == []
    assert (await vtn.get(path, "ven-2")).status == 404
    assert (await vtn.put(path, report_on(event, "r"), "ven-2")).status == 404
    assert (await vtn.delete(path, "ven-2")).status == 404


async def test_one_credential_for_all_reports_for_all() -> None:
    scopes = ("read_all", "write_vens_bl", "write_reports", "write_programs", "write_events")
    async with Sandbox(clients=(Client("operator", "s-operator", "bl", scopes),)) as vtn:
        event = await new_event(vtn)

        report = await vtn.report(event, "r", "operator")

        assert report["clientID"] == "operator"
        assert (await vtn.put(f"/reports/{report['id']}", report_on(event, "r"), "operator")).json
        assert (await vtn.delete(f"/reports/{report['id']}", "operator")).status == 200


async def test_an_open_vtn_knows_nobody_by_name(open_vtn: Sandbox) -> None:
    program = (await open_vtn.post("/programs", {"programName": "p"})).json
    event = (await open_vtn.post("/events", event_of(program, "e"))).json

    report = (await open_vtn.post("/reports", report_on(event, "r"))).json

    assert report["clientID"] == "anonymous"
    assert (await open_vtn.get("/reports")).json == [report]


@pytest.mark.parametrize(
    "wrong",
    [
        {"eventID": None},
        {"eventID": "a.b"},
        {"clientName": None},
        {"clientName": ""},
        {"clientName": "æ" * 65},
        {"resources": None},
        {"resources": {}},
        {"reportName": 7},
        {"resources": [{"resourceName": "r"}]},
        {"resources": [{"intervals": []}]},
        {"resources": [{"resourceName": "r" * 129, "intervals": []}]},
        {"resources": [{"resourceName": "r", "intervals": [{"payloads": []}]}]},
        {"resources": [{"resourceName": "r", "intervals": [{"id": 0}]}]},
        {"resources": [{"resourceName": "r", "intervals": [{"id": 0, "payloads": [{}]}]}]},
        {"resources": [{"resourceName": "r", "intervals": [], "intervalPeriod": {"start": "x"}}]},
        {"payloadDescriptors": [{"payloadType": "USAGE"}]},
        {"payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "X"}]},
        {"payloadDescriptors": [{**USAGE["payloadDescriptors"][0], "confidence": 101}]},
        {"payloadDescriptors": [{**USAGE["payloadDescriptors"][0], "confidence": 0.5}]},
        {"payloadDescriptors": [{**USAGE["payloadDescriptors"][0], "accuracy": "high"}]},
    ],
)
async def test_what_breaks_the_schema_is_400_and_makes_nothing(
    vtn: Sandbox, wrong: dict[str, Any]
) -> None:
    event = await new_event(vtn)

    reply = await vtn.post("/reports", {**report_on(event, "r"), **wrong}, "ven-1")

    assert reply.status == 400
    assert (await vtn.summary())["reports"] == 0


async def test_t24_a_report_name_is_unique_across_the_whole_vtn(vtn: Sandbox) -> None:
    event, other = await new_event(vtn), await new_event(vtn, "q")
    await vtn.report(event, "usage", "ven-1")
    mine = await vtn.report(event, "mine", "ven-2")

    again = await vtn.post("/reports", report_on(event, "usage"), "ven-1")
    elsewhere = await vtn.post("/reports", report_on(other, "usage"), "ven-2")
    renamed = await vtn.put(f"/reports/{mine['id']}", report_on(event, "usage"), "ven-2")

    assert (again.status, again.detail) == (409, "Conflict")
    assert (elsewhere.status, renamed.status) == (409, 409)
    assert (await vtn.summary())["duplicates"] == 0


async def test_reports_without_a_name_never_collide(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    for _ in range(2):
        await vtn.report(event, None)

    counts = await vtn.summary()

    assert (counts["reports"], counts["duplicates"]) == (2, 0)


async def test_a_lenient_vtn_takes_a_name_again_and_counts_it() -> None:
    async with Sandbox(lenient=True) as vtn:
        event = await new_event(vtn)
        first = await vtn.report(event, "r")
        for _ in range(2):
            await vtn.report(event, "r", "ven-2")
        doubled = (await vtn.summary())["duplicates"]

        await vtn.put(f"/reports/{first['id']}", report_on(event, "other"), "ven-1")

        assert doubled == 2
        assert (await vtn.summary())["duplicates"] == 1


async def test_t28_a_report_on_a_deleted_event_breaks_the_foreign_key(vtn: Sandbox) -> None:
    event, other = await new_event(vtn), await new_event(vtn, "q")
    report = await vtn.report(other, "r")
    await vtn.delete(f"/events/{event['id']}", "operator")

    made = await vtn.post("/reports", report_on(event, "x"), "ven-1")
    moved = await vtn.put(f"/reports/{report['id']}", report_on(event, "r"), "ven-1")

    assert (made.status, made.detail) == (409, "A foreign key constraint is violated")
    assert moved.status == 409


async def test_an_event_with_reports_cannot_be_deleted(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    report = await vtn.report(event, "r")

    refused = await vtn.delete(f"/events/{event['id']}", "operator")
    await vtn.delete(f"/reports/{report['id']}", "ven-1")

    assert (refused.status, refused.detail) == (409, "A foreign key constraint is violated")
    assert (await vtn.delete(f"/events/{event['id']}", "operator")).status == 200


async def test_any_event_may_be_reported_on_seen_or_not(vtn: Sandbox) -> None:
    event = await new_event(vtn, targets=["secret"])

    assert (await vtn.report(event, "r"))["eventID"] == event["id"]


async def test_reports_are_found_by_event_program_and_client_name(vtn: Sandbox) -> None:
    one, two = await new_event(vtn, "one"), await new_event(vtn, "two")
    await vtn.report(one, "a")
    await vtn.report(one, "b", "ven-2", clientName="site-2")
    await vtn.report(two, "c")

    assert await names(vtn) == ["c", "b", "a"]
    assert await names(vtn, "?skip=1&limit=1") == ["b"]
    assert await names(vtn, f"?eventID={one['id']}") == ["b", "a"]
    assert await names(vtn, f"?programID={two['programID']}") == ["c"]
    assert await names(vtn, "?clientName=site-1") == ["c", "a"]
    assert await names(vtn, f"?clientName=site-1&eventID={one['id']}", "ven-1") == ["a"]
    assert await names(vtn, "?clientName=site-2", "ven-1") == []
    assert await names(vtn, "?programID=unknown") == []


@pytest.mark.parametrize("query", ["eventID=a.b", "programID=", "clientName="])
async def test_an_impossible_filter_is_400(vtn: Sandbox, query: str) -> None:
    assert (await vtn.get(f"/reports?{query}", "operator")).status == 400


async def test_a_put_completes_a_report_and_keeps_id_client_and_birth(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    old = await vtn.report(event, "r")

    reply = await vtn.put(f"/reports/{old['id']}", report_on(event, "r", **USAGE), "ven-1")

    new = reply.json
    assert (reply.status, new["resources"]) == (200, USAGE["resources"])
    assert new["modificationDateTime"] > old["modificationDateTime"]
    kept = ("id", "clientID", "createdDateTime", "reportName")
    assert [new[member] for member in kept] == [old[member] for member in kept]


async def test_in_3_0_a_report_says_its_program_and_has_no_client(vtn30: Sandbox) -> None:
    event, other = await new_event(vtn30, "one"), await new_event(vtn30, "two")
    program = event["programID"]

    report = await vtn30.report(event, "r", programID=program)
    without = await vtn30.post("/reports", report_on(event, "x"), "ven-1")
    mismatch = await vtn30.post(
        "/reports", report_on(event, "x", programID=other["programID"]), "ven-1"
    )
    unknown = await vtn30.post("/reports", report_on({"id": "x"}, "x", programID=program), "ven-1")
    again = await vtn30.post("/reports", report_on(event, "r", programID=program), "ven-2")

    assert (report["programID"], "clientID" in report) == (program, False)
    assert (without.status, without.detail) == (400, "missing field `programID`")
    assert (mismatch.status, unknown.status, again.status) == (400, 404, 409)


async def test_in_3_0_every_client_sees_every_report(vtn30: Sandbox) -> None:
    event = await new_event(vtn30)
    report = await vtn30.report(event, "r", programID=event["programID"])

    assert await names(vtn30, f"?programID={event['programID']}", "ven-2") == ["r"]
    assert (await vtn30.get(f"/reports/{report['id']}", "ven-2")).json == report


async def test_the_ledger_shows_what_was_reported(vtn: Sandbox) -> None:
    event = await new_event(vtn)
    await vtn.faults({"method": "POST", "path": "^/reports", "kind": "accept-then-reset"})
    with pytest.raises(OSError):  # noqa: PT011 - whatever a cut connection is called here
        await vtn.report(event, "lost")

    (line,) = [line for line in await vtn.ledger() if line["path"] == "/reports"]

    assert (line["accepted"], line["object"]["reportName"]) == (True, "lost")
    assert (line["client"], line["fault"]) == ("ven-1", "accept-then-reset")
