"""Later runs: names, and VENs with nothing in them."""

from tests.registration.fleet import RESOURCES, VENS, SmallFleet
from tests.registration.inside import Registrar, attribute, did, reasons, resources, vens
from tests.rig.installation import Installation
from tests.sandbox.rig import Sandbox
from ven_daemon.domain.registration import Kind


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


async def names_by_key(vtn: Sandbox) -> dict[str, str]:
    return {
        attribute(each, "RESOURCE_ID")[0]: each["resourceName"] for each in await resources(vtn)
    }
