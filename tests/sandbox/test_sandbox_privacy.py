"""What a VEN of 3.1 may read of programs and events: object privacy and target hiding."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, bl_ven


@pytest.fixture
async def program(vtn: Sandbox) -> Any:
    """Events for everybody, for two groups, for one, for a resource, and for somebody else."""
    program = await vtn.program("untargeted")
    await vtn.program("targeted", targets=["g-1", "secret"])
    await vtn.program("foreign", targets=["secret"])
    for name, targets in {
        "all": [],
        "both": ["g-1", "g-2", "secret"],
        "one": ["g-1"],
        "resource": ["r-1"],
        "foreign": ["secret"],
    }.items():
        await vtn.event(program, name, targets=targets)
    return program


async def grant(vtn: Sandbox) -> Any:
    ven = await vtn.ven("ven-1", targets=["g-1", "g-2"])
    await vtn.resource(ven, "r", targets=["r-1"])
    await vtn.ven("ven-2", targets=["secret"])
    return ven


async def seen(vtn: Sandbox, query: str = "", client: str = "ven-1") -> dict[str, list[str]]:
    rows = (await vtn.get(f"/events{query}", client)).json
    return {row["eventName"]: row["targets"] for row in rows}


async def test_a_client_without_a_ven_reads_what_has_no_targets(vtn: Sandbox, program: Any) -> None:
    assert await seen(vtn) == {"all": []}
    assert await seen(vtn, "?targets=g-1") == {}


async def test_a_ven_reads_what_overlaps_with_its_own_and_its_resources_targets(
    vtn: Sandbox, program: Any
) -> None:
    await grant(vtn)

    assert await seen(vtn) == {
        "all": [],
        "both": ["g-1", "g-2"],
        "one": ["g-1"],
        "resource": ["r-1"],
    }
    programs = (await vtn.get("/programs", "ven-1")).json
    assert [each["programName"] for each in programs] == ["targeted", "untargeted"]
    assert programs[0]["targets"] == ["g-1"]


async def test_business_logic_reads_everything_with_all_targets(vtn: Sandbox, program: Any) -> None:
    await grant(vtn)

    rows = await seen(vtn, client="operator")

    assert list(rows) == ["foreign", "resource", "one", "both", "all"]
    assert rows["both"] == ["g-1", "g-2", "secret"]


async def test_asking_for_targets_leaves_out_what_has_none_and_what_was_not_granted(
    vtn: Sandbox, program: Any
) -> None:
    await grant(vtn)

    assert await seen(vtn, "?targets=g-1") == {"one": ["g-1"], "both": ["g-1"]}
    assert await seen(vtn, "?targets=r-1&targets=g-2&targets=secret") == {
        "both": ["g-2"],
        "resource": ["r-1"],
    }
    assert await seen(vtn, "?targets=secret") == {}


async def test_a_page_of_a_ven_is_cut_out_of_what_it_may_see(vtn: Sandbox, program: Any) -> None:
    await grant(vtn)

    assert list(await seen(vtn, "?limit=2")) == ["resource", "one"]
    assert list(await seen(vtn, "?skip=2&limit=2")) == ["both", "all"]
    assert list(await seen(vtn, f"?skip=3&programID={program['id']}")) == ["all"]


async def test_by_its_id_a_foreign_event_does_not_exist_and_a_granted_one_hides_targets(
    vtn: Sandbox, program: Any
) -> None:
    await grant(vtn)
    ids = {row["eventName"]: row["id"] for row in (await vtn.get("/events", "operator")).json}

    both = await vtn.get(f"/events/{ids['both']}", "ven-1")

    assert (both.status, both.json["targets"]) == (200, ["g-1", "g-2"])
    assert (await vtn.get(f"/events/{ids['all']}", "ven-1")).status == 200
    foreign = await vtn.get(f"/events/{ids['foreign']}", "ven-1")
    assert (foreign.status, foreign.detail) == (404, "Object not found")


async def test_a_ven_may_see_an_event_whose_program_it_may_not(vtn: Sandbox) -> None:
    program = await vtn.program("foreign", targets=["secret"])
    await vtn.event(program, "e")

    assert await seen(vtn) == {"e": []}
    assert (await vtn.get(f"/programs/{program['id']}", "ven-1")).status == 404


async def test_t14_targets_that_are_taken_away_take_the_events_along(
    vtn: Sandbox, program: Any
) -> None:
    ven = await grant(vtn)
    assert len(await seen(vtn)) == 4

    await vtn.put(f"/vens/{ven['id']}", bl_ven("ven-1", "ven-1", targets=["g-2"]), "operator")

    assert await seen(vtn) == {"all": [], "both": ["g-2"], "resource": ["r-1"]}


async def test_a_new_resource_opens_events_and_a_deleted_one_shuts_them(
    vtn: Sandbox, program: Any
) -> None:
    ven = await vtn.ven("ven-1")
    assert list(await seen(vtn)) == ["all"]

    resource = await vtn.resource(ven, "r", targets=["r-1"])
    opened = await seen(vtn)
    await vtn.delete(f"/resources/{resource['id']}", "operator")

    assert list(opened) == ["resource", "all"]
    assert list(await seen(vtn)) == ["all"]


async def test_a_wiped_vtn_remembers_no_grants(vtn: Sandbox) -> None:
    await vtn.ven("ven-1", targets=["g-1"])
    await vtn.event(await vtn.program(), "old", targets=["g-1"])
    assert list(await seen(vtn)) == ["old"]

    await vtn.call("POST", "/sandbox/wipe")
    await vtn.event(await vtn.program(), "new", targets=["g-1"])

    assert await seen(vtn) == {}


async def test_t11_a_strict_vtn_shows_targeted_events_only_to_a_query_that_names_them(
    vtn: Sandbox, program: Any
) -> None:
    await grant(vtn)
    await vtn.faults({"kind": "explicit-targets"})

    assert list(await seen(vtn)) == ["all"]
    assert list(await seen(vtn, "?targets=g-1")) == ["one", "both"]
    assert len(await seen(vtn, client="operator")) == 5


async def test_t12_several_targets_may_all_have_to_match(vtn: Sandbox, program: Any) -> None:
    await grant(vtn)
    await vtn.faults({"kind": "all-targets"})

    assert list(await seen(vtn, "?targets=g-1&targets=g-2")) == ["both"]
    assert list(await seen(vtn, "?targets=g-1&targets=secret", "operator")) == ["both"]
    assert list(await seen(vtn, "?targets=g-1&targets=r-1")) == []
