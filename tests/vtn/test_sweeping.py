"""Reading events again and again: from VTNs that change under our eyes, and that do not."""

from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vtn.servers import Handler, Http, always, as_json, collection, http, transporting
from ven_daemon.domain.errors import NotFoundError, OutcomeUnknownError, TooLargeError
from ven_daemon.domain.events import Event
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.vtn import paging, sweeping
from ven_daemon.vtn.client import READ_ASIDE, VtnClient
from ven_daemon.vtn.exchange import BODY_LIMIT
from ven_daemon.vtn.sweeping import Pages
from ven_daemon.vtn.token import NoCredential
from ven_daemon.wire.profile import Form, Shown
from ven_daemon.wire.v310 import Profile310


class Kept:
    """A keeper in memory, which notes what it was given."""

    def __init__(self) -> None:
        self.shown: dict[str, Shown[Event]] = {}
        self.given = 0

    @property
    def known(self) -> Container[str]:
        return self.shown.keys()

    async def keep(self, shown: Sequence[Shown[Event]]) -> None:
        self.given += len(shown)
        self.shown.update({each.digest: each for each in shown})


def event(n: object, **members: object) -> dict[str, object]:
    return {"id": f"e{n}", "programID": "p1", **members}


def events(count: int) -> list[dict[str, object]]:
    return [event(n) for n in range(count)]


@asynccontextmanager
async def client_of(answer: Handler) -> AsyncIterator[tuple[VtnClient, Http]]:
    async with http(answer) as server, transporting(server.url, patience=1.0) as transport:
        yield VtnClient(transport, Profile310(), NoCredential(), Form.BL), server


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 120])
@pytest.mark.parametrize("most", [50, 20, 7])
async def test_t_22_everything_is_read_whatever_a_page_holds(count: int, most: int) -> None:
    """T-22, F24."""
    async with client_of(collection(events(count), most)) as (client, _):
        found = await client.events(Pages(Kept()))

    assert set(found.found) == {f"e{n}" for n in range(count)}


async def test_an_unchanged_listing_is_not_parsed() -> None:
    kept, pages = Kept(), Pages[Event](Kept())
    async with client_of(collection(events(120))) as (client, _):
        first = await client.events(pages)
        parsed = pages.parsed

        second = await client.events(pages, last=first)

    assert second.mark == first.mark
    assert pages.parsed == parsed
    assert not kept.shown


async def test_an_unchanged_short_page_takes_one_request() -> None:
    pages = Pages[Event](Kept())
    async with client_of(collection(events(3))) as (client, server):
        first = await client.events(pages)
        before = len(server.seen)

        assert await client.events(pages, last=first) is first
        assert len(server.seen) == before + 1


async def test_t_22_what_is_behind_a_short_page_is_looked_for_again_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T-22: a VTN that gives three at the most, and then holds a fourth."""
    rows = events(3)
    pages = Pages[Event](Kept())
    async with client_of(collection(rows, most=3)) as (client, _):
        first = await client.events(pages)
        rows.append(event(3))
        monkeypatch.setattr(sweeping, "LOOK_BEYOND", 0.0)

        second = await client.events(pages, last=first)

    assert set(second.found) == {"e0", "e1", "e2", "e3"}
    assert second.mark != first.mark


async def test_t_37_the_same_event_for_many_readers_is_read_and_kept_once() -> None:
    """T-37."""
    kept = Kept()
    pages = Pages[Event](kept)
    rows: list[dict[str, object]] = [event(1), event(2)]
    async with client_of(collection(rows)) as (client, _):
        for reader in range(5):
            rows[1:] = [event(2), event(f"of reader {reader}".replace(" ", "-"))]
            await client.events(pages)

    assert kept.given == 2 + 5


async def test_f_26_of_one_event_twice_the_newer_wins_and_of_equals_the_later_page() -> None:
    """F26."""
    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    rows = [
        event(1, eventName="newer", modificationDateTime=new),
        event(2, eventName="earlier page", modificationDateTime=new),
        event(3, eventName="undated"),
        *[event(f"x{n}") for n in range(50)],
        event(1, eventName="older", modificationDateTime=old),
        event(2, eventName="later page", modificationDateTime=new),
        event(3, eventName="undated too"),
    ]
    kept = Kept()
    async with client_of(collection(rows)) as (client, _):
        found = (await client.events(Pages(kept))).found

    items = {id_: kept.shown[found[id_].digest].item for id_ in ("e1", "e2", "e3")}
    assert {id_: item and item.name for id_, item in items.items()} == {
        "e1": "newer",
        "e2": "later page",
        "e3": "undated too",
    }
    assert found["e1"].modified == datetime(2026, 1, 2, tzinfo=UTC)


async def test_f_34_a_page_too_large_is_asked_for_in_halves_and_one_event_passed_over() -> None:
    """F34: a page over 8 MB, down to the one event that is; the circuit stays closed."""
    rows = events(60)
    rows[30] = event("-large", eventName="x" * (BODY_LIMIT + 1))
    async with client_of(collection(rows)) as (client, server):
        found = await client.events(Pages(Kept()))
        requests = len(server.seen)
        again = await client.events(Pages(Kept()), last=found)
        second = len(server.seen)
        third = await client.events(Pages(Kept()), last=again)
        asked = [request.query["skip"] for request in server.seen[second:]]
        rows.insert(0, event("-new"))
        fourth = await client.events(Pages(Kept()), last=third)
        circuit = client.transport.circuit

    assert found.oversized == {30: "e-large"}
    assert set(found.found) == {f"e{n}" for n in range(60) if n != 30}
    assert not circuit.is_open
    assert requests <= 20
    assert again.oversized == third.oversized == found.oversized
    assert second - requests <= 5
    assert "30" not in asked, "it is not fetched at every poll"
    assert fourth.oversized == {31: "e-large"}
    assert set(fourth.found) == {*found.found, "e-new"}


async def test_f_34_pages_of_large_events_are_read_in_smaller_ones() -> None:
    """F34: none is too large on its own, and none is lost."""
    rows = [event(n, eventName="x" * 400_000) for n in range(50)]
    async with client_of(collection(rows)) as (client, _):
        found = await client.events(Pages(Kept()))

    assert len(found.found) == 50
    assert not found.oversized


async def test_a_vtn_that_answers_413_to_everything_has_no_list_of_events() -> None:
    async with client_of(always(413)) as (client, server):
        with pytest.raises(TooLargeError):
            await client.events(Pages(Kept()))

    assert len(server.seen) <= 10 * (paging.OVERSIZED_MOST + 1)


async def test_a_long_answer_is_read_aside_and_a_bad_one_is_the_vtns_trouble() -> None:
    rows = [event(n, eventName="x" * 10_000) for n in range(50)]
    kept = Kept()
    async with client_of(collection(rows)) as (client, _):
        found = await client.events(Pages(kept))
    long_nonsense = orjson.dumps({"data": "x" * READ_ASIDE})

    async def nonsense(_: web.Request) -> web.Response:
        return web.Response(body=long_nonsense, content_type="application/json")

    async with client_of(nonsense) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="a list was expected"):
            await client.events(Pages(Kept()))

    assert len(found.found) == 50
    assert all(each.item is not None for each in kept.shown.values())


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"null", b"[1,2]", b'{"data":[]}'])
async def test_f_14_f_15_what_is_no_list_is_no_empty_list(body: bytes) -> None:
    """F14, F15."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/html")

    async with client_of(answer) as (client, _):
        with pytest.raises(OutcomeUnknownError):
            await client.events(Pages(Kept()))


async def test_one_event_is_looked_at_by_its_id() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/events/e1":
            return as_json(event(1, eventName="found"))
        return as_json({"title": "Not Found", "status": 404}, 404)

    async with client_of(answer) as (client, _):
        shown = await client.event(EventId("e1"))
        with pytest.raises(NotFoundError):
            await client.event(EventId("e2"))

    assert shown.item is not None
    assert shown.item.name == "found"


async def test_programs_are_listed_and_looked_at() -> None:
    program = {"id": "p1", "programName": "Tariff"}

    async def answer(request: web.Request) -> web.Response:
        return as_json(program if request.path == "/programs/p1" else [program])

    async with client_of(answer) as (client, _):
        found = await client.programs(Pages(Kept()))  # type: ignore[arg-type]
        shown = await client.program(ProgramId("p1"))

    assert set(found.found) == {"p1"}
    assert shown.item is not None
    assert shown.item.name == "Tariff"
    assert found.found["p1"].digest == shown.digest


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    most=st.sampled_from([50, 10, 3]),
    changes=st.lists(st.tuples(st.booleans(), st.integers(0, 70)), max_size=12),
)
async def test_f_25_what_stays_put_while_others_come_and_go_is_shown_or_can_be_asked_for(
    most: int, changes: list[tuple[bool, int]]
) -> None:
    """F25: whatever a pass over a moving list misses, it never invents, and it ends."""
    rows = events(60)
    left = list(changes)
    ever = {each["id"] for each in rows}

    async def answer(request: web.Request) -> web.Response:
        skip, limit = int(request.query["skip"]), int(request.query["limit"])
        page = rows[skip : skip + min(limit, most)]
        if left:
            insert, at = left.pop(0)
            if insert:
                rows.insert(min(at, len(rows)), event(f"new{len(left)}"))
                ever.add(f"enew{len(left)}")
            elif rows:
                del rows[min(at, len(rows) - 1)]
        return as_json(page)

    async with client_of(answer) as (client, server):
        found = (await client.events(Pages(Kept()))).found

    missed = {each["id"] for each in rows} - found.keys()
    assert found.keys() <= ever
    assert len(missed) <= len(changes), "a change hides one row at the most"
    assert len(server.seen) <= 60
