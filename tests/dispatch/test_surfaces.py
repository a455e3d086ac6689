"""Dispatches and opt-outs as operators meet them: on the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tests.dispatch.rig import AALBORG, NOON, Rig, event
from ven_daemon.app.dispatching import DispatchFront
from ven_daemon.cli.main import app
from ven_daemon.domain.dispatches import Answer, Verdict
from ven_daemon.domain.events import Payload
from ven_daemon.ops.dispatches import listed, span
from ven_daemon.services.dispatch import FleetBook, Opting
from ven_daemon.store.dispatch_listing import Asked, DispatchListing

SHAPE = [
    "ven", "resource", "event", "type", "values", "kw", "start", "end", "state", "sink", "reason",
]  # fmt: skip


async def find(rig: Rig, since: float, until: float, **asked: Any) -> list[dict[str, Any]]:
    times = (rig.now + timedelta(minutes=since), rig.now + timedelta(minutes=until))
    found = await DispatchListing(rig.database).find(Asked(*times, **asked), rig.now)
    return listed(found)["dispatches"]


async def test_the_listing_joins_what_began_with_what_will(rig: Rig) -> None:
    rig.book.publish(event("a", 0, 60), event("b", 60, 60, Payload("PRICE", (0.25,))))
    await rig.turn(0)

    found = await find(rig, -10, 120, ven="Vejle")

    assert [(e["event"], e["state"], e["kw"]) for e in found] == [
        ("a", "applied", 12.5),
        ("b", "scheduled", None),
    ]
    assert list(found[0])[: len(SHAPE)] == SHAPE
    assert found[0]["start"] == "2026-06-01T12:00:00Z"
    assert found[1]["values"] == [0.25]
    assert found[0]["key"] is not None
    assert found[1]["key"] is None


async def test_the_listing_can_be_narrowed_and_says_when_it_is_cut(rig: Rig) -> None:
    rig.book.publish(event("a", 0, 60), event("b", 60, 60))
    await rig.turn(0)

    of_one = await find(rig, 0, 120, resource="cafe")
    later = await find(rig, 61, 120)
    times = (rig.now, rig.now + timedelta(hours=2))
    cut = await DispatchListing(rig.database).find(Asked(*times, limit=2), rig.now)

    assert {each["resource"] for each in of_one} == {"cafe"}
    assert {each["event"] for each in later} == {"b"}
    assert (len(cut.dispatches), cut.truncated) == (2, True)


async def test_a_resource_is_found_by_its_name_or_by_its_key(rig: Rig) -> None:
    rig.fleet.add(AALBORG, "Bar 1", "a-key")
    rig.book.publish(event("a", 0, 60), event("b", 60, 60))
    await rig.turn(0)

    by_name, by_key = (
        await find(rig, 0, 120, resource="Bar 1"),
        await find(rig, 0, 120, resource="a-key"),
    )

    assert [each["resource"] for each in by_name] == ["Bar 1", "Bar 1"]
    assert by_key == by_name


async def test_nonsense_is_shown_as_failed_with_its_reason(rig: Rig) -> None:
    """F40: quarantined, and to be seen."""
    rig.book.publish(event("bad", 0, 60, Payload("SIMPLE", (9,))))
    await rig.turn(0)

    [found] = await find(rig, -10, 10, ven="Vejle")

    assert (found["state"], found["kw"]) == ("failed", None)
    assert found["reason"] == "SIMPLE takes an integer 0..3, not 9"


async def test_until_its_sink_knows_of_the_end_a_dispatch_is_applied(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)
    rig.book.withdraw("e")
    rig.sink.answer = lambda _: Answer(Verdict.UNREACHABLE, "no route")
    await rig.turn(5)

    [pending] = await find(rig, -10, 10, ven="Vejle")
    rig.sink.answer = type(rig.sink).answer
    await rig.turn(7)
    [over] = await find(rig, -10, 10, ven="Vejle")

    assert (pending["state"], pending["reason"]) == ("applied", "no route")
    assert over["state"] == "cancelled"


async def test_what_a_sink_did_not_take_is_counted_as_due(rig: Rig) -> None:
    rig.book.publish(event(), event("later", 30, 30))
    listing = DispatchListing(rig.database)
    rig.sink.answer = lambda _: Answer(Verdict.UNREACHABLE, "no route")
    await rig.turn(0)
    waiting = await listing.due(rig.now + timedelta(minutes=1))

    rig.sink.answer = type(rig.sink).answer
    await rig.turn(2)

    assert waiting == {"log": 3}
    assert await listing.due(rig.now) == {}


def test_no_time_is_an_hour_back_and_a_day_ahead() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)

    assert span(None, None, now) == (now - timedelta(hours=1), now + timedelta(days=1))
    assert span("2026-07-01T00:00:00Z", None, now)[1] == datetime(2026, 7, 2, tzinfo=UTC)
    with pytest.raises(ValueError, match="before"):
        span("2026-07-01T00:00:00Z", "2026-06-01T00:00:00Z", now)


@pytest.fixture
def command(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEN_STATE_URL", f"sqlite:///{tmp_path}/state.db")
    monkeypatch.setenv("VEN_INVENTORY_URL", rig.fleet.url)

    def run(*arguments: str) -> tuple[int, Any]:
        result = CliRunner().invoke(app, list(arguments))
        said = result.stdout
        return result.exit_code, orjson.loads(said) if "--json" in arguments and said else said

    return run


def test_opting_out_and_in_by_command(command: Any) -> None:
    hours = ("--weekly", "mon-fri 17:00-21:00", "--zone", "Europe/Copenhagen")
    _, made = command("opt-out", "add", "Aalborg", "--resource", "cafe", *hours, "--json")
    _, listed_ = command("opt-out", "list", "--json")
    code, _ = command("opt-out", "end", made["id"])

    assert made["weekly"] == "mon,tue,wed,thu,fri 17:00-21:00"
    assert (made["ven"], made["resource"], made["resource_id"]) == (AALBORG, "cafe", "cafe")
    assert listed_ == {"opt_outs": [made]}
    assert code == 0
    assert command("opt-out", "list", "--json")[1] == {"opt_outs": []}
    assert command("opt-out", "end", made["id"])[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("opt-out", "add", "Nowhere"),
        ("opt-out", "add", "Aalborg", "--resource", "nobody"),
        ("opt-out", "add", "Aalborg", "--weekly", "sometimes"),
        ("opt-out", "add", "Aalborg", "--until", "2020-01-01T00:00:00Z"),
        ("opt-out", "add", "Aalborg", "--from", "soon"),
        ("dispatches", "--from", "soon"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(command: Any, arguments: tuple[str, ...]) -> None:
    assert command(*arguments)[0] == 2


def test_opt_outs_are_listed_by_the_names_that_people_know(rig: Rig, command: Any) -> None:
    rig.fleet.add(AALBORG, "Bar 1", "a-key")

    command("opt-out", "add", "Aalborg", "--resource", "Bar 1")
    command("opt-out", "add", "Vejle")
    _, said = command("opt-out", "list")

    shown = [line.split("\t") for line in said.splitlines()]
    assert [(line[1], line[2], line[-1]) for line in shown] == [
        ("Aalborg", "Bar 1", "a-key"),
        ("Vejle", "", ""),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dispatches", "--ven", "Alborg"), "the inventory has no VEN 'Alborg'"),
        (("dispatches", "--resource", "kafe"), "the inventory has no enabled resource 'kafe'"),
        (("events", "--ven", "Alborg"), "the inventory has no VEN 'Alborg'"),
        (("events", "--resource", "kafe"), "the inventory has no enabled resource 'kafe'"),
        (
            ("events", "--ven", "Vejle", "--resource", "cafe"),
            "Vejle has no enabled resource 'cafe'",
        ),
    ],
)
@pytest.mark.usefixtures("command")
def test_who_is_not_in_the_inventory_is_not_asked_about_in_silence(
    arguments: tuple[str, ...], words: str
) -> None:
    plain = CliRunner().invoke(app, list(arguments))
    document = CliRunner().invoke(app, [*arguments, "--json"])

    assert (plain.exit_code, plain.stdout) == (2, "")
    assert words in plain.stderr
    assert document.exit_code == 2
    assert orjson.loads(document.stdout)[arguments[0]] == []


async def test_who_left_the_inventory_is_still_found_on_record(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)
    rig.fleet.remove("pool")
    book = FleetBook(rig.inventory, rig.registrations)
    front = DispatchFront(rig.database, book, Opting(rig.outs, book))
    around = rig.now - timedelta(hours=1), rig.now + timedelta(hours=1)

    told = await front.dispatches(Asked(*around, "Vejle", "pool"))
    later = await front.dispatches(Asked(NOON.replace(year=2030), NOON.replace(year=2031), "Vejle"))

    assert [each.name for each in told.dispatches] == ["pool"]
    assert (told.unknown, later.unknown) == ("", "the inventory has no VEN 'Vejle'")


def test_nothing_to_list_is_an_empty_document(command: Any) -> None:
    assert command("dispatches", "--json") == (0, {"dispatches": [], "truncated": False})
