"""Paging, bodies, media types and everything else that is the same for every kind of object."""

import asyncio
import io
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.rig import Reply, Sandbox, bl_resource, bl_ven, ven_resource, ven_ven
from ven_daemon.sandbox.messages import Call
from ven_daemon.sandbox.options import Options
from ven_daemon.sandbox.vtn import Vtn


async def fill(vtn: Sandbox, count: int) -> None:
    ven = await vtn.ven()
    for n in range(count):
        await vtn.resource(ven, f"r-{n:03}")


async def names(vtn: Sandbox, query: str) -> list[str]:
    rows = (await vtn.get(f"/resources?{query}", "ven-1")).json
    return [row["resourceName"] for row in rows]


async def test_a_page_has_50_rows_unless_told(vtn: Sandbox) -> None:
    await fill(vtn, 51)

    assert await names(vtn, "") == [f"r-{n:03}" for n in range(50)]
    assert await names(vtn, "skip=50") == ["r-050"]
    assert await names(vtn, "skip=49&limit=1") == ["r-049"]
    assert await names(vtn, "skip=51") == []
    assert await names(vtn, "skip=2147483647") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=51",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "skip=-1",
        "skip=2147483648",
        "skip=1_0",
        "skip=" + "9" * 5_000,
        "skip=1&skip=2",
    ],
)
async def test_a_page_out_of_bounds_is_400_even_without_a_token(vtn: Sandbox, query: str) -> None:
    for kind in ("vens", "resources", "programs", "events", "reports", "subscriptions"):
        assert (await vtn.get(f"/{kind}?{query}")).status == 400


async def test_unknown_parameters_are_passed_over(vtn: Sandbox) -> None:
    await vtn.ven()

    assert len((await vtn.get("/vens?active=true&nonsense=1&nonsense=2", "ven-1")).json) == 1


async def test_health_is_two_letters_and_needs_no_token(vtn: Sandbox) -> None:
    reply = await vtn.get("/health")

    assert (reply.status, reply.body) == (200, b"OK")


@pytest.mark.parametrize("path", ["/notifiers", "/notifiers/mqtt/topics/events"])
async def test_what_is_not_served_yet_says_so(vtn: Sandbox, path: str) -> None:
    reply = await vtn.get(path, "ven-1")

    assert (reply.status, reply.detail) == (404, "The sandbox does not serve notifiers yet")


@pytest.mark.parametrize("path", ["/", "/nothing", "/vens/", "/vens/a/b", "/auth"])
async def test_other_paths_are_404(vtn: Sandbox, path: str) -> None:
    assert (await vtn.get(path, "operator")).status in (400, 404)


async def test_a_problem_is_json_with_an_instance_of_its_own(vtn: Sandbox) -> None:
    one, two = await vtn.get("/nothing"), await vtn.get("/nothing")

    assert one.headers["Content-Type"] == "application/json"
    assert one.json["instance"] != two.json["instance"]
    assert set(one.json) == {"type", "title", "status", "detail", "instance"}


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_type_is_415(vtn: Sandbox, media_type: str) -> None:
    headers = {"Content-Type": media_type}

    assert (await vtn.post("/vens", ven_ven("n"), "ven-1", headers=headers)).status == 415


async def test_parameters_of_the_media_type_do_not_matter(vtn: Sandbox) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}

    assert (await vtn.post("/vens", ven_ven("n"), "ven-1", headers=headers)).status == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"venName": NaN}', b'{"venName":"\\ud800"}', b"\xff"],
)
async def test_a_malformed_body_is_400(vtn: Sandbox, body: bytes) -> None:
    assert (await vtn.post("/vens", body, "ven-1")).status == 400


async def test_the_token_is_looked_at_before_the_body(vtn: Sandbox) -> None:
    assert (await vtn.post("/vens", b"{", None)).status == 401


async def test_a_body_over_2_mib_is_400_and_one_below_is_fine(vtn: Sandbox) -> None:
    async def send(size: int) -> Reply:
        body = orjson.dumps(ven_ven("n"))
        padded = io.BytesIO(body + b" " * (size - len(body)))
        json = {"Content-Type": "application/json"}
        return await vtn.call("POST", "/vens", as_="ven-1", headers=json, data=padded)

    too_long = await send(2 * 2**20 + 1)

    assert too_long.status == 400
    assert "length limit" in too_long.detail
    assert (await send(2 * 2**20)).status == 201


async def test_long_lists_are_compressed_for_those_who_take_gzip(vtn: Sandbox) -> None:
    await fill(vtn, 10)

    long = await vtn.get("/resources", "ven-1", headers={"Accept-Encoding": "deflate, gzip"})
    plain = await vtn.get("/resources", "ven-1", headers={"Accept-Encoding": "identity"})
    short = await vtn.get("/resources?limit=1", "ven-1", headers={"Accept-Encoding": "gzip"})

    assert long.headers["Content-Encoding"] == "gzip"
    assert long.json == plain.json
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in short.headers


async def test_a_path_may_be_percent_encoded(vtn: Sandbox) -> None:
    ven = await vtn.ven()
    encoded = ven["id"].replace("-", "%2D")

    assert (await vtn.call("GET", f"/%76ens/{encoded}", as_="ven-1")).json == ven


async def test_bytes_that_are_no_text_harm_nothing(vtn: Sandbox) -> None:
    port = int(vtn.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /vens?venName=\xff HTTP/1.1\r\nHost: \xff\r\nAuthorization: Bearer \xff\r\n\r\n"
    )

    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()

    assert answer.split()[1] in (b"400", b"401", b"403")
    assert (await vtn.get("/sandbox/ledger")).status == 200


async def test_an_open_sandbox_takes_both_forms_and_any_number_of_vens(open_vtn: Sandbox) -> None:
    by_bl = await open_vtn.post("/vens", bl_ven("c", "one"))
    also_by_bl = await open_vtn.post("/vens", bl_ven("c", "two"))
    by_ven = (await open_vtn.post("/vens", ven_ven("three"))).json

    assert (by_bl.status, also_by_bl.status) == (201, 201)
    assert by_ven["clientID"].startswith("client-")
    assert len((await open_vtn.get("/vens")).json) == 3


async def test_an_open_sandbox_knows_a_token_when_it_sees_one(open_vtn: Sandbox) -> None:
    vens = [(await open_vtn.post("/vens", ven_ven(n), "me")).json for n in ("one", "two")]

    assert [ven["clientID"] for ven in vens] == ["me", "me"]


async def test_an_open_sandbox_takes_resources_in_both_forms(open_vtn: Sandbox) -> None:
    ven = (await open_vtn.post("/vens", bl_ven("c", "v"))).json

    by_ven = await open_vtn.post("/resources", ven_resource(ven["id"], "one"))
    by_bl = await open_vtn.post("/resources", bl_resource("d", ven["id"], "two"))
    put = await open_vtn.put(f"/resources/{by_bl.json['id']}", ven_resource(ven["id"], "three"))

    assert (by_ven.status, by_ven.json["clientID"]) == (201, "c")
    assert (by_bl.status, by_bl.json["clientID"]) == (201, "d")
    assert put.status == 200


async def test_an_open_sandbox_is_still_strict_about_names(open_vtn: Sandbox) -> None:
    await open_vtn.post("/vens", bl_ven("c", "one"))

    assert (await open_vtn.post("/vens", bl_ven("d", "one"))).status == 409


async def test_a_lenient_sandbox_accepts_a_name_again_and_counts_it() -> None:
    async with Sandbox(open=True, lenient=True) as vtn:
        first = (await vtn.post("/vens", bl_ven("c", "one"))).json
        second = (await vtn.post("/vens", bl_ven("d", "one"))).json
        for name in ("r", "r", "r", "s"):
            await vtn.post("/resources", bl_resource("c", first["id"], name))
        counted = (await vtn.summary())["duplicates"]
        await vtn.delete(f"/vens/{second['id']}")

        assert counted == 3
        assert (await vtn.summary())["duplicates"] == 2
        assert len((await vtn.get(f"/resources?resourceName=r&venID={first['id']}")).json) == 3


async def test_a_lenient_sandbox_still_gives_a_client_one_ven() -> None:
    async with Sandbox(lenient=True) as vtn:
        await vtn.ven("ven-1", "one")

        assert (await vtn.post("/vens", ven_ven("two"), "ven-1")).status == 409


async def test_keep_alive_serves_many_requests_on_one_connection(vtn: Sandbox) -> None:
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(vtn.url, connector=connector) as session:
        for _ in range(20):
            async with session.get("/health") as response:
                assert response.status == 200


def a_call(vtn: Vtn, path: str, body: Any) -> Call:
    return Call(
        method="POST",
        path=path,
        query="",
        content_type="application/json",
        host="x",
        authorization=None,
        caller=vtn.tokens.read(None),
        arrived=0.0,
        body=orjson.dumps(body),
    )


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = ("objectType", "clientID", "venID", "venName", "resourceName", "attributes", "targets")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["3.1", "3.0"]),
    st.dictionaries(st.sampled_from(_MEMBERS), _ANYTHING, max_size=4),
    st.sampled_from(["BL", "VEN"]),
)
def test_no_body_is_too_strange_for_an_answer(
    profile: str, members: dict[str, Any], form: str
) -> None:
    vtn = Vtn(Options(profile=profile, open=True))
    ven = vtn.answer(a_call(vtn, "/vens", bl_ven("c", "v"))).body
    ven_id = orjson.loads(ven)["id"]
    path = "/resources" if profile == "3.1" else f"/vens/{ven_id}/resources"
    resource = {**bl_resource("c", ven_id, "r"), "objectType": f"{form}_RESOURCE_REQUEST"}

    for where, body in (
        ("/vens", {**bl_ven("d", "w"), "objectType": f"{form}_VEN_REQUEST", **members}),
        (path, {**resource, **members}),
    ):
        answer = vtn.answer(a_call(vtn, where, body))

        orjson.loads(answer.body)
        holds_nul = "\\u0000" in orjson.dumps(body).decode()
        assert answer.status in ((201, 400, 409, 500) if holds_nul else (201, 400, 409))
