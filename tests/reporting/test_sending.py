"""Sending reports: in order, no VEN waiting for another, and none lost in an outage."""

from tests.reporting.rig import START, Rig, draft
from tests.reporting.sent import HOUR, POST, asked, names, posted, taken, until
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.ids import VenName


async def test_reports_of_one_ven_leave_in_the_order_they_were_due(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await rig.file(*(draft(rig, f"r{9 - n}", event, due=START + n * HOUR) for n in range(9)))

    await rig.drain()

    assert await posted(sandbox) == [f"r{9 - n}" for n in range(9)]
    assert set((await rig.states()).values()) == {"sent"}
    assert await rig.balanced()


async def test_no_ven_waits_for_another(sandbox: Sandbox, rig: Rig, event: str) -> None:
    await sandbox.faults({**POST, "kind": "hang", "times": 1})
    await rig.file(draft(rig, "a", event, "Aalborg"))
    await rig.draining.begin()
    await until(asked, sandbox, 3)
    others = [draft(rig, f"v{n}", event, "Vejle", START + n * HOUR) for n in range(5)]
    await rig.file(*others)

    await rig.draining.begin()
    await until(taken, sandbox, 5)
    stuck = await rig.states()
    await rig.draining.settle()

    assert stuck["a"] == "sending"


async def test_a_vtn_that_refuses_everything_costs_no_report(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    """F09: what all get is nobody's fault; a part of them may be set aside before that is seen."""
    await sandbox.faults({**POST, "kind": "status", "status": 400})
    await rig.file(*(draft(rig, f"r{n:03}", event, due=START + n * HOUR) for n in range(80)))

    await rig.drain(passes=3, pause=1.0)

    states = list((await rig.states()).values())
    assert states.count("quarantined: rejected") <= 26
    assert len(states) == 80
    assert await rig.balanced()


async def test_after_an_outage_the_backlog_drains_in_order(
    sandbox: Sandbox, rig: Rig, event: str
) -> None:
    await sandbox.faults({"kind": "reset"})
    vens = ["Aalborg", "Vejle", "Ærø"]
    await rig.file(
        *(
            draft(rig, f"{ven}.{n:02}", event, ven, START + n * HOUR)
            for n in range(20)
            for ven in vens
        )
    )
    await rig.drain(passes=3, pause=1.0)
    await sandbox.faults()

    for _ in range(20):
        rig.client.transport.circuit.succeeded()
        await rig.drain(pause=60.0)

    sent = await posted(sandbox)
    for ven in vens:
        assert [name for name in sent if name.startswith(ven)] == [
            f"{ven}.{n:02}" for n in range(20)
        ]
    assert (await sandbox.summary())["duplicates"] == 0


async def test_nothing_is_sent_for_a_paused_ven(sandbox: Sandbox, rig: Rig, event: str) -> None:
    rig.paused.add(VenName("Aalborg"))
    await rig.file(draft(rig, "a", event), draft(rig, "v", event, "Vejle"))

    await rig.drain()
    meanwhile = await names(sandbox)
    rig.paused.clear()
    await rig.drain()

    assert meanwhile == ["v"]
    assert await names(sandbox) == ["a", "v"]
