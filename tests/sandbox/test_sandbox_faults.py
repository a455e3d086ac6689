"""Faults: what each kind does, which requests it strikes, and what the VTN accepted meanwhile."""

import asyncio
import time
import zlib
from collections.abc import Awaitable
from typing import Any

import aiohttp
import orjson
import pytest

from tests.sandbox.rig import Sandbox, bl_resource, bl_ven, credential

LIMIT = 0.4
"""The request limit of the sandboxes here that need a short one, in seconds."""


async def create(vtn: Sandbox, name: str = "Aalborg") -> Any:
    return await vtn.post("/vens", bl_ven(f"c-{name}", name), "operator")


async def is_broken(request: Awaitable[Any]) -> bool:
    """Whether a request ends without a whole answer."""
    try:
        await request
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        return True
    return False


async def accepted(vtn: Sandbox) -> int:
    return (await vtn.summary())["vens"]


async def test_a_status_takes_the_place_of_the_answer_and_nothing_is_accepted(
    vtn: Sandbox,
) -> None:
    await vtn.faults({"kind": "status", "status": 429, "headers": {"Retry-After": "7"}})

    reply = await vtn.post("/vens", bl_ven("c", "n"))

    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")
    assert reply.json["title"] == "429 Too Many Requests"
    assert await accepted(vtn) == 0
    last = (await vtn.ledger())[-1]
    assert (last["status"], last["accepted"], last["fault"]) == (429, False, "status")


@pytest.mark.parametrize(
    ("body", "sent", "media_type"),
    [
        ({"a": 1}, b'{"a":1}', "application/json"),
        ([], b"[]", "application/json"),
        ("gone", b"gone", "text/plain; charset=utf-8"),
        ("", b"", "text/plain; charset=utf-8"),
    ],
)
async def test_a_status_may_have_a_body_of_any_sort(
    vtn: Sandbox, body: Any, sent: bytes, media_type: str
) -> None:
    await vtn.faults({"kind": "status", "status": 503, "body": body})

    reply = await vtn.get("/vens")

    assert (reply.body, reply.headers["Content-Type"]) == (sent, media_type)


async def test_accept_then_status_keeps_the_object_and_says_otherwise(vtn: Sandbox) -> None:
    await vtn.faults(
        {"kind": "accept-then-status", "status": 500, "method": "POST", "path": "^/vens"}
    )

    reply = await create(vtn)

    assert reply.status == 500
    assert await accepted(vtn) == 1
    last = (await vtn.ledger())[-1]
    assert (last["status"], last["accepted"]) == (500, True)
    assert last["object"]["venName"] == "Aalborg"
    assert (await vtn.summary())["writes"] == 1


@pytest.mark.parametrize(("kind", "count"), [("reset", 0), ("accept-then-reset", 1)])
async def test_a_reset_cuts_the_connection_before_or_after_the_acceptance(
    vtn: Sandbox, kind: str, count: int
) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": kind})

    assert await is_broken(create(vtn))
    assert await accepted(vtn) == count
    last = (await vtn.ledger())[-1]
    assert (last["status"], last["accepted"], last["fault"]) == (None, bool(count), kind)


async def test_a_reset_is_a_rst_and_no_fin(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "reset"})
    reader, writer = await asyncio.open_connection("127.0.0.1", int(vtn.url.rpartition(":")[2]))
    writer.write(b"GET /vens HTTP/1.1\r\nHost: x\r\n\r\n")

    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()


async def test_a_delay_only_delays_while_the_request_is_young(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "delay", "seconds": 0.2})
    begun = time.monotonic()

    reply = await create(vtn)

    assert reply.status == 201
    assert time.monotonic() - begun >= 0.2


async def test_nothing_is_accepted_once_a_request_is_older_than_the_limit() -> None:
    async with Sandbox(request_limit=LIMIT) as vtn:
        await vtn.token("operator")
        await vtn.faults({"kind": "delay", "seconds": 5})
        begun = time.monotonic()

        reply = await create(vtn)

        assert reply.status == 503
        assert LIMIT <= time.monotonic() - begun < 3
        assert await accepted(vtn) == 0
        assert (await vtn.ledger())[-1]["status"] == 503


async def test_a_body_that_comes_after_the_limit_is_not_accepted() -> None:
    async with Sandbox(request_limit=LIMIT, open=True) as vtn:
        body = orjson.dumps(bl_ven("c", "n"))

        async def slowly() -> Any:
            yield body[:5]
            await asyncio.sleep(LIMIT + 0.1)
            yield body[5:]

        headers = {"Content-Type": "application/json"}
        reply = await vtn.call("POST", "/vens", data=slowly(), headers=headers)

        assert (reply.status, await accepted(vtn)) == (503, 0)


async def test_a_client_that_gave_up_during_a_delay_may_find_its_object_later(
    vtn: Sandbox,
) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "delay", "seconds": 0.3, "method": "POST"})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(create(vtn), 0.1)
    assert await accepted(vtn) == 0
    await asyncio.sleep(0.4)

    assert await accepted(vtn) == 1


async def test_a_hang_says_nothing_and_accepts_nothing(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "hang"})

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(create(vtn), 0.2)

    assert await accepted(vtn) == 0
    assert (await vtn.ledger())[-1]["status"] is None


async def test_a_drip_sends_the_answer_byte_by_byte(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "drip", "seconds": 0.001})
    begun = time.monotonic()

    reply = await vtn.get("/auth/server")

    assert reply.json == {"tokenURL": f"{vtn.url}/auth/token"}
    assert time.monotonic() - begun >= 0.001 * len(reply.body)


@pytest.mark.parametrize("at", [0, 0.5, 1])
async def test_a_truncated_answer_lies_about_its_length(vtn: Sandbox, at: float) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "truncate", "at": at})

    assert await is_broken(create(vtn)) is (at < 1)
    assert await accepted(vtn) == 1


@pytest.mark.parametrize(
    ("kind", "media_type"), [("html", "text/html; charset=utf-8"), ("empty", "application/json")]
)
async def test_a_gateways_page_is_a_200_that_accepts_nothing(
    vtn: Sandbox, kind: str, media_type: str
) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": kind})

    reply = await create(vtn)

    assert (reply.status, reply.headers["Content-Type"]) == (200, media_type)
    assert reply.body.startswith(b"<!doctype html>") if kind == "html" else not reply.body
    assert await accepted(vtn) == 0


async def test_any_answer_can_be_lost_after_the_acceptance(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "empty", "accept": True})

    reply = await create(vtn)

    assert (reply.status, reply.body, await accepted(vtn)) == (200, b"", 1)


async def test_a_wrong_shape_is_an_object_for_a_list_and_a_list_for_an_object(
    vtn: Sandbox,
) -> None:
    ven = await vtn.ven()
    await vtn.faults({"kind": "wrong-shape"})

    assert (await vtn.get("/vens", "operator")).json == {"data": [ven]}
    assert (await vtn.get(f"/vens/{ven['id']}", "operator")).json == [ven]


async def test_a_huge_body_is_as_long_as_asked_and_valid(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "huge", "bytes": 3_000_000})

    reply = await vtn.get("/vens")

    assert len(reply.body) == 3_000_002
    assert reply.json == []


async def test_a_bomb_is_small_on_the_wire_and_one_valid_gzip_member(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "bomb", "bytes": 20_000_000})
    async with (
        aiohttp.ClientSession(vtn.url, auto_decompress=False) as raw,
        raw.get("/vens") as response,
    ):
        packed = await response.read()

    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, 31)) == 20_000_002


async def test_a_client_may_leave_in_the_middle_of_an_endless_body(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "huge"})
    async with vtn.session.get("/vens") as response:
        await response.content.readexactly(100_000)
        response.close()

    await vtn.faults()
    assert (await vtn.get("/health")).status == 200


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_names_another_place(vtn: Sandbox, status: int) -> None:
    await vtn.faults({"kind": "redirect", "location": "http://127.0.0.2/x", "status": status})

    reply = await vtn.get("/vens", allow_redirects=False)

    assert (reply.status, reply.headers["Location"]) == (status, "http://127.0.0.2/x")


async def test_headers_are_added_to_the_real_answer(vtn: Sandbox) -> None:
    date = "Thu, 01 Jan 1970 00:00:00 GMT"
    await vtn.faults({"kind": "headers", "headers": {"Date": date, "X-Extra": "1"}})

    reply = await vtn.get("/vens", "operator")

    assert (reply.status, reply.headers.getall("Date")) == (200, [date])
    assert reply.headers["X-Extra"] == "1"


async def test_a_page_loop_gives_the_first_page_for_ever(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    for n in range(3):
        await vtn.resource(ven, f"r-{n}")
    await vtn.faults({"kind": "page-loop"})

    rows = (await vtn.get("/resources?skip=2&limit=2", "ven-1")).json

    assert [row["resourceName"] for row in rows] == ["r-0", "r-1"]


async def test_a_page_cap_gives_fewer_rows_than_were_asked_for(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    for n in range(3):
        await vtn.resource(ven, f"r-{n}")
    await vtn.faults({"kind": "page-cap", "size": 2})

    assert len((await vtn.get("/resources?limit=50", "ven-1")).json) == 2
    assert len((await vtn.get("/resources?limit=1", "ven-1")).json) == 1


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


async def test_a_refused_write_stays_refused_behind_an_accepting_fault(vtn: Sandbox) -> None:
    await create(vtn)
    await vtn.faults({"kind": "accept-then-status", "status": 500})

    await create(vtn)

    last = (await vtn.ledger())[-1]
    assert (last["accepted"], last["object"], await accepted(vtn)) == (False, None, 1)


async def test_an_empty_list_heals(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "status", "status": 500})
    await vtn.faults()

    assert (await vtn.get("/auth/server")).status == 200


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
