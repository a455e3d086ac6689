"""Faults: which requests a rule strikes, and which rules are none."""

import time
from typing import Any

import pytest

from tests.sandbox.faults import create, is_broken
from tests.sandbox.rig import Sandbox, bl_resource, credential


async def test_faults_strike_the_token_endpoint_and_discovery_too(vtn: Sandbox) -> None:
    await vtn.faults(
        {"kind": "status", "status": 401, "path": "^/auth/token$", "client": "ven-1"},
        {"kind": "html", "path": "^/auth/server$"},
    )

    assert (await vtn.ask_token(credential("ven-1"))).status == 401
    assert (await vtn.ask_token(credential("ven-2"))).status == 200
    assert (await vtn.get("/auth/server")).body.startswith(b"<!doctype")
    assert (await vtn.summary())["tokens"] == 2


async def test_a_rule_matches_by_method_path_and_client(vtn: Sandbox) -> None:
    await vtn.faults(
        {"kind": "status", "status": 500, "method": "get", "path": "^/ven.$", "client": "ven-1"}
    )

    assert (await vtn.get("/vens", "ven-1")).status == 500
    assert (await vtn.get("/vens", "ven-2")).status == 200
    assert (await vtn.get("/vens")).status == 401
    assert (await vtn.get("/resources", "ven-1")).status == 200
    assert (await vtn.post("/vens", {}, "ven-1")).status == 400


async def test_a_rule_matches_by_how_large_the_body_is(vtn: Sandbox) -> None:
    small, large = {"programName": "p"}, {"programName": "p" * 50}

    await vtn.faults({"kind": "status", "status": 413, "path": "^/programs", "over": 50})

    assert (await vtn.get("/programs", "operator")).status == 200
    assert (await vtn.post("/programs", small, "operator")).status == 201
    assert (await vtn.post("/programs", large, "operator")).status == 413


async def test_skip_and_times_choose_among_the_matches(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "status", "status": 500, "path": "^/vens", "skip": 2, "times": 3})

    statuses = [(await vtn.get("/vens", "ven-1")).status for _ in range(7)]

    assert statuses == [200, 200, 500, 500, 500, 200, 200]
    [shown] = (await vtn.get("/sandbox/faults")).json
    assert (shown["matches"], shown["hits"], shown["kind"]) == (7, 3, "status")


async def test_a_ratio_strikes_the_same_requests_for_the_same_seed(vtn: Sandbox) -> None:
    async def pattern(seed: int) -> list[int]:
        await vtn.faults({"kind": "status", "status": 500, "ratio": 0.5, "seed": seed})
        return [(await vtn.get("/auth/server")).status for _ in range(40)]

    one, again, other = await pattern(1), await pattern(1), await pattern(2)

    assert one == again != other
    assert 8 <= one.count(500) <= 32


async def test_rules_that_only_burden_add_up_until_one_answers(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults(
        {"kind": "delay", "seconds": 0.05},
        {"kind": "headers", "headers": {"X-One": "1"}},
        {"kind": "delay", "seconds": 0.05},
        {"kind": "status", "status": 500, "times": 1},
        {"kind": "status", "status": 502, "times": 1},
    )
    begun = time.monotonic()

    replies = [await create(vtn) for _ in range(3)]

    assert [reply.status for reply in replies] == [500, 502, 201]
    assert all(reply.headers["X-One"] == "1" for reply in replies)
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "faults: expected a list"),
        ([{"kind": "empty"}, 7], "faults[1]: expected an object"),
        ([{}], "faults[0]: kind: expected one of status, html"),
        ([{"kind": ["x"]}], "faults[0]: kind: expected one of"),
        ([{"kind": "status"}], "faults[0]: status is missing"),
        ([{"kind": "status", "status": 99}], "faults[0]: status: expected a whole number"),
        ([{"kind": "status", "status": True}], "faults[0]: status: expected a whole number"),
        ([{"kind": "empty", "path": "("}], "faults[0]: path: expected a regular expression"),
        ([{"kind": "empty", "ratio": 2}], "faults[0]: ratio: expected a number from 0 to 1"),
        ([{"kind": "empty", "tmies": 2}], "faults[0]: tmies: not known to kind empty"),
        ([{"kind": "delay", "seconds": 1, "accept": True}], "faults[0]: accept: not known"),
        ([{"kind": "headers", "headers": {"A": "x\r\ny"}}], "faults[0]: headers: expected"),
        ([{"kind": "redirect", "location": "x\ny"}], "faults[0]: location: expected"),
    ],
)
async def test_a_wrong_rule_is_named_and_changes_nothing(
    vtn: Sandbox, rules: Any, words: str
) -> None:
    await vtn.faults({"kind": "empty"})

    reply = await vtn.put("/sandbox/faults", rules)

    assert reply.status == 400
    assert reply.detail.startswith(words)
    assert len((await vtn.get("/sandbox/faults")).json) == 1


async def test_faults_that_are_no_json_are_400(vtn: Sandbox) -> None:
    assert (await vtn.put("/sandbox/faults", b"[{")).status == 400


async def test_resources_meet_faults_like_vens(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    await vtn.faults({"kind": "accept-then-reset", "path": "^/resources$", "method": "POST"})

    assert await is_broken(vtn.post("/resources", bl_resource("ven-1", ven["id"], "r"), "operator"))
    assert (await vtn.summary())["resources"] == 1
