"""Events as people see them: by command, by HTTP, from the record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.events.rig import Rig
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn
from tests.sandbox.rig import Sandbox, event_of
from ven_daemon.domain.dispatching.ratings import Rating
from ven_daemon.domain.dispatching.schedules import Member
from ven_daemon.domain.dispatching.selectors import Kind
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.registration import Target
from ven_daemon.domain.targets import Bearer, Place, TargetIndex
from ven_daemon.ops import events as shapes
from ven_daemon.services.events.listing import Asked, EventListing, Most
from ven_daemon.store.draws import DrawStore, Lot

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SIMPLE = [{"id": 7, "payloads": [{"type": "SIMPLE", "values": [1]}]}]
ONE, TWO = VenName("ven-1"), VenName("ven-2")
BAR, SHOP = Place(ONE, ResourceKey("a-key")), Place(TWO, ResourceKey("shop"))


@dataclass(frozen=True)
class Two:
    members: tuple[Member, ...]
    index: TargetIndex


class SmallBook:
    """Two VENs with one resource each; the bar stands in the north."""

    async def addressees(self) -> Two:
        kind = Kind("DSR", "Bars", "x")
        members = tuple(
            Member(place, ResourceName(name), kind, Rating.of({}))
            for place, name in ((BAR, "bar"), (SHOP, "shop"))
        )
        index = TargetIndex(
            {ONE: Bearer(("ven-1",)), TWO: Bearer(("ven-2",))},
            {BAR: Bearer(("bar",), (Target("north"),)), SHOP: Bearer(("shop",))},
        )
        return Two(members, index)


def listing(rig: Rig, **most: int) -> EventListing:
    return EventListing(
        rig.store, rig.events, rig.programs, DrawStore(rig.database), SmallBook(), Most(**most)
    )


async def shown(rig: Rig, now: datetime = NOON, **asked: Any) -> dict[str, Any]:
    found = await listing(rig).find(Asked(**asked), now)
    return {each["name"] or each["id"]: each for each in shapes.listed(found)["events"]}


async def publish(vtn: Sandbox, name: str, **members: Any) -> Any:
    program = await vtn.program(f"program of {name}")
    period = {"start": "2026-06-01T12:00:00Z", "duration": "PT1H"}
    return await vtn.event(
        program, name, **{"intervalPeriod": period, "intervals": SIMPLE, **members}
    )


async def test_an_event_is_shown_in_the_agreed_shape(rig: Rig, closed: Sandbox) -> None:
    event = await publish(closed, "e", priority=0)
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    assert (await shown(rig))["e"] == {
        "id": event["id"],
        "name": "e",
        "program": "program of e",
        "priority": 0,
        "status": "active",
        "reason": None,
        "randomize_start": None,
        "windows": [
            {
                "interval": 7,
                "start": "2026-06-01T12:00:00Z",
                "end": "2026-06-01T13:00:00Z",
                "nominal_start": "2026-06-01T12:00:00Z",
                "payloads": [{"type": "SIMPLE", "values": [1]}],
            }
        ],
        "truncated": False,
        "targets": [],
    }


async def test_each_status_is_told_with_its_reason(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    gone, zeroed = await publish(closed, "gone"), await publish(closed, "zeroed")
    await publish(closed, "plain")
    negative = {"start": "2026-06-01T12:00:00Z", "duration": "-PT1H"}
    await closed.stock(("event", {**gone, "id": "n", "eventName": "n", "intervalPeriod": negative}))
    await closed.stock(("event", {**gone, "id": "bad", "priority": "high"}))
    await rig.service.poll(ven)
    await closed.delete(f"/events/{gone['id']}", "operator")
    zero = {"start": "0001-01-01", "duration": "PT0S"}
    body = {**event_of({"id": zeroed["programID"]}, "zeroed"), "intervalPeriod": zero}
    await closed.put(f"/events/{zeroed['id']}", body, "operator")
    await rig.service.poll(ven)

    found = await shown(rig, NOON - timedelta(hours=1))

    told = {name: (each["status"], each["reason"]) for name, each in found.items()}
    assert told == {
        "gone": ("cancelled", "deleted"),
        "zeroed": ("cancelled", "its duration was set to zero"),
        "plain": ("pending", None),
        "bad": ("unreadable", "priority: a whole number was expected"),
        "n": ("unreadable", "a duration of the event is negative: -PT1H"),
    }
    assert not any(found[name]["windows"] for name in ("gone", "zeroed", "bad", "n"))
    assert (await shown(rig, NOON + timedelta(hours=1)))["plain"]["status"] == "completed"


async def test_with_a_ven_its_draw_is_included_and_nominal_starts_stay(
    rig: Rig, closed: Sandbox
) -> None:
    period = {"start": "2036-06-01T12:00:00Z", "duration": "PT1H", "randomizeStart": "PT10M"}
    event = await publish(closed, "e", intervalPeriod=period)
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))
    await DrawStore(rig.database).save({Lot(ONE, EventId(event["id"])): {0: 0.5}})

    nominal, own = (await shown(rig))["e"], (await shown(rig, ven="ven-1"))["e"]

    assert nominal["randomize_start"] == "PT10M"
    assert nominal["windows"][0]["start"] == "2036-06-01T12:00:00Z"
    assert own["windows"][0]["start"] == "2036-06-01T12:05:00Z"
    assert own["windows"][0]["end"] == "2036-06-01T13:05:00Z"
    assert own["windows"][0]["nominal_start"] == "2036-06-01T12:00:00Z"


async def test_a_loop_is_unrolled_from_now_on_as_far_as_the_limit(
    rig: Rig, closed: Sandbox
) -> None:
    period = {"start": "2020-01-01T00:00:00Z", "duration": "PT1H"}
    await publish(closed, "tariff", intervalPeriod=period, duration="P9999Y")
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    found = (await shown(rig, limit=3))["tariff"]

    assert [each["start"][:16] for each in found["windows"]] == [
        "2026-06-01T12:00",
        "2026-06-01T13:00",
        "2026-06-01T14:00",
    ]
    assert found["truncated"]


async def test_of_more_windows_than_asked_for_those_ahead_are_shown(
    rig: Rig, closed: Sandbox
) -> None:
    period = {"start": "2026-06-01T00:00:00Z", "duration": "PT1H"}
    await publish(closed, "day", intervalPeriod=period, intervals=SIMPLE * 24)
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    few, all_ = (await shown(rig, limit=2))["day"], (await shown(rig, limit=24))["day"]

    assert few["windows"][0]["start"] == "2026-06-01T12:00:00Z"
    assert few["truncated"]
    assert len(all_["windows"]) == 24
    assert not all_["truncated"]


async def test_what_holds_at_an_instant_and_what_means_a_resource_can_be_asked_for(
    rig: Rig, closed: Sandbox
) -> None:
    await publish(closed, "all")
    await publish(closed, "north", targets=["north"])
    later = {"start": "2026-06-02T12:00:00Z", "duration": "PT1H"}
    await publish(closed, "later", intervalPeriod=later, targets=["ven-2"])
    operator = await rig.ven(closed, "operator")
    await rig.service.poll(rig.reader("", operator.client._credential))

    assert (await shown(rig, at=NOON)).keys() == {"all", "north"}
    assert (await shown(rig, resource="bar")).keys() == {"all", "north"}
    assert (await shown(rig, resource="a-key")).keys() == {"all", "north"}
    assert (await shown(rig, resource="shop")).keys() == {"all", "later"}
    assert (await shown(rig, resource="bar", ven="ven-2")).keys() == set()
    assert (await shown(rig, ven="ven-2")).keys() == {"all", "later"}
    assert (await shown(rig, ven="ven-2", at=NOON)).keys() == {"all"}


async def test_what_means_a_resource_is_found_whoever_else_was_shown_it_later(
    rig: Rig, closed: Sandbox
) -> None:
    await publish(closed, "all")
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))

    assert (await shown(rig, resource="bar")).keys() == {"all"}
    assert (await shown(rig, resource="shop")).keys() == {"all"}
    assert (await shown(rig, resource="no such")).keys() == set()


async def test_of_more_events_than_are_shown_those_that_changed_last_are(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    for name in ("old", "newer", "newest"):
        await publish(closed, name)
        await rig.service.poll(ven)

    found = await listing(rig, events=2).find(Asked(), NOON)
    whole = await listing(rig, events=3).find(Asked(), NOON)

    assert [each.event.name for each in found.events if each.event] == ["newest", "newer"]
    assert (found.known, found.truncated) == (3, True)
    assert (len(whole.events), whole.truncated) == (3, False)


async def test_what_is_asked_for_is_found_behind_what_changed_later(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    old = await publish(closed, "old")
    await rig.service.poll(ven)
    later = {"start": "2026-06-02T12:00:00Z", "duration": "PT1H"}
    for number in range(5):
        await publish(closed, f"later-{number}", intervalPeriod=later)
    await rig.service.poll(ven)
    few = listing(rig, events=2)

    by_id = await few.find(Asked(event=old["id"]), NOON)
    by_time = await few.find(Asked(at=NOON), NOON)
    cut_short = await listing(rig, events=2, examined=4).find(Asked(at=NOON), NOON)

    assert [each.id for each in by_id.events] == [old["id"]]
    assert [each.id for each in by_time.events] == [old["id"]]
    assert not by_time.truncated
    assert (cut_short.events, cut_short.truncated) == ((), True)


async def test_the_windows_of_a_whole_listing_are_bounded_too(rig: Rig, closed: Sandbox) -> None:
    for name in ("one", "two", "three"):
        await publish(closed, name, intervals=SIMPLE * 4)
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    found = await listing(rig, windows=6).find(Asked(), NOON)

    assert [(len(each.windows), each.truncated) for each in found.events] == [
        (4, False),
        (2, True),
        (0, True),
    ]


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--open") as sandbox:
        yield sandbox


def test_the_command_and_the_surface_show_the_same(vtn: SandboxVtn, tmp_path: Path) -> None:
    program = expect(
        201, call("POST", f"{vtn.url}/programs", body={"programName": "Tariff"})
    ).json()
    start = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    body = {
        "programID": program["id"],
        "eventName": "prices",
        "intervalPeriod": {"start": start.isoformat(), "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.25]}]}],
    }
    made = expect(201, call("POST", f"{vtn.url}/events", body=body)).json()
    with Service(tmp_path, vtn.url, VEN_POLL_INTERVAL="0.2") as service:
        service.wait(lambda: '"prices"' in service.get_text("/api/v1/events")[1])
        _, surface = service.get("/api/v1/events?ven=Aalborg&resource=bar%201")
        wrong = [
            service.get(f"/api/v1/events?{query}")[0]
            for query in ("limit=x", "limit=10001", "at=noon")
        ]
        command = service.command("events", "--json", "--ven", "Aalborg", "--resource", "bar 1")
        table = service.command("events")
        drawn = service.command("events", made["id"])
        unknown = service.command("events", "no-such-event")
        later = service.command("events", "--json", "--at", start.isoformat())
        never = service.command("events", "--json", "--at", "2001-01-01T00:00:00Z")

    assert json.loads(command.stdout) == surface
    assert surface["events"][0]["id"] == made["id"]
    assert surface["events"][0]["status"] == "pending"
    assert wrong == [400, 400, 400]
    assert "Tariff" in table.stdout
    assert "|0.25" in drawn.stdout
    assert unknown.returncode == 1
    assert [each["id"] for each in json.loads(later.stdout)["events"]] == [made["id"]]
    assert json.loads(never.stdout)["events"] == []
