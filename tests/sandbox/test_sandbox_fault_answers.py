"""Faults of answers: cut, huge, of a wrong shape, or leading elsewhere."""

import zlib

import aiohttp
import pytest

from tests.sandbox.faults import accepted, create, is_broken
from tests.sandbox.rig import Sandbox


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


async def test_an_empty_list_heals(vtn: Sandbox) -> None:
    await vtn.faults({"kind": "status", "status": 500})
    await vtn.faults()

    assert (await vtn.get("/auth/server")).status == 200
