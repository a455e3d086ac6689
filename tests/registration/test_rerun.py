"""The second run and later ones: what changed is changed, and nothing else is touched."""

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import Registrar, attribute, did, of_ven, reasons, vens, writes
from tests.sandbox.rig import Sandbox, bl_resource
from ven_daemon.domain.registration import Kind


async def test_the_first_run_creates_everything_once(registrar: Registrar, strict: Sandbox) -> None:
    outcome = await registrar.register()

    assert did(outcome) == {Kind.CREATE: RESOURCES}
    assert set(await vens(strict)) == set(VENS)
    assert (await strict.summary())["resources"] == RESOURCES
    assert outcome.writes == len(VENS) + RESOURCES == (await strict.summary())["writes"]


async def test_a_second_run_with_nothing_changed_writes_nothing(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    line = len(await strict.ledger())

    outcome = await registrar.register()

    assert did(outcome) == {Kind.NOTHING: RESOURCES}
    assert await writes(strict, line) == []
    assert outcome.writes == 0


# What the inventory changes


async def test_a_changed_capacity_is_exactly_one_put(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    before = (await of_ven(strict, "Brande"))["bar 3"]
    line = len(await strict.ledger())
    fleet.capacity("Brande/bar 3", 33.5)

    outcome = await registrar.register()

    assert await writes(strict, line) == [("PUT", f"/resources/{before['id']}")]
    after = (await of_ven(strict, "Brande"))["bar 3"]
    assert attribute(after, "MAX_POWER_CONSUMPTION") == [33.5]
    assert (did(outcome)[Kind.UPDATE], outcome.writes) == (1, 1)


async def test_what_others_wrote_on_our_resource_outlives_our_update(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    ours = (await of_ven(strict, "Brande"))["bar 3"]
    theirs = {"type": "INSTALLER", "values": ["Olsen", 7, {"x": 1.0, "y": 2.0}]}
    body = {
        **bl_resource(ours["clientID"], ours["venID"], "bar 3"),
        "attributes": [theirs, *ours["attributes"]],
        "targets": ["feeder-7"],
    }
    assert (await strict.put(f"/resources/{ours['id']}", body)).status == 200

    unchanged = await registrar.register()
    fleet.capacity("Brande/bar 3", 33.5)
    await registrar.register()

    assert unchanged.writes == 0
    after = (await of_ven(strict, "Brande"))["bar 3"]
    assert attribute(after, "INSTALLER") == theirs["values"]
    assert attribute(after, "MAX_POWER_CONSUMPTION") == [33.5]
    assert after["targets"] == ["feeder-7"]


async def test_what_others_changed_of_our_part_is_put_right(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    ours = (await of_ven(strict, "Brande"))["bar 3"]
    body = bl_resource(ours["clientID"], ours["venID"], "bar 3", attributes=[])
    await strict.put(f"/resources/{ours['id']}", body)

    await registrar.register()

    after = (await of_ven(strict, "Brande"))["bar 3"]
    assert after["attributes"] == ours["attributes"]


async def test_a_renamed_resource_keeps_its_object(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    before = (await of_ven(strict, "Brande"))["bar 3"]
    line = len(await strict.ledger())
    fleet.change("Brande/bar 3", resource_name="The Red Lion")

    await registrar.register()
    again = await registrar.register()

    assert await writes(strict, line) == [("PUT", f"/resources/{before['id']}")]
    assert (await of_ven(strict, "Brande"))["The Red Lion"]["id"] == before["id"]
    assert again.writes == 0


async def test_two_resources_that_swap_names_are_put_right_without_a_third(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.change("Brande/bar 1", resource_name="bar 2")
    fleet.change("Brande/bar 2", resource_name="bar 1")

    outcome = await registrar.register()
    again = await registrar.register()

    held = await of_ven(strict, "Brande")
    assert attribute(held["bar 2"], "RESOURCE_ID") == ["Brande/bar 1"]
    assert attribute(held["bar 1"], "RESOURCE_ID") == ["Brande/bar 2"]
    assert reasons(outcome) == {}
    assert (len(held), again.writes) == (VENS["Brande"], 0)


async def test_a_resource_that_moves_to_another_ven_is_created_there_and_left_here(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.change("Brande/bar 3", ven="Aalborg", resource_name="bar 33")

    outcome = await registrar.register()

    assert "bar 33" in await of_ven(strict, "Aalborg")
    assert "bar 3" in await of_ven(strict, "Brande")
    assert did(outcome)[Kind.ORPHANED] == 1


async def test_a_resource_that_is_disabled_is_left_alone_and_shown(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.change("Brande/bar 3", enabled=0)
    fleet.remove("Brande/bar 4")

    outcome = await registrar.register()

    assert {"bar 3", "bar 4"} <= set(await of_ven(strict, "Brande"))
    assert (did(outcome)[Kind.ORPHANED], outcome.writes) == (2, 0)


async def test_a_resource_that_is_enabled_again_is_the_same_object(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.change("Brande/bar 3", enabled=0)
    await registrar.register()
    fleet.change("Brande/bar 3", enabled=1)

    outcome = await registrar.register()

    assert (did(outcome), outcome.writes) == ({Kind.NOTHING: RESOURCES}, 0)
