"""Faults: what the VTN accepted though it says otherwise, or nothing."""

import asyncio
from typing import Any

import pytest

from tests.sandbox.faults import accepted, create, is_broken
from tests.sandbox.rig import Sandbox, bl_ven


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


async def test_any_answer_can_be_lost_after_the_acceptance(vtn: Sandbox) -> None:
    await vtn.token("operator")
    await vtn.faults({"kind": "empty", "accept": True})

    reply = await create(vtn)

    assert (reply.status, reply.body, await accepted(vtn)) == (200, b"", 1)


async def test_a_refused_write_stays_refused_behind_an_accepting_fault(vtn: Sandbox) -> None:
    await create(vtn)
    await vtn.faults({"kind": "accept-then-status", "status": 500})

    await create(vtn)

    last = (await vtn.ledger())[-1]
    assert (last["accepted"], last["object"], await accepted(vtn)) == (False, None, 1)
