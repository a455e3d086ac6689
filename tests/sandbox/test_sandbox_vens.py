"""Vens in 3.1."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.rig import Sandbox, bl_ven, ven_ven

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DESCRIPTION = [{"type": "DESCRIPTION", "values": ["a bar"]}]


async def test_a_ven_registers_itself_under_the_client_of_its_token(vtn: Sandbox) -> None:
    reply = await vtn.post("/vens", ven_ven("Aalborg", attributes=DESCRIPTION), "ven-1")

    ven = reply.json
    assert reply.status == 201
    assert UUID4.fullmatch(ven.pop("id"))
    created, modified = ven.pop("createdDateTime"), ven.pop("modificationDateTime")
    assert datetime.fromisoformat(created).utcoffset() == timedelta(0)
    assert created == modified
    assert ven == {
        "objectType": "VEN",
        "clientID": "ven-1",
        "venName": "Aalborg",
        "attributes": DESCRIPTION,
        "targets": [],
    }


async def test_what_a_ven_says_about_client_and_targets_is_passed_over(vtn: Sandbox) -> None:
    body = ven_ven("Aalborg", clientID="somebody", targets=["stolen"], id="mine", colour="red")

    ven = (await vtn.post("/vens", body, "ven-1")).json

    assert (ven["clientID"], ven["targets"]) == ("ven-1", [])
    assert ven["id"] != "mine"
    assert "colour" not in ven


async def test_business_logic_names_the_client_and_the_targets(vtn: Sandbox) -> None:
    ven = await vtn.ven("any-client", "Aalborg", targets=["g-1", "g_2"])

    assert (ven["clientID"], ven["targets"]) == ("any-client", ["g-1", "g_2"])
    assert (await vtn.get(f"/vens/{ven['id']}", "operator")).json == ven


async def test_targets_of_null_are_none(vtn: Sandbox) -> None:
    assert (await vtn.ven(targets=None))["targets"] == []


@pytest.mark.parametrize(
    ("client", "body", "detail"),
    [
        (
            "ven-1",
            bl_ven("ven-1", "n"),
            "Did receive a BL_VEN_REQUEST, but user is authenticated as a VEN client",
        ),
        (
            "operator",
            ven_ven("n"),
            "Did receive a VEN_VEN_REQUEST, but user is authenticated as a BL client",
        ),
        ("ven-1", {"venName": "n"}, "missing field `objectType`"),
        ("operator", {"objectType": "VEN", "venName": "n"}, "objectType: unknown variant"),
        ("operator", {"objectType": 7, "venName": "n"}, "objectType: unknown variant"),
    ],
)
async def test_the_form_of_a_body_must_be_the_callers(
    vtn: Sandbox, client: str, body: dict[str, Any], detail: str
) -> None:
    reply = await vtn.post("/vens", body, client)

    assert reply.status == 400
    assert reply.detail.startswith(detail)


@pytest.mark.parametrize(
    "wrong",
    [
        {"venName": ""},
        {"venName": None},
        {"venName": 7},
        {"venName": "a" * 129},
        {"venName": "æ" * 65},  # 130 bytes
        {"clientID": None},
        {"clientID": ""},
        {"clientID": "a.b"},
        {"clientID": "Null"},
        {"clientID": "a" * 129},
        {"targets": "g"},
        {"targets": [7]},
        {"targets": ["NL:GRID:1"]},
        {"targets": ["null"]},
        {"targets": [{"type": "GROUP", "values": ["g"]}]},
        {"attributes": {}},
        {"attributes": ["x"]},
        {"attributes": [{"type": "X"}]},
        {"attributes": [{"values": [1]}]},
        {"attributes": [{"type": "", "values": [1]}]},
        {"attributes": [{"type": "X" * 129, "values": [1]}]},
        {"attributes": [{"type": "X", "values": 1}]},
        {"attributes": [{"type": "X", "values": [None]}]},
        {"attributes": [{"type": "X", "values": [[1]]}]},
        {"attributes": [{"type": "X", "values": [{"x": 1}]}]},
        {"attributes": [{"type": "X", "values": [{"x": True, "y": 1}]}]},
    ],
)
async def test_what_breaks_the_schema_is_400_and_makes_nothing(
    vtn: Sandbox, wrong: dict[str, Any]
) -> None:
    reply = await vtn.post("/vens", {**bl_ven("ven-1", "n"), **wrong}, "operator")

    assert (reply.status, reply.json["title"]) == (400, "400 Bad Request")
    assert (await vtn.summary())["vens"] == 0


async def test_names_of_128_bytes_and_every_sort_of_value_are_fine(vtn: Sandbox) -> None:
    attributes = [{"type": "T" * 128, "values": [1, 1.5, "s", "", True, {"x": 1, "y": 2.5}]}]

    ven = await vtn.ven(name="æ" * 64, attributes=attributes, targets=["a" * 128])

    assert (ven["venName"], ven["attributes"]) == ("æ" * 64, attributes)


async def test_nul_in_a_text_is_a_database_error(vtn: Sandbox) -> None:
    bodies = [
        ven_ven("a\0b"),
        ven_ven("n", attributes=[{"type": "X", "values": ["\0"]}]),
    ]
    for body in bodies:
        reply = await vtn.post("/vens", body, "ven-1")

        assert (reply.status, reply.detail) == (500, "A database error occurred")
    assert (await vtn.get("/vens?venName=a%00b", "operator")).status == 500


async def test_a_backslash_before_u0000_is_no_nul(vtn: Sandbox) -> None:
    assert (await vtn.post("/vens", ven_ven("a\\u0000b"), "ven-1")).status == 201


async def test_a_second_ven_of_a_name_is_a_conflict_that_does_not_say_why(vtn: Sandbox) -> None:
    await vtn.ven("ven-1", "Aalborg")

    reply = await vtn.post("/vens", bl_ven("ven-2", "Aalborg"), "operator")

    problem = reply.json
    assert problem.pop("instance")
    assert problem == {
        "type": "about:blank",
        "title": "409 Conflict",
        "status": 409,
        "detail": "Conflict",
    }
    assert reply.headers["Content-Type"] == "application/json"


async def test_a_client_has_one_ven(vtn: Sandbox) -> None:
    await vtn.post("/vens", ven_ven("one"), "ven-1")

    assert (await vtn.post("/vens", ven_ven("two"), "ven-1")).status == 409
    assert (await vtn.post("/vens", bl_ven("ven-1", "two"), "operator")).status == 409


async def test_a_ven_sees_its_own_only(vtn: Sandbox) -> None:
    mine, other = await vtn.ven("ven-1", "mine"), await vtn.ven("ven-2", "other")

    assert (await vtn.get("/vens", "ven-1")).json == [mine]
    assert (await vtn.get("/vens?venName=other", "ven-1")).json == []
    assert (await vtn.get(f"/vens/{mine['id']}", "ven-1")).status == 200
    assert (await vtn.get(f"/vens/{other['id']}", "ven-1")).status == 404
    assert (await vtn.put(f"/vens/{other['id']}", ven_ven("x"), "ven-1")).status == 404
    assert (await vtn.delete(f"/vens/{other['id']}", "ven-1")).status == 404


async def test_business_logic_sees_all_of_them_the_newest_first(vtn: Sandbox) -> None:
    for n in range(3):
        await vtn.ven(f"c-{n}", f"v-{n}")

    names = [ven["venName"] for ven in (await vtn.get("/vens", "operator")).json]

    assert names == ["v-2", "v-1", "v-0"]


async def test_vens_are_found_by_name_exactly(vtn: Sandbox) -> None:
    await vtn.ven("c-1", "Nykøbing Falster")
    await vtn.ven("c-2", "Nykøbing")

    found = await vtn.get("/vens", "operator", params={"venName": "Nykøbing"})
    none = await vtn.get("/vens", "operator", params={"venName": "nykøbing"})

    assert [ven["clientID"] for ven in found.json] == ["c-2"]
    assert none.json == []


async def test_vens_are_found_by_any_of_several_targets(vtn: Sandbox) -> None:
    await vtn.ven("c-1", "v-1", targets=["a", "b"])
    await vtn.ven("c-2", "v-2", targets=["c"])
    await vtn.ven("c-3", "v-3")

    one = await vtn.get("/vens?targets=b", "operator")
    any_of = await vtn.get("/vens?targets=a&targets=c", "operator")

    assert [ven["venName"] for ven in one.json] == ["v-1"]
    assert [ven["venName"] for ven in any_of.json] == ["v-2", "v-1"]
    assert (await vtn.get("/vens?targets=a,c", "operator")).status == 400


async def test_a_put_replaces_and_keeps_id_client_and_birth(vtn: Sandbox) -> None:
    old = await vtn.ven(targets=["g"], attributes=DESCRIPTION)

    reply = await vtn.put(f"/vens/{old['id']}", bl_ven("ven-1", "new"), "operator")

    new = reply.json
    assert reply.status == 200
    assert (new["venName"], new["attributes"], new["targets"]) == ("new", None, [])
    assert (new["id"], new["clientID"]) == (old["id"], "ven-1")
    assert new["createdDateTime"] == old["createdDateTime"]
    assert new["modificationDateTime"] > old["modificationDateTime"]
    assert (await vtn.get("/vens?venName=ven-1", "operator")).json == []
    assert (await vtn.get("/vens?venName=new", "operator")).json == [new]


async def test_a_put_by_the_ven_leaves_its_targets(vtn: Sandbox) -> None:
    ven = await vtn.ven(targets=["g"])

    reply = await vtn.put(f"/vens/{ven['id']}", ven_ven("new", targets=["x"]), "ven-1")

    assert (reply.status, reply.json["targets"]) == (200, ["g"])


async def test_a_put_cannot_change_the_client(vtn: Sandbox) -> None:
    ven = await vtn.ven()

    reply = await vtn.put(f"/vens/{ven['id']}", bl_ven("other", "n"), "operator")

    assert reply.status == 400
    assert "clientID" in reply.detail


async def test_a_put_to_a_name_that_is_taken_is_a_conflict(vtn: Sandbox) -> None:
    await vtn.ven("ven-2", "taken")
    ven = await vtn.ven("ven-1", "free")

    assert (await vtn.put(f"/vens/{ven['id']}", ven_ven("taken"), "ven-1")).status == 409
    assert (await vtn.put(f"/vens/{ven['id']}", ven_ven("free"), "ven-1")).status == 200


async def test_a_delete_answers_with_what_is_gone(vtn: Sandbox) -> None:
    ven = await vtn.ven()

    reply = await vtn.delete(f"/vens/{ven['id']}", "ven-1")

    assert (reply.status, reply.json) == (200, ven)
    assert (await vtn.get(f"/vens/{ven['id']}", "operator")).status == 404
    assert (await vtn.post("/vens", ven_ven("ven-1"), "ven-1")).status == 201


async def test_a_ven_with_resources_cannot_be_deleted(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    resource = await vtn.resource(ven, "r")

    refused = await vtn.delete(f"/vens/{ven['id']}", "operator")
    await vtn.delete(f"/resources/{resource['id']}", "operator")

    assert refused.status == 403
    assert refused.detail == "Cannot delete VEN with associated resources"
    assert (await vtn.delete(f"/vens/{ven['id']}", "operator")).status == 200


@pytest.mark.parametrize(("path", "status"), [("/vens/nobody", 404), ("/vens/a.b", 400)])
async def test_an_unknown_id_is_404_and_an_impossible_one_400(
    vtn: Sandbox, path: str, status: int
) -> None:
    assert (await vtn.get(path, "operator")).status == status
    assert (await vtn.put(path, bl_ven("c", "n"), "operator")).status == status
    assert (await vtn.delete(path, "operator")).status == status


@pytest.mark.parametrize(
    ("path", "allowed"), [("/vens", "GET, POST"), ("/vens/x", "GET, PUT, DELETE")]
)
async def test_other_methods_are_405(vtn: Sandbox, path: str, allowed: str) -> None:
    reply = await vtn.call("PATCH", path, {}, as_="operator")

    assert (reply.status, reply.headers["Allow"]) == (405, allowed)
