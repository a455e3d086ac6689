"""The second run and later ones: what changed is changed, and nothing else is touched."""

from pathlib import Path
from typing import Any

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import (
    Registrar,
    attribute,
    did,
    marker,
    reasons,
    resources,
    vens,
    writes,
)
from tests.rig.installation import Installation
from tests.rig.sandbox import SandboxVtn
from tests.sandbox.rig import Sandbox, bl_resource, bl_ven
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


# What is pruned


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


# What the VTN forgets, and what we forget


async def test_a_wiped_vtn_gets_everything_back_after_a_second_look(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    await strict.post("/sandbox/wipe", None)
    line = len(await strict.ledger())

    outcome = await registrar.register()

    assert did(outcome) == {Kind.CREATE: RESOURCES}
    assert (await strict.summary())["resources"] == RESOURCES
    since = (await strict.ledger())[line:]
    first_write = next(n for n, each in enumerate(since) if each["method"] == "POST")
    looks = [each for each in since[:first_write] if each["path"] == "/vens"]
    assert len(looks) >= 2
    assert looks[-1]["monotonic"] - looks[0]["monotonic"] >= 1.5


async def test_a_listing_that_is_empty_for_a_moment_recreates_nothing(
    tmp_path: Path, fleet: SmallFleet
) -> None:
    async with Sandbox(clients=(), open=True, lenient=True) as lenient:
        registrar = Registrar(fleet, lenient.url)
        await registrar.register()
        for path in ("^/vens$", "^/resources$"):
            nothing = {"method": "GET", "path": path, "kind": "status", "status": 200}
            await lenient.faults({**nothing, "body": [], "times": 1})

            outcome = await registrar.register()

            assert (did(outcome), outcome.writes) == ({Kind.NOTHING: RESOURCES}, 0)
        assert (await lenient.summary())["duplicates"] == 0


async def test_one_object_that_the_vtn_lost_is_created_again(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    lost = (await of_ven(strict, "Brande"))["bar 3"]
    await strict.delete(f"/resources/{lost['id']}")

    outcome = await registrar.register()

    assert did(outcome) == {Kind.CREATE: 1, Kind.NOTHING: RESOURCES - 1}


async def test_a_lost_state_adopts_everything_and_writes_nothing(
    registrar: Registrar, strict: Sandbox
) -> None:
    await registrar.register()
    line = len(await strict.ledger())

    registrar.lose_state()
    outcome = await registrar.register()

    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES}, 0)
    assert await writes(strict, line) == []


def test_a_state_that_is_gone_beside_its_marker_is_refused_until_told_to_forget_it(
    installation: Installation, vtn: SandboxVtn
) -> None:
    installation.register()
    before = vtn.summary()
    installation.state.unlink()

    refused = installation.run("register", "--json")
    installation.succeed("db", "forget")
    summary = installation.register()

    assert refused.exit_code == 3, str(refused)
    assert "ven-daemon db forget" in refused.stderr
    assert marker(installation.state).exists()
    assert (summary["resources"]["adopted"], summary["writes"]) == (RESOURCES, 0)
    assert vtn.summary()["writes"] == before["writes"]


# Names, and VENs with nothing in them


async def test_a_ven_without_resources_is_passed_over_with_a_word(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    fleet.add("Dragør", "closed bar", enabled=0)

    outcome = await registrar.register()

    assert outcome.skipped == ["Dragør"]
    assert reasons(outcome) == {}
    assert set(await vens(strict)) == set(VENS)


def test_a_ven_without_resources_is_named_on_standard_error(
    installation: Installation, fleet: SmallFleet
) -> None:
    fleet.add("Dragør", "closed bar", enabled=0)

    done = installation.succeed("register")

    assert "skipped Dragør: it has no resources" in done.stderr


async def test_a_ven_whose_last_resource_was_disabled_is_not_created_again_at_a_wiped_vtn(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    lonely = fleet.add("Dragør", "the only bar")
    await registrar.register()
    fleet.change(lonely, enabled=0)
    await strict.post("/sandbox/wipe", None)

    await registrar.register()

    assert set(await vens(strict)) == set(VENS)


async def test_two_resources_of_one_name_are_two_objects_whose_names_stay(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    first = fleet.add("Brande", "twin", "key-1")
    fleet.add("Brande", "twin", "key-2")
    fleet.add("Aalborg", "twin", "key-3")
    await registrar.register()
    names = await names_by_key(strict)

    unchanged = await registrar.register()
    registrar.lose_state()
    adopted = await registrar.register()
    fleet.remove(first)
    without_first = await registrar.register()

    assert names["key-1"] == names["key-3"] == "twin"
    assert names["key-2"].startswith("twin#")
    assert [each.writes for each in (unchanged, adopted, without_first)] == [0, 0, 0]
    assert await names_by_key(strict) == names


async def test_a_name_that_is_too_long_is_shortened_the_same_way_every_time(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    long = "Kroen på hjørnet ved Ærøskøbing Sø, "
    for number in (1, 2):
        fleet.add("Brande", f"{long * 6}number {number}", f"long-{number}")
    await registrar.register()
    names = await names_by_key(strict)

    registrar.lose_state()
    outcome = await registrar.register()

    assert names["long-1"] != names["long-2"]
    assert all(names[key].startswith(long) for key in ("long-1", "long-2"))
    assert max(len(name.encode()) for name in names.values()) <= 128
    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES + 2}, 0)


async def test_names_that_are_hard_to_spell_are_found_again(
    registrar: Registrar, strict: Sandbox, fleet: SmallFleet
) -> None:
    odd = ["a&b=c?d#e/f", "  spaces  ", "æøå 漢字 \U0001f37a", "100%", '"quoted"', "tab\there"]
    for name in odd:
        fleet.add("Brande", name)
        fleet.add(f"{name} town", name)
    await registrar.register()

    registrar.lose_state()
    outcome = await registrar.register()

    assert reasons(outcome) == {}
    assert (did(outcome), outcome.writes) == ({Kind.ADOPT: RESOURCES + 2 * len(odd)}, 0)


async def of_ven(vtn: Sandbox, ven: str) -> dict[str, Any]:
    ven_id = (await vens(vtn))[ven]["id"]
    listed = (await vtn.get(f"/resources?venID={ven_id}&limit=50")).json
    return {each["resourceName"]: each for each in listed}


async def resources_by_id(vtn: Sandbox) -> dict[str, Any]:
    return {each["id"]: each for each in await resources(vtn)}


def foreign(held: dict[str, Any]) -> list[Any]:
    return [each for each in held.values() if not each["attributes"]]


async def names_by_key(vtn: Sandbox) -> dict[str, str]:
    return {
        attribute(each, "RESOURCE_ID")[0]: each["resourceName"] for each in await resources(vtn)
    }
