"""Subscriptions, which are kept and shown: nobody is called back."""

from typing import Any

import pytest

from tests.sandbox.rig import Sandbox

OPERATIONS = {
    "objects": ["EVENT", "PROGRAM"],
    "operations": ["CREATE", "UPDATE", "DELETE"],
    "callbackUrl": "https://example.org/callback",
    "bearerToken": "secret",
}


def subscription(client: str = "site-1", **more: Any) -> dict[str, Any]:
    return {"clientName": client, "objectOperations": [OPERATIONS], **more}


async def subscribe(vtn: Sandbox, client: str, body: dict[str, Any]) -> Any:
    reply = await vtn.post("/subscriptions", body, client)
    assert reply.status == 201, reply.body
    return reply.json


async def names(vtn: Sandbox, query: str = "", client: str = "operator") -> list[str]:
    rows = (await vtn.get(f"/subscriptions{query}", client)).json
    return [row["clientName"] for row in rows]


async def test_a_client_subscribes_for_itself(vtn: Sandbox) -> None:
    made = await subscribe(vtn, "ven-1", subscription(targets=["g-1"]))

    assert (await vtn.get(f"/subscriptions/{made['id']}", "ven-1")).json == made
    assert (made["clientID"], made["objectType"]) == ("ven-1", "SUBSCRIPTION")
    assert (made["objectOperations"], made["targets"]) == ([OPERATIONS], ["g-1"])
    assert (await vtn.get(f"/subscriptions/{made['id']}", "ven-2")).status == 404
    assert (await vtn.delete(f"/subscriptions/{made['id']}", "ven-2")).status == 404


async def test_business_logic_subscribes_too_and_reads_all_of_them(vtn: Sandbox) -> None:
    await subscribe(vtn, "ven-1", subscription("a"))
    await subscribe(vtn, "operator", subscription("b"))

    assert await names(vtn) == ["a", "b"]
    assert await names(vtn, "", "ven-1") == ["a"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"clientName": None},
        {"objectOperations": None},
        {"objectOperations": [{**OPERATIONS, "objects": ["NOTHING"]}]},
        {"objectOperations": [{**OPERATIONS, "objects": None}]},
        {"objectOperations": [{**OPERATIONS, "operations": ["POST"]}]},
        {"objectOperations": [{**OPERATIONS, "callbackUrl": None}]},
        {"objectOperations": [{**OPERATIONS, "callbackUrl": "x"}]},
        {"programID": "a.b"},
        {"targets": ["a b"]},
    ],
)
async def test_what_breaks_the_schema_is_400(vtn: Sandbox, wrong: dict[str, Any]) -> None:
    reply = await vtn.post("/subscriptions", {**subscription(), **wrong}, "ven-1")

    assert reply.status == 400
    assert (await vtn.summary())["subscriptions"] == 0


async def test_subscriptions_are_found_by_program_client_name_and_objects(vtn: Sandbox) -> None:
    program = await vtn.program()
    of_vens = [{**OPERATIONS, "objects": ["VEN"]}]
    await subscribe(vtn, "ven-1", subscription("a", programID=program["id"]))
    await subscribe(vtn, "ven-1", subscription("b", objectOperations=of_vens))
    await subscribe(vtn, "ven-2", subscription("a"))

    assert await names(vtn, f"?programID={program['id']}") == ["a"]
    assert await names(vtn, "?clientName=a") == ["a", "a"]
    assert await names(vtn, "?clientName=a", "ven-1") == ["a"]
    assert await names(vtn, "?objects=VEN") == ["b"]
    assert await names(vtn, "?objects=VEN&objects=EVENT") == ["a", "b", "a"]
    assert (await vtn.get("/subscriptions?objects=NOTHING", "operator")).status == 400


async def test_a_subscription_to_an_unknown_program_breaks_the_foreign_key(vtn: Sandbox) -> None:
    reply = await vtn.post("/subscriptions", subscription(programID="nowhere"), "ven-1")

    assert (reply.status, reply.detail) == (409, "A foreign key constraint is violated")


async def test_a_deleted_program_takes_its_subscriptions_along(vtn: Sandbox) -> None:
    program = await vtn.program()
    for client in ("ven-1", "ven-2"):
        await subscribe(vtn, client, subscription(programID=program["id"]))
    await subscribe(vtn, "ven-1", subscription("other"))

    await vtn.delete(f"/programs/{program['id']}", "operator")

    assert await names(vtn) == ["other"]


async def test_the_same_subscription_can_be_made_twice(vtn: Sandbox) -> None:
    for _ in range(2):
        await subscribe(vtn, "ven-1", subscription())

    counts = await vtn.summary()

    assert (counts["subscriptions"], counts["duplicates"]) == (2, 0)


async def test_a_put_replaces(vtn: Sandbox) -> None:
    made = await subscribe(vtn, "ven-1", subscription("a"))

    reply = await vtn.put(f"/subscriptions/{made['id']}", subscription("b"), "ven-1")

    assert (reply.status, reply.json["clientName"], reply.json["clientID"]) == (200, "b", "ven-1")
    assert await names(vtn, "?clientName=a") == []


async def test_in_3_0_a_program_is_required_and_targets_are_a_filter(vtn30: Sandbox) -> None:
    program = await vtn30.program()
    group = [{"type": "GROUP", "values": ["g"]}]
    await subscribe(vtn30, "ven-1", subscription("a", programID=program["id"], targets=group))
    await subscribe(vtn30, "ven-2", subscription("b", programID=program["id"]))

    without = await vtn30.post("/subscriptions", subscription("x"), "ven-1")

    assert without.status == 400
    assert await names(vtn30, "", "ven-2") == ["a", "b"]
    assert await names(vtn30, "?targetType=GROUP&targetValues=g", "ven-2") == ["a"]
