"""The control plane: counts, ledger, wipe and reset."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.sandbox.rig import Sandbox, bl_ven, ven_ven

NOTHING = {
    "vens": 0,
    "resources": 0,
    "programs": 0,
    "events": 0,
    "reports": 0,
    "subscriptions": 0,
    "duplicates": 0,
    "requests": 0,
    "writes": 0,
    "tokens": 0,
}


async def test_a_fresh_sandbox_counts_nothing(vtn: Sandbox) -> None:
    assert await vtn.summary() == NOTHING


async def test_everything_is_counted_by_its_sort(vtn: Sandbox) -> None:
    await vtn.get("/health")
    ven = await vtn.ven()
    resource = await vtn.resource(ven, "r")
    await vtn.post("/vens", bl_ven("ven-1", "again"), "operator")
    await vtn.put(f"/vens/{ven['id']}", ven_ven("new"), "ven-1")
    await vtn.get("/vens")
    await vtn.get("/nothing")
    await vtn.delete(f"/resources/{resource['id']}", "operator")

    assert await vtn.summary() == {**NOTHING, "vens": 1, "requests": 7, "writes": 4, "tokens": 2}


async def test_the_ledger_tells_every_request_in_order(vtn: Sandbox) -> None:
    begun, clock = datetime.now(UTC), time.monotonic()
    body = orjson.dumps(bl_ven("ven-1", "Aalborg"))
    made = await vtn.call("POST", "/vens?x=1", body, as_="operator")
    await vtn.call("POST", "/vens", body, as_="operator")
    await vtn.get("/vens", "ven-1")

    lines = await vtn.ledger()

    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    asked = [line["path"] for line in lines]
    assert asked == ["/auth/token", "/vens", "/vens", "/auth/token", "/vens"]
    post = lines[1]
    assert abs(datetime.fromisoformat(post["time"]) - begun) < timedelta(seconds=10)
    assert abs(post["monotonic"] - clock) < 10
    assert post == {
        "sequence": 2,
        "time": post["time"],
        "monotonic": post["monotonic"],
        "client": "operator",
        "method": "POST",
        "path": "/vens",
        "query": "x=1",
        "status": 201,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "accepted": True,
        "object": made.json,
        "fault": None,
    }
    assert [(line["status"], line["accepted"], line["object"]) for line in lines[2:]] == [
        (409, False, None),
        (200, False, None),
        (200, False, None),
    ]


async def test_the_ledger_names_who_asked_for_a_token_and_whose_token_is_dead(
    vtn: Sandbox,
) -> None:
    await vtn.get("/vens", "ven-1")
    await vtn.post("/sandbox/revoke", {"clients": ["ven-1"]})
    await vtn.get("/vens", "ven-1")
    await vtn.get("/vens")

    lines = [(line["client"], line["status"]) for line in await vtn.ledger()]

    assert lines == [("ven-1", 200), ("ven-1", 200), ("ven-1", 403), (None, 401)]


async def test_the_ledger_can_be_read_from_a_line_on(vtn: Sandbox) -> None:
    for _ in range(3):
        await vtn.get("/vens")

    later = (await vtn.get("/sandbox/ledger?after=2")).body.splitlines()

    assert [orjson.loads(line)["sequence"] for line in later] == [3]
    assert (await vtn.get("/sandbox/ledger?after=x")).status == 400


async def test_a_wipe_forgets_objects_and_keeps_counters_and_tokens(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    await vtn.resource(ven, "r")

    wiped = await vtn.call("POST", "/sandbox/wipe")

    assert wiped.json == await vtn.summary()
    assert await vtn.summary() == {**NOTHING, "requests": 2, "writes": 2, "tokens": 1}
    assert (await vtn.get(f"/vens/{ven['id']}", "operator")).status == 404
    assert (await vtn.post("/vens", bl_ven("ven-1", "ven-1"), "operator")).status == 201
    assert len(await vtn.ledger()) == 5


async def test_a_reset_forgets_everything_but_tokens(vtn: Sandbox) -> None:
    await vtn.ven()
    await vtn.faults({"kind": "status", "status": 500})

    await vtn.call("POST", "/sandbox/reset")

    assert await vtn.summary() == NOTHING
    assert await vtn.ledger() == []
    assert (await vtn.get("/sandbox/faults")).json == []
    assert (await vtn.get("/vens", "operator")).status == 200


async def test_the_control_plane_meets_no_fault_and_is_not_counted(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "reset"})

    assert (await vtn.summary())["requests"] == 0
    assert await vtn.ledger() == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/sandbox/summary", 405),
        ("GET", "/sandbox/wipe", 405),
        ("PUT", "/sandbox/ledger", 405),
        ("DELETE", "/sandbox/faults", 405),
        ("GET", "/sandbox/nothing", 404),
    ],
)
async def test_what_the_control_plane_does_not_have_it_says(
    vtn: Sandbox, method: str, path: str, status: int
) -> None:
    assert (await vtn.call(method, path)).status == status


@pytest.mark.parametrize("body", [b"{", b"[]", {"clients": "ven-1"}, {"clients": [7]}])
async def test_an_unclear_revocation_is_400(vtn: Sandbox, body: Any) -> None:
    assert (await vtn.post("/sandbox/revoke", body)).status == 400
