"""Reading events: programs, and the targets that lists are asked for and show."""

from tests.events.publishing import NOON, SIMPLE, asked
from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.registration import Target
from ven_daemon.store.database import Database


async def test_t_15_an_event_whose_program_may_not_be_seen_is_recorded(
    rig: Rig, closed: Sandbox
) -> None:
    """T-15: it goes without the program's defaults, and nobody asks at every poll."""
    await closed.ven("ven-1", targets=["north"])
    program = await closed.program(targets=["elsewhere"])
    event = await closed.event(program, targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")

    for _ in range(3):
        await rig.service.poll(ven)

    assert await rig.standings("ven-1") == {event["id"]: "seen"}
    assert await rig.store.programs() == {}
    assert await asked(closed, f"/programs/{program['id']}") == 1


async def test_t_38_programs_are_read_rarely_and_an_unknown_one_at_once(
    closed: Sandbox, database: Database
) -> None:
    """T-38."""
    async with reading(closed.url, database) as rig:
        rig._program_period = rig._program_period.max
        await rig.reopen()
        ven = await rig.ven(closed, "ven-1")
        first = await closed.program("first", payloadDescriptors=[])
        await rig.service.poll(ven)
        second = await closed.program("second")
        await closed.event(second)

        for _ in range(3):
            await rig.service.poll(ven)

        assert (await rig.store.programs())["ven-1"].keys() == {first["id"], second["id"]}
        assert await asked(closed, "/programs?") <= 2
        assert await asked(closed, f"/programs/{second['id']}") == 1


async def test_t_11_targets_are_not_named_to_a_vtn_that_finds_them_itself(
    rig: Rig, closed: Sandbox
) -> None:
    """T-11: naming some would hide what has none."""
    await closed.ven("ven-1", targets=["north"])
    program = await closed.program()
    await closed.event(program)
    await closed.event(program, targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")

    await rig.service.poll(ven)

    assert rig.service.targets_mode == "plain"
    assert await asked(closed, "/events?targets") == 0
    assert len(await rig.standings("ven-1")) == 2


async def test_t_11_a_vtn_that_wants_targets_is_found_out_and_remembered(
    rig: Rig, closed: Sandbox
) -> None:
    """T-11, T-12: one query per target, and one without."""
    made = await closed.ven("ven-1", targets=["north", "all"])
    await closed.resource(made, "r", targets=["south"])
    program = await closed.program()
    plain = await closed.event(program)
    events = [await closed.event(program, targets=[each]) for each in ("north", "south", "all")]
    await closed.event(program, targets=["elsewhere"])
    await closed.faults({"kind": "explicit-targets"}, {"kind": "all-targets"})
    ven = await rig.ven(closed, "ven-1", "all", "north", "south")

    await rig.service.poll(ven)
    found = rig.service.targets_mode
    await rig.reopen()
    nothing = await rig.service.poll(ven)

    assert found == rig.service.targets_mode == "explicit"
    assert (await rig.standings("ven-1")).keys() == {
        plain["id"],
        *(each["id"] for each in events),
    }
    assert not nothing


async def test_t_12_an_event_shown_in_parts_means_all_its_targets(
    rig: Rig, closed: Sandbox
) -> None:
    """T-12: each query shows only the target that it names."""
    await closed.ven("ven-1", targets=["north", "south"])
    event = await closed.event(await closed.program(), targets=["north", "south"])
    await closed.faults({"kind": "explicit-targets"})
    ven = await rig.ven(closed, "ven-1", "north", "south")

    await rig.service.poll(ven)
    nothing = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    shown = (await rig.events.items([held.digest]))[held.digest]
    assert {target.value for target in shown.targets} == {"north", "south"}
    assert not nothing


async def test_t_20_active_is_never_asked_for(rig: Rig, closed: Sandbox) -> None:
    """T-20."""
    await closed.event(await closed.program())
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    assert all("active" not in line["path"] for line in await closed.ledger())


async def test_3_0_events_are_read_with_their_typed_targets(database: Database) -> None:
    async with Sandbox(profile="3.0") as vtn, reading(vtn.url, database, "3.0") as rig:
        ven = await rig.ven(vtn, "ven-1", "north")
        targets = [{"type": "GROUP", "values": ["north", "south"]}]
        event = await vtn.event(
            await vtn.program(), targets=targets, intervalPeriod=NOON, intervals=SIMPLE
        )
        await rig.service.poll(ven)
        held = (await rig.held("ven-1"))[event["id"]]
        shown = (await rig.events.items([held.digest]))[held.digest]
        await vtn.delete(f"/events/{event['id']}", "operator")

        await rig.service.poll(ven)

        assert shown.targets == (Target("north", "GROUP"), Target("south", "GROUP"))
        assert await rig.standings("ven-1") == {event["id"]: "deleted"}
        assert await asked(vtn, "/events?targets") == 0
