"""Reading a collection to its end, from VTNs with every idea of what a page is."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.vtn.servers import Handler, Http, always, as_json, collection, http, transporting
from ven_daemon.domain.errors import (
    OutcomeUnknownError,
    TooLargeError,
    UnsupportedError,
    VtnError,
)
from ven_daemon.domain.ids import VenId
from ven_daemon.vtn import paging
from ven_daemon.vtn.client import VtnClient
from ven_daemon.vtn.exchange import BODY_LIMIT
from ven_daemon.vtn.token import NoCredential
from ven_daemon.wire.profile import Form
from ven_daemon.wire.v310 import Profile310


def ven(n: int) -> dict[str, object]:
    return {"id": f"v{n}", "venName": f"VEN {n}", "clientID": f"c{n}", "objectType": "VEN"}


def vens(count: int) -> list[dict[str, object]]:
    return [ven(n) for n in range(count)]


@asynccontextmanager
async def client_of(answer: Handler) -> AsyncIterator[tuple[VtnClient, Http]]:
    async with http(answer) as server, transporting(server.url, patience=1.0) as transport:
        yield VtnClient(transport, Profile310(), NoCredential(), Form.BL), server


async def read(answer: Handler) -> tuple[set[str], int]:
    async with client_of(answer) as (client, server):
        found = await client.vens()
        assert len({each.id for each in found}) == len(found)
        return {each.id for each in found}, len(server.seen)


def ids(count: int) -> set[str]:
    return {f"v{n}" for n in range(count)}


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 101, 150, 500, 850, 1000, 2000])
@pytest.mark.parametrize("most", [50, 49, 20, 7])
async def test_everything_is_read_whatever_a_page_holds(count: int, most: int) -> None:
    assert (await read(collection(vens(count), most)))[0] == ids(count)


async def test_a_page_of_one_is_a_page() -> None:
    assert (await read(collection(vens(60), most=1)))[0] == ids(60)


async def test_the_sample_fleets_resources_take_hardly_more_requests_than_pages() -> None:
    began = time.monotonic()
    found, requests = await read(collection(vens(9714)))

    assert found == ids(9714)
    assert requests <= 195 + paging.PAGES_AT_ONCE
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("rows", [vens(50), [*vens(49), {"id": "bad"}]], ids=["all", "but one"])
async def test_a_vtn_that_ignores_skip_is_told_after_few_pages(rows: list[object]) -> None:
    async with client_of(always(200, rows)) as (client, server):
        with pytest.raises(UnsupportedError, match="ignores skip"):
            await client.vens()

    assert len(server.seen) <= 4


async def test_a_short_page_for_ever_is_left_too() -> None:
    found, requests = await read(always(200, vens(49)))

    assert (found, requests) == (ids(49), 2)


async def test_a_vtn_that_ignores_limit_is_read_whole() -> None:
    rows = vens(130)

    async def answer(request: web.Request) -> web.Response:
        return as_json(rows[int(request.query["skip"]) :])

    assert (await read(answer))[0] == ids(130)


async def test_more_rows_than_asked_for_hide_none() -> None:
    rows = vens(500)

    async def answer(request: web.Request) -> web.Response:
        skip = int(request.query["skip"])
        return as_json(rows[skip : skip + 70])

    assert (await read(answer))[0] == ids(500)


@pytest.mark.parametrize("most", [49, 25, 24, 3, 1])
async def test_a_page_that_is_too_large_is_asked_for_in_halves(most: int) -> None:
    rows = vens(130)

    async def answer(request: web.Request) -> web.Response:
        if int(request.query["limit"]) > most:
            return web.Response(body=bytes(BODY_LIMIT + 1))
        return await collection(rows)(request)  # type: ignore[return-value]

    found, _ = await read(answer)

    assert found == ids(130)


async def test_one_row_that_is_too_large_is_an_error() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bytes(BODY_LIMIT + 1))

    with pytest.raises(TooLargeError):
        await read(answer)


async def test_a_full_page_of_a_smaller_size_says_nothing_of_larger_ones() -> None:
    """A VTN that caps at 30 and was asked in 25s is still not one that gives 50."""

    async def answer(request: web.Request) -> web.Response:
        heavy = request.path == "/vens" and int(request.query["limit"]) > 25
        if heavy:
            return web.Response(body=bytes(BODY_LIMIT + 1))
        rows: list[object] = list(vens(60))
        if request.path == "/resources":
            rows = [{"id": f"r{n}", "venID": "v1", "resourceName": f"R{n}"} for n in range(100)]
        return await collection(rows, most=30)(request)  # type: ignore[return-value]

    async with client_of(answer) as (client, _):
        await client.vens()
        resources = await client.resources(VenId("v1"))

    assert len(resources) == 100


async def test_rows_that_move_while_we_read_appear_once() -> None:
    rows = vens(300)

    async def answer(request: web.Request) -> web.Response:
        rows.insert(0, ven(1000 + len(rows)))
        return await collection(list(rows))(request)  # type: ignore[return-value]

    found, _ = await read(answer)

    assert ids(300) <= found


async def test_the_newer_of_two_rows_of_one_id_is_kept() -> None:
    rows = [ven(1), {**ven(1), "venName": "renamed"}]
    async with client_of(collection(rows)) as (client, _):
        assert [each.name for each in await client.vens()] == ["renamed"]


async def test_one_that_cannot_be_read_hides_no_neighbour_and_is_named() -> None:
    rows = vens(120)
    rows[60] = {"id": "bad", "venName": None}
    with capture_logs() as logs:
        found, _ = await read(collection(rows))

    assert found == ids(120) - {"v60"}
    said = [(log["event"], log["id"]) for log in logs]
    assert said == [("object.unreadable", "bad")]


async def test_a_collection_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_MOST", 20)

    async def answer(request: web.Request) -> web.Response:
        skip = int(request.query["skip"])
        return as_json([ven(skip + n) for n in range(50)])

    with pytest.raises(OutcomeUnknownError, match="more than 20 pages"):
        await read(answer)


async def test_a_page_that_fails_fails_the_listing_and_ends_the_others() -> None:
    rows = vens(2000)

    async def answer(request: web.Request) -> web.Response:
        skip = int(request.query["skip"])
        if skip >= 700:
            return as_json({}, 500)
        if skip >= 300:
            await asyncio.sleep(0.2)
        return await collection(rows)(request)  # type: ignore[return-value]

    with pytest.raises(VtnError):
        await read(answer)


@pytest.mark.parametrize("shape", [{}, None, 5, "rows", {"data": []}, {"vens": vens(3)}], ids=str)
async def test_what_is_no_list_is_no_empty_listing(shape: object) -> None:
    with pytest.raises(OutcomeUnknownError, match="a list was expected"):
        await read(always(200, shape))


async def test_a_list_of_nothing_that_we_know_is_no_empty_listing() -> None:
    with pytest.raises(OutcomeUnknownError):
        await read(always(200, [1, 2, 3]))
