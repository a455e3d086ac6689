"""Vens and resources in 3.0.1: nested paths, typed targets, no clientID, no privacy."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox

GROUP = [{"type": "GROUP", "values": ["g-1", "g-2"]}]


async def new_ven(vtn: Sandbox, name: str = "Aalborg", **more: Any) -> Any:
    reply = await vtn.post("/vens", {"venName": name, **more}, "ven-1")
    assert reply.status == 201, reply.body
    return reply.json


async def test_a_ven_needs_a_name_only_and_may_write_its_targets(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30, targets=GROUP)

    assert ven["objectType"] == "VEN"
    assert (ven["targets"], ven["attributes"], ven["resources"]) == (GROUP, None, [])
    assert "clientID" not in ven


async def test_a_client_may_have_any_number_of_vens(vtn30: Sandbox) -> None:
    await new_ven(vtn30, "one")
    await new_ven(vtn30, "two")

    assert (await vtn30.post("/vens", {"venName": "two"}, "operator")).status == 409


async def test_a_name_is_required(vtn30: Sandbox) -> None:
    reply = await vtn30.post("/vens", {}, "ven-1")

    assert (reply.status, reply.detail) == (400, "missing field `venName`")


async def test_targets_are_typed_values(vtn30: Sandbox) -> None:
    reply = await vtn30.post("/vens", {"venName": "n", "targets": ["g-1"]}, "ven-1")

    assert reply.status == 400


async def test_resources_live_under_their_ven_and_inside_it(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30)
    path = f"/vens/{ven['id']}/resources"

    reply = await vtn30.post(path, {"resourceName": "r", "targets": GROUP}, "ven-1")

    resource = reply.json
    assert (reply.status, resource["venID"], resource["objectType"]) == (201, ven["id"], "RESOURCE")
    assert "clientID" not in resource
    assert (await vtn30.get(f"{path}/{resource['id']}", "ven-1")).json == resource
    assert (await vtn30.get(path, "ven-1")).json == [resource]
    assert (await vtn30.get(f"/vens/{ven['id']}", "ven-1")).json["resources"] == [resource]
    assert (await vtn30.get("/vens", "ven-1")).json[0]["resources"] == [resource]


async def test_a_resource_name_is_unique_within_its_ven(vtn30: Sandbox) -> None:
    one, two = await new_ven(vtn30, "one"), await new_ven(vtn30, "two")
    body = {"resourceName": "r"}

    statuses = [
        (await vtn30.post(f"/vens/{ven['id']}/resources", body, "ven-1")).status
        for ven in (one, one, two)
    ]

    assert statuses == [201, 409, 201]


async def test_under_an_unknown_ven_everything_is_404(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30)
    path = f"/vens/{ven['id']}/resources"
    resource = (await vtn30.post(path, {"resourceName": "r"}, "ven-1")).json

    assert (await vtn30.get("/vens/unknown/resources", "ven-1")).status == 404
    assert (
        await vtn30.post("/vens/unknown/resources", {"resourceName": "r"}, "ven-1")
    ).status == 404
    assert (await vtn30.get(f"/vens/unknown/resources/{resource['id']}", "ven-1")).status == 404
    assert (await vtn30.get(f"{path}/unknown", "ven-1")).status == 404


async def test_the_flat_path_of_3_1_is_not_there(vtn30: Sandbox) -> None:
    assert (await vtn30.get("/resources", "ven-1")).status == 404


async def test_the_nested_path_of_3_0_is_not_there_in_3_1(vtn: Sandbox) -> None:
    ven = await vtn.ven()

    assert (await vtn.get(f"/vens/{ven['id']}/resources", "ven-1")).status == 404


async def test_every_client_sees_and_writes_everything(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30)

    assert (await vtn30.get("/vens", "ven-2")).json == [ven]
    assert (await vtn30.put(f"/vens/{ven['id']}", {"venName": "x"}, "ven-2")).status == 200
    assert (await vtn30.delete(f"/vens/{ven['id']}", "operator")).status == 200


async def test_a_put_without_targets_clears_them(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30, targets=GROUP)

    reply = await vtn30.put(f"/vens/{ven['id']}", {"venName": "Aalborg"}, "ven-1")

    assert (reply.status, reply.json["targets"]) == (200, None)


async def test_a_resource_is_replaced_and_deleted_under_its_path(vtn30: Sandbox) -> None:
    ven = await new_ven(vtn30)
    path = f"/vens/{ven['id']}/resources"
    resource = (await vtn30.post(path, {"resourceName": "r"}, "ven-1")).json
    item = f"{path}/{resource['id']}"

    put = await vtn30.put(item, {"resourceName": "new"}, "ven-1")
    refused = await vtn30.delete(f"/vens/{ven['id']}", "ven-1")
    gone = await vtn30.delete(item, "ven-1")

    assert (put.status, put.json["resourceName"], put.json["venID"]) == (200, "new", ven["id"])
    assert (refused.status, gone.status) == (403, 200)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("targetType=GROUP&targetValues=g-2", ["in"]),
        ("targetType=GROUP&targetValues=x&targetValues=g-1", ["in"]),
        ("targetType=VEN_NAME&targetValues=g-1", []),
        ("venName=out", ["out"]),
    ],
)
async def test_vens_are_found_by_typed_targets(
    vtn30: Sandbox, query: str, found: list[str]
) -> None:
    await new_ven(vtn30, "in", targets=GROUP)
    await new_ven(vtn30, "out")

    rows = (await vtn30.get(f"/vens?{query}", "ven-1")).json

    assert [row["venName"] for row in rows] == found


@pytest.mark.parametrize("query", ["targetType=GROUP", "targetValues=g"])
async def test_type_and_values_go_together(vtn30: Sandbox, query: str) -> None:
    assert (await vtn30.get(f"/vens?{query}", "ven-1")).status == 400
