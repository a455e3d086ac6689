"""Resources in 3.1."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, bl_resource, ven_resource


async def test_a_ven_adds_a_resource_under_its_own_client(vtn: Sandbox) -> None:
    ven = await vtn.ven()

    reply = await vtn.post("/resources", ven_resource(ven["id"], "r", targets=["x"]), "ven-1")

    resource = reply.json
    assert reply.status == 201
    assert resource["objectType"] == "RESOURCE"
    assert (resource["clientID"], resource["venID"]) == ("ven-1", ven["id"])
    assert (resource["targets"], resource["attributes"]) == ([], None)


async def test_business_logic_says_client_ven_and_targets(vtn: Sandbox) -> None:
    ven = await vtn.ven()

    resource = await vtn.resource(ven, "r", targets=["EV"])

    assert resource["targets"] == ["EV"]
    assert (await vtn.get(f"/resources/{resource['id']}", "ven-1")).json == resource


async def test_a_ven_without_a_ven_object_cannot_add_resources(vtn: Sandbox) -> None:
    reply = await vtn.post("/resources", ven_resource("x", "r"), "ven-1")

    assert (reply.status, reply.detail) == (403, "No VEN object associated with this clientID")


@pytest.mark.parametrize("client", ["operator", "ven-1"])
async def test_an_unknown_ven_breaks_the_foreign_key(vtn: Sandbox, client: str) -> None:
    await vtn.ven()
    make = bl_resource("ven-1", "nowhere", "r") if client == "operator" else ven_resource("x", "r")

    reply = await vtn.post("/resources", make, client)

    assert (reply.status, reply.detail) == (409, "A foreign key constraint is violated")


async def test_for_a_ven_the_ven_of_another_does_not_exist(vtn: Sandbox) -> None:
    await vtn.ven("ven-1")
    other = await vtn.ven("ven-2")

    reply = await vtn.post("/resources", ven_resource(other["id"], "r"), "ven-1")

    assert (reply.status, reply.detail) == (409, "A foreign key constraint is violated")


async def test_a_resource_name_is_unique_within_its_ven_only(vtn: Sandbox) -> None:
    one, two = await vtn.ven("ven-1"), await vtn.ven("ven-2")
    await vtn.resource(one, "r")

    again = await vtn.post("/resources", ven_resource(one["id"], "r"), "ven-1")

    assert (again.status, again.detail) == (409, "Conflict")
    assert (await vtn.post("/resources", ven_resource(two["id"], "r"), "ven-2")).status == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"resourceName": None},
        {"resourceName": "a" * 129},
        {"clientID": None},
        {"venID": None},
        {"venID": "a b"},
        {"targets": ["a b"]},
        {"attributes": [{"type": "X", "values": [None]}]},
        {"objectType": "VEN_RESOURCE_REQUEST"},
        {"objectType": "BL_VEN_REQUEST"},
        {"objectType": None},
    ],
)
async def test_what_breaks_the_schema_is_400(vtn: Sandbox, wrong: dict[str, Any]) -> None:
    ven = await vtn.ven()
    body = {**bl_resource("ven-1", ven["id"], "r"), **wrong}

    assert (await vtn.post("/resources", body, "operator")).status == 400


async def test_a_ven_sees_what_bears_its_client_only(vtn: Sandbox) -> None:
    ven = await vtn.ven("ven-1")
    mine = await vtn.resource(ven, "mine")
    foreign = await vtn.post("/resources", bl_resource("else", ven["id"], "other"), "operator")
    path = f"/resources/{foreign.json['id']}"

    assert (await vtn.get("/resources", "ven-1")).json == [mine]
    assert (await vtn.get(f"/resources?venID={ven['id']}", "ven-1")).json == [mine]
    assert (await vtn.get(path, "ven-1")).status == 404
    assert (await vtn.put(path, ven_resource(ven["id"], "x"), "ven-1")).status == 404
    assert (await vtn.delete(path, "ven-1")).status == 404
    assert len((await vtn.get("/resources", "operator")).json) == 2


async def test_resources_are_listed_the_oldest_first_and_found_by_ven_and_name(
    vtn: Sandbox,
) -> None:
    one, two = await vtn.ven("ven-1"), await vtn.ven("ven-2")
    for ven in (one, two):
        for name in ("a", "b"):
            await vtn.resource(ven, name)

    async def names(query: str) -> list[tuple[str, str]]:
        rows = (await vtn.get(f"/resources{query}", "operator")).json
        return [(row["clientID"], row["resourceName"]) for row in rows]

    assert await names("") == [("ven-1", "a"), ("ven-1", "b"), ("ven-2", "a"), ("ven-2", "b")]
    assert await names(f"?venID={two['id']}") == [("ven-2", "a"), ("ven-2", "b")]
    assert await names("?resourceName=b") == [("ven-1", "b"), ("ven-2", "b")]
    assert await names(f"?resourceName=b&venID={one['id']}") == [("ven-1", "b")]
    assert await names("?venID=unknown") == []


async def test_resources_are_found_by_targets_within_a_ven(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    await vtn.resource(ven, "ev", targets=["EV", "x"])
    await vtn.resource(ven, "dsr", targets=["DSR"])

    rows = (await vtn.get(f"/resources?targets=EV&venID={ven['id']}", "ven-1")).json

    assert [row["resourceName"] for row in rows] == ["ev"]


@pytest.mark.parametrize("query", ["venID=a.b", "venID=", "resourceName=", "targets=a%20b"])
async def test_an_impossible_filter_is_400(vtn: Sandbox, query: str) -> None:
    assert (await vtn.get(f"/resources?{query}", "operator")).status == 400


async def test_a_put_by_business_logic_clears_omitted_targets_and_one_by_the_ven_keeps_them(
    vtn: Sandbox,
) -> None:
    ven = await vtn.ven()
    resource = await vtn.resource(ven, "r", targets=["EV"])
    path = f"/resources/{resource['id']}"

    by_ven = await vtn.put(path, ven_resource(ven["id"], "r2"), "ven-1")
    by_bl = await vtn.put(path, bl_resource("ven-1", ven["id"], "r3"), "operator")

    assert (by_ven.json["resourceName"], by_ven.json["targets"]) == ("r2", ["EV"])
    assert (by_bl.json["resourceName"], by_bl.json["targets"]) == ("r3", [])


async def test_a_put_cannot_move_a_resource(vtn: Sandbox) -> None:
    one, two = await vtn.ven("ven-1"), await vtn.ven("ven-2")
    resource = await vtn.resource(one, "r")
    path = f"/resources/{resource['id']}"

    other_ven = await vtn.put(path, bl_resource("ven-1", two["id"], "r"), "operator")
    other_client = await vtn.put(path, bl_resource("ven-2", one["id"], "r"), "operator")

    assert (other_ven.status, other_client.status) == (400, 400)
    assert "venID" in other_ven.detail
    assert "clientID" in other_client.detail


async def test_a_resource_keeps_its_place_in_the_list_when_it_is_replaced(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    first, _ = await vtn.resource(ven, "a"), await vtn.resource(ven, "b")

    await vtn.put(f"/resources/{first['id']}", ven_resource(ven["id"], "z"), "ven-1")

    rows = (await vtn.get("/resources", "ven-1")).json
    assert [row["resourceName"] for row in rows] == ["z", "b"]


async def test_a_delete_answers_with_what_is_gone_and_frees_the_name(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    resource = await vtn.resource(ven, "r")

    reply = await vtn.delete(f"/resources/{resource['id']}", "ven-1")

    assert (reply.status, reply.json) == (200, resource)
    assert (await vtn.delete(f"/resources/{resource['id']}", "ven-1")).status == 404
    assert (await vtn.post("/resources", ven_resource(ven["id"], "r"), "ven-1")).status == 201
