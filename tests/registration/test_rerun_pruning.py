"""Later runs: what is pruned, and what is spared."""

from typing import Any

from tests.registration.fleet import VENS, SmallFleet
from tests.registration.inside import Registrar, did, of_ven, reasons, resources, vens, writes
from tests.sandbox.rig import Sandbox, bl_resource, bl_ven
from ven_daemon.domain.registration import Kind


async def test_pruning_deletes_what_we_created_and_nobody_wants(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    gone = (await of_ven(strict, "Brande"))["bar 4"]
    line = len(await strict.ledger())
    fleet.remove("Brande/bar 4")

    outcome = await registrar.register(prune=True)
    again = await registrar.register(prune=True)

    assert await writes(strict, line) == [("DELETE", f"/resources/{gone['id']}")]
    assert did(outcome)[Kind.DELETE] == 1
    assert (again.writes, reasons(again)) == (0, {})


async def test_pruning_spares_what_was_adopted_unless_told_otherwise(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    registrar.lose_state()
    await registrar.register()
    fleet.remove("Brande/bar 4")

    spared = await registrar.register(prune=True)
    held = set(await of_ven(strict, "Brande"))
    pruned = await registrar.register(prune=True, prune_adopted=True)

    assert (did(spared)[Kind.ORPHANED], "bar 4" in held) == (1, True)
    assert (did(pruned)[Kind.DELETE], pruned.writes) == (1, 1)
    assert "bar 4" not in await of_ven(strict, "Brande")


async def test_a_ven_that_left_the_inventory_is_left_alone_and_shown(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.remove_ven("Corsør")

    outcome = await registrar.register()

    assert set(await vens(strict)) == set(VENS)
    assert (did(outcome)[Kind.ORPHANED], outcome.writes) == (VENS["Corsør"], 0)


async def test_pruning_deletes_a_ven_that_left_the_inventory_with_all_it_had(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.remove_ven("Corsør")

    outcome = await registrar.register(prune=True)
    again = await registrar.register(prune=True)

    assert set(await vens(strict)) == {"Aalborg", "Brande"}
    assert did(outcome)[Kind.DELETE] == VENS["Corsør"]
    assert (outcome.writes, again.writes) == (VENS["Corsør"] + 1, 0)


async def test_a_part_of_the_fleet_says_nothing_of_the_rest(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    fleet.remove_ven("Corsør")

    outcome = await registrar.register("Aalborg", prune=True)

    assert [each.ven for each in outcome.vens] == ["Aalborg"]
    assert set(await vens(strict)) == set(VENS)


async def test_what_is_foreign_is_not_touched_even_when_pruning(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    await registrar.register()
    other = (await strict.post("/vens", bl_ven("other", "Another town"))).json
    await strict.post("/resources", bl_resource("other", other["id"], "their bar"))
    corsor = (await vens(strict))["Corsør"]
    under_ours = bl_resource(corsor["clientID"], corsor["id"], "not of the inventory")
    await strict.post("/resources", under_ours)
    before = foreign(await resources_by_id(strict))
    fleet.remove_ven("Corsør")
    fleet.remove("Brande/bar 4")

    await registrar.register(prune=True, prune_adopted=True)

    assert foreign(await resources_by_id(strict)) == before
    assert {"Another town", "Corsør"} <= set(await vens(strict))


async def resources_by_id(vtn: Sandbox) -> dict[str, Any]:
    return {each["id"]: each for each in await resources(vtn)}


def foreign(held: dict[str, Any]) -> list[Any]:
    return [each for each in held.values() if not each["attributes"]]
