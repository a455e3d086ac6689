"""Sending reports: names and ids, ours and somebody else's."""

from tests.reporting.rig import START, Rig, draft
from tests.reporting.sent import HOUR, at_vtn, names
from tests.sandbox.rig import Sandbox, report_on


async def test_t24_reports_of_many_vens_on_one_event_take_no_name_of_each_other(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-24: a VTN may want names to be unique over all VENs; ours are."""
    vens = ["Aalborg", "Vejle", "Ærø"]
    await rig.file(*(draft(rig, f"{ven}.{event}.0", event, ven) for ven in vens))

    await rig.drain()

    assert await names(sandbox) == sorted(f"{ven}.{event}.0" for ven in vens)
    assert set((await rig.states()).values()) == {"sent"}


async def test_t25_a_name_that_is_ours_already_is_adopted_and_put_right(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-25: the 409 of an earlier life of ours, which said something else."""
    old = {"eventID": event, "clientName": "Aalborg", "reportName": "r", "resources": []}
    before = (await sandbox.post("/reports", old)).json
    await rig.file(draft(rig, "r", event))

    await rig.drain()

    [report] = await at_vtn(sandbox)
    assert report["id"] == before["id"]
    assert report["resources"][0]["resourceName"] == "bar 0"
    assert await rig.states() == {"r": "sent"}


async def test_t25_a_name_that_is_somebody_elses_is_left_to_them(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-25: a foreign object is never overwritten."""
    theirs = (await sandbox.post("/reports", report_on({"id": event}, "r"))).json
    await rig.file(draft(rig, "r", event), draft(rig, "s", event, due=START + HOUR))

    await rig.drain()

    assert await rig.states() == {"r": "quarantined: name taken", "s": "sent"}
    assert (await at_vtn(sandbox))[0] == theirs
    assert rig.sender.tally.quarantined == {"name taken": 1}


async def test_t27_a_replacement_says_everything_again(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """T-27: a PUT replaces; what it leaves out is gone."""
    await rig.file(draft(rig, "r", event, resources=("bar 0", "bar 1")))
    await rig.drain()

    await rig.outbox.amend(
        [draft(rig, "r", event, resources=("bar 0", "bar 1"), value=7.0)], rig.now
    )
    await rig.drain()

    [report] = await at_vtn(sandbox)
    assert [r["resourceName"] for r in report["resources"]] == ["bar 0", "bar 1"]
    assert report["resources"][1]["intervals"][0]["payloads"][0]["values"] == [7.0]
    assert report["payloadDescriptors"][0]["units"] == "KWH"
    assert (await sandbox.summary())["writes"] == 4


async def test_an_id_that_the_vtn_forgot_is_found_by_its_name_or_made_again(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await rig.file(draft(rig, "r", event))
    await rig.drain()
    [report] = await at_vtn(sandbox)
    await sandbox.delete(f"/reports/{report['id']}")

    await rig.outbox.amend([draft(rig, "r", event, value=7.0)], rig.now)
    await rig.drain()

    assert await rig.states() == {"r": "sent"}
    assert await names(sandbox) == ["r"]
