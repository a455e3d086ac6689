"""One poll after another, at a VTN that is true to the specification, and at some that are not."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.events.rig import Rig, reading
from tests.sandbox.rig import Sandbox, event_of
from tests.vtn.servers import as_json, collection, http
from ven_daemon.domain.errors import OutcomeUnknownError, StoreError, VtnError
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.registration import Target
from ven_daemon.services.events import EVERYBODY, absence
from ven_daemon.store.database import Database
from ven_daemon.store.sightings import SightingStore
from ven_daemon.vtn import sweeping

NOON = {"start": "2026-06-01T12:00:00Z", "duration": "PT1H"}
OVER = {"start": "0001-01-01", "duration": "PT0S"}
SIMPLE = [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}]


async def asked(vtn: Sandbox, path: str, client: str | None = None) -> int:
    """How often *path* was asked for, all in all."""
    return sum(
        1
        for line in await vtn.ledger()
        if line["method"] == "GET" and line["path"].startswith(path)
        if client is None or line["client"] == client
    )


async def test_an_event_is_recorded_once_and_told_of_once(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE)

    first = await rig.service.poll(ven)
    second = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    items = await rig.events.items([held.digest])
    assert first.events == {event["id"]}
    assert not second
    assert [each.events for each in rig.told if each.events] == [{event["id"]}]
    assert held.first_seen == held.seen == held.last_seen
    assert items[held.digest].name == "e"
    assert rig.service.unchanged == 1


async def test_t_37_an_event_that_all_vens_see_is_kept_once_and_seen_by_each(
    rig: Rig, closed: Sandbox
) -> None:
    """T-37."""
    event = await closed.event(await closed.program())
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))

    one, two = (await rig.held("ven-1")), (await rig.held("ven-2"))
    assert one[event["id"]].digest == two[event["id"]].digest
    assert list(rig.events.known) == [one[event["id"]].digest]
    assert rig.service.pages.parsed <= 2, "the page, and the empty one behind it"


async def test_t_37_target_hiding_makes_a_version_for_each_ven(rig: Rig, closed: Sandbox) -> None:
    """T-37."""
    await closed.ven("ven-1", targets=["north"])
    await closed.ven("ven-2", targets=["south"])
    event = await closed.event(await closed.program(), targets=["north", "south"])
    shown = {}
    for client in ("ven-1", "ven-2"):
        await rig.service.poll(await rig.ven(closed, client))
        held = (await rig.held(client))[event["id"]]
        shown[client] = (await rig.events.items([held.digest]))[held.digest].targets

    assert shown == {"ven-1": (Target("north"),), "ven-2": (Target("south"),)}


async def test_a_restart_changes_nothing_and_first_sight_is_never_drawn_again(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    await closed.event(await closed.program(), intervalPeriod={"start": "0001-01-01"})
    await rig.service.poll(ven)
    before = await rig.held("ven-1")

    await rig.reopen()
    changed = await rig.service.poll(ven)

    assert not changed
    assert await rig.held("ven-1") == before


async def test_an_update_is_a_new_version_and_keeps_first_sight(rig: Rig, closed: Sandbox) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, intervalPeriod={"duration": "PT1H"})
    await rig.service.poll(ven)
    before = (await rig.held("ven-1"))[event["id"]]
    longer = event_of(program, "e", intervalPeriod={"duration": "PT2H"})
    await closed.put(f"/events/{event['id']}", longer, "operator")

    changed = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    assert changed.events == {event["id"]}
    assert held.digest != before.digest
    assert (held.first_seen, held.seen) == (before.first_seen, before.seen)
    assert held.changed > before.changed


async def test_t_16_a_known_event_of_no_duration_is_cancelled_and_a_new_one_is_not(
    rig: Rig, closed: Sandbox
) -> None:
    """T-16: over a restart, too."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    known = await closed.event(program, "known", intervalPeriod=NOON, intervals=SIMPLE)
    await rig.service.poll(ven)
    cancelled = event_of(program, "known", intervalPeriod=OVER, intervals=SIMPLE)
    await closed.put(f"/events/{known['id']}", cancelled, "operator")
    new = await closed.event(program, "new", intervalPeriod=OVER, intervals=SIMPLE)
    void = await closed.event(program, "void", intervalPeriod=OVER)
    await rig.reopen()

    await rig.service.poll(ven)

    held = await rig.held("ven-1")
    assert {held[each["id"]].cancelled for each in (known, void)} == {True}
    assert not held[new["id"]].cancelled


async def test_a_deleted_event_is_asked_for_by_its_id_and_then_gone(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())
    await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    changed = await rig.service.poll(ven)
    again = await rig.service.poll(ven)

    assert changed.events == {event["id"]}
    assert not again
    assert await rig.standings("ven-1") == {event["id"]: "deleted"}
    assert await asked(closed, f"/events/{event['id']}") == 1


async def test_many_vens_ask_once_for_a_deleted_event_without_targets(
    rig: Rig, closed: Sandbox
) -> None:
    event = await closed.event(await closed.program())
    vens = [await rig.ven(closed, client) for client in ("ven-1", "ven-2")]
    for ven in vens:
        await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    for ven in vens:
        await rig.service.poll(ven)

    assert await rig.standings("ven-2") == {event["id"]: "deleted"}
    assert await asked(closed, f"/events/{event['id']}") == 1


async def test_t_14_targets_that_were_taken_away_are_no_deletion(rig: Rig, closed: Sandbox) -> None:
    """T-14."""
    made = await closed.ven("ven-1", targets=["north"])
    program = await closed.program()
    event = await closed.event(program, targets=["north"])
    other = await closed.event(program, "other", targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    body = {"objectType": "BL_VEN_REQUEST", "clientID": "ven-1", "venName": "ven-1"}
    await closed.put(f"/vens/{made['id']}", {**body, "targets": ["south"]}, "operator")
    await closed.delete(f"/events/{other['id']}", "operator")

    await rig.service.poll(ven)

    held = await rig.held("ven-1")
    assert await rig.standings("ven-1") == {event["id"]: "target-lost", other["id"]: "target-lost"}
    assert held[event["id"]].reason == "none of its targets is granted: north"


async def test_t_14_a_targeted_event_that_was_deleted_is_deleted(rig: Rig, closed: Sandbox) -> None:
    """T-14."""
    made = await closed.ven("ven-1")
    await closed.resource(made, "r", targets=["north"])
    event = await closed.event(await closed.program(), targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    await closed.delete(f"/events/{event['id']}", "operator")

    await rig.service.poll(ven)

    assert await rig.standings("ven-1") == {event["id"]: "deleted"}


async def test_t_13_without_a_ven_object_nothing_that_has_targets_is_cancelled(
    rig: Rig, closed: Sandbox
) -> None:
    """T-13: an empty list is no news of cancellation while the ven is missing."""
    made = await closed.ven("ven-1", targets=["north"])
    event = await closed.event(await closed.program(), targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")
    await rig.service.poll(ven)
    await closed.delete(f"/vens/{made['id']}", "operator")

    await rig.service.poll(ven)
    missing = (await rig.held("ven-1"))[event["id"]]
    await closed.ven("ven-1", targets=["north"])
    await rig.service.poll(ven)

    assert missing.is_live
    assert missing.standing == "gone-unconfirmed"
    assert missing.reason == "the VTN shows no ven of this reader"
    assert await rig.standings("ven-1") == {event["id"]: "seen"}


async def test_t_21_an_event_that_a_list_hides_is_kept_and_not_asked_for_at_every_poll(
    database: Database,
) -> None:
    """T-21: some VTNs list only what begins today or tomorrow."""
    shape = {"id": "e1", "programID": "p1", "intervalPeriod": NOON}
    listed: list[Any] = [shape]

    async def answer(request: Any) -> Any:
        if request.path == "/events/e1":
            return as_json(shape)
        return as_json(listed if request.query.get("skip") == "0" else [])

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        listed.clear()

        for _ in range(5):
            await rig.service.poll(reader)

        by_id = [request for request in server.seen if request.path == "/events/e1"]
        assert await rig.standings() == {"e1": "seen"}
        assert len(by_id) == 1


@pytest.mark.parametrize("status", [500, 403, 400])
async def test_t_22_absence_that_cannot_be_confirmed_cancels_nothing(
    database: Database, status: int
) -> None:
    """T-22: until the VTN says that it is gone, an event holds."""
    listed: list[Any] = [{"id": "e1", "programID": "p1"}]
    by_id = [status]

    async def answer(request: Any) -> Any:
        if request.path == "/events/e1":
            return as_json({"title": "x", "status": by_id[0]}, by_id[0])
        return as_json(listed if request.query.get("skip") == "0" else [])

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        listed.clear()

        await rig.service.poll(reader)
        unconfirmed = (await rig.held())[EventId("e1")]
        by_id[0] = 404
        for _ in range(100):
            with suppress(VtnError):  # after so many 500s the circuit is open for a moment
                await rig.service.poll(reader)
            if await rig.standings() == {"e1": "deleted"}:
                break
            await asyncio.sleep(0.05)

        assert unconfirmed.is_live
        assert unconfirmed.standing == "gone-unconfirmed"
        assert unconfirmed.reason
        assert await rig.standings() == {"e1": "deleted"}


async def test_t_22_when_everything_vanishes_it_is_asked_for_bit_by_bit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-22, F27: a VTN that lost its events is not asked for thousands at once."""
    monkeypatch.setattr(absence, "CONFIRMED_TOGETHER", 4)
    rows: list[Any] = [{"id": f"e{n}", "programID": "p1"} for n in range(10)]
    listing = collection(rows)

    async def answer(request: Any) -> Any:
        if request.path.startswith("/events/"):
            return as_json({"title": "Not Found", "status": 404}, 404)
        return await listing(request)

    async with http(answer) as server, reading(str(server.url), database) as rig:
        reader = rig.reader()
        await rig.service.poll(reader)
        rows.clear()
        left = []

        for _ in range(3):
            await rig.service.poll(reader)
            left.append(sum(each.is_live for each in (await rig.held()).values()))

        assert left == [6, 2, 0]


async def test_f_27_older_versions_are_followed_and_told_of(rig: Rig, closed: Sandbox) -> None:
    """F27: a VTN that was restored from a backup."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    event = await closed.event(program, priority=1)
    await rig.service.poll(ven)
    old = (await rig.held("ven-1"))[event["id"]]
    await closed.put(f"/events/{event['id']}", event_of(program, "e", priority=2), "operator")
    await rig.service.poll(ven)
    await closed.stock(("event", event))

    await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    history = await rig.store.history("ven-1", event["id"])
    assert held.digest == old.digest
    assert [line.backwards for line in history] == [False, True]
    assert [line.modified for line in history][1] == old.modified


async def test_t_01_an_unreadable_event_is_quarantined_and_its_neighbours_are_read(
    rig: Rig, closed: Sandbox
) -> None:
    """T-01."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    good = await closed.event(program)
    bad = {**good, "id": "bad", "intervalPeriod": {"start": "tomorrow"}}
    await closed.stock(("event", bad))

    await rig.service.poll(ven)
    held = await rig.held("ven-1")
    await closed.stock(("event", {**bad, "intervalPeriod": NOON}))
    await rig.service.poll(ven)

    assert held[EventId("bad")].standing == "quarantined"
    assert held[EventId("bad")].reason == "intervalPeriod.start: an instant was expected"
    assert held[good["id"]].is_live
    assert (await rig.held("ven-1"))[EventId("bad")].is_live


async def test_an_event_that_becomes_unreadable_holds_no_longer_and_comes_back_as_it_was(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program(), intervalPeriod={"start": "0001-01-01"})
    await rig.service.poll(ven)
    before = (await rig.held("ven-1"))[event["id"]]
    await closed.stock(("event", {**event, "intervalPeriod": {"duration": "an hour"}}))
    await rig.service.poll(ven)
    meanwhile = (await rig.held("ven-1"))[event["id"]]
    await closed.stock(("event", event))
    await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    assert not meanwhile.is_live
    assert held.is_live
    assert (held.first_seen, held.seen) == (before.first_seen, before.seen)


async def test_f_34_an_event_of_too_many_intervals_is_quarantined(
    closed: Sandbox, database: Database
) -> None:
    """F34."""
    program = await closed.program()
    few = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE * 3)
    many = await closed.event(program, intervalPeriod=NOON, intervals=SIMPLE * 4)
    async with reading(closed.url, database, intervals_most=3) as rig:
        ven = await rig.ven(closed, "ven-1")

        await rig.service.poll(ven)

        assert await rig.standings("ven-1") == {few["id"]: "seen", many["id"]: "quarantined"}


async def test_an_event_that_could_not_be_read_is_tried_again_by_the_next_process(
    closed: Sandbox, database: Database
) -> None:
    """A newer program reads more, and an operator may raise a limit; the words are the same."""
    event = await closed.event(await closed.program(), intervalPeriod=NOON, intervals=SIMPLE * 4)
    standings = []
    for most in (3, 4):
        async with reading(closed.url, database, intervals_most=most) as rig:
            ven = await rig.ven(closed, "ven-1")
            await rig.service.poll(ven)
            await rig.service.poll(ven)
            standings.append((await rig.standings("ven-1"))[event["id"]])

    assert standings == ["quarantined", "seen"]


async def test_f_34_an_event_too_large_for_any_page_is_quarantined_by_its_id(
    rig: Rig, closed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F34: and read when it is small again, within minutes; the circuit stays closed."""
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    neighbour = await closed.event(program)
    large = {**neighbour, "id": "large", "eventName": "x" * 9_000_000}
    await closed.stock(("event", large))

    await rig.service.poll(ven)
    first = await rig.standings("ven-1")
    nothing = await rig.service.poll(ven)
    await closed.stock(("event", {**neighbour, "id": "large"}))
    monkeypatch.setattr(sweeping, "LOOK_BEYOND", 0.0)
    await rig.service.poll(ven)

    assert first == {neighbour["id"]: "seen", "large": "quarantined"}
    assert not nothing
    assert await rig.standings("ven-1") == {neighbour["id"]: "seen", "large": "seen"}
    assert not rig.transport.circuit.is_open


@pytest.mark.parametrize(
    "fault",
    [{"kind": "html"}, {"kind": "empty"}, {"kind": "wrong-shape"}, {"kind": "truncate", "at": 0.5}],
    ids=lambda fault: fault["kind"],
)
async def test_f_14_an_answer_that_is_no_list_changes_nothing(
    rig: Rig, closed: Sandbox, fault: dict[str, Any]
) -> None:
    """F14, F15, F16."""
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())
    await rig.service.poll(ven)
    before = await rig.held("ven-1")
    await closed.faults({**fault, "path": "/events"})

    with pytest.raises(VtnError):
        await rig.service.poll(ven)

    assert await rig.held("ven-1") == before
    assert before[event["id"]].is_live


async def test_t_15_an_event_whose_program_may_not_be_seen_is_recorded(
    rig: Rig, closed: Sandbox
) -> None:
    """T-15: it goes without the program's defaults, and nobody asks at every poll."""
    await closed.ven("ven-1", targets=["north"])
    program = await closed.program(targets=["elsewhere"])
    event = await closed.event(program, targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")

    for _ in range(3):
        await rig.service.poll(ven)

    assert await rig.standings("ven-1") == {event["id"]: "seen"}
    assert await rig.store.programs() == {}
    assert await asked(closed, f"/programs/{program['id']}") == 1


async def test_t_38_programs_are_read_rarely_and_an_unknown_one_at_once(
    closed: Sandbox, database: Database
) -> None:
    """T-38."""
    async with reading(closed.url, database) as rig:
        rig._program_period = rig._program_period.max
        await rig.reopen()
        ven = await rig.ven(closed, "ven-1")
        first = await closed.program("first", payloadDescriptors=[])
        await rig.service.poll(ven)
        second = await closed.program("second")
        await closed.event(second)

        for _ in range(3):
            await rig.service.poll(ven)

        assert (await rig.store.programs())["ven-1"].keys() == {first["id"], second["id"]}
        assert await asked(closed, "/programs?") <= 2
        assert await asked(closed, f"/programs/{second['id']}") == 1


async def test_t_11_targets_are_not_named_to_a_vtn_that_finds_them_itself(
    rig: Rig, closed: Sandbox
) -> None:
    """T-11: naming some would hide what has none."""
    await closed.ven("ven-1", targets=["north"])
    program = await closed.program()
    await closed.event(program)
    await closed.event(program, targets=["north"])
    ven = await rig.ven(closed, "ven-1", "north")

    await rig.service.poll(ven)

    assert rig.service.targets_mode == "plain"
    assert await asked(closed, "/events?targets") == 0
    assert len(await rig.standings("ven-1")) == 2


async def test_t_11_a_vtn_that_wants_targets_is_found_out_and_remembered(
    rig: Rig, closed: Sandbox
) -> None:
    """T-11, T-12: one query per target, and one without."""
    made = await closed.ven("ven-1", targets=["north", "all"])
    await closed.resource(made, "r", targets=["south"])
    program = await closed.program()
    plain = await closed.event(program)
    events = [await closed.event(program, targets=[each]) for each in ("north", "south", "all")]
    await closed.event(program, targets=["elsewhere"])
    await closed.faults({"kind": "explicit-targets"}, {"kind": "all-targets"})
    ven = await rig.ven(closed, "ven-1", "all", "north", "south")

    await rig.service.poll(ven)
    found = rig.service.targets_mode
    await rig.reopen()
    nothing = await rig.service.poll(ven)

    assert found == rig.service.targets_mode == "explicit"
    assert (await rig.standings("ven-1")).keys() == {
        plain["id"],
        *(each["id"] for each in events),
    }
    assert not nothing


async def test_t_12_an_event_shown_in_parts_means_all_its_targets(
    rig: Rig, closed: Sandbox
) -> None:
    """T-12: each query shows only the target that it names."""
    await closed.ven("ven-1", targets=["north", "south"])
    event = await closed.event(await closed.program(), targets=["north", "south"])
    await closed.faults({"kind": "explicit-targets"})
    ven = await rig.ven(closed, "ven-1", "north", "south")

    await rig.service.poll(ven)
    nothing = await rig.service.poll(ven)

    held = (await rig.held("ven-1"))[event["id"]]
    shown = (await rig.events.items([held.digest]))[held.digest]
    assert {target.value for target in shown.targets} == {"north", "south"}
    assert not nothing


async def test_t_20_active_is_never_asked_for(rig: Rig, closed: Sandbox) -> None:
    """T-20."""
    await closed.event(await closed.program())
    await rig.service.poll(await rig.ven(closed, "ven-1"))

    assert all("active" not in line["path"] for line in await closed.ledger())


async def test_t_23_t_34_one_credential_reads_for_all_by_one_poll(
    rig: Rig, closed: Sandbox
) -> None:
    """T-23, T-34: everything is taken in; whom it means is decided here."""
    program = await closed.program()
    events = [await closed.event(program, targets=[each]) for each in ("north", "south")]
    operator = await rig.ven(closed, "operator")
    reader = rig.reader(EVERYBODY, operator.client._credential, "north", "south")

    await rig.service.poll(reader)

    assert (await rig.standings()).keys() == {each["id"] for each in events}
    assert await asked(closed, "/events", "operator") <= 2


async def test_3_0_events_are_read_with_their_typed_targets(database: Database) -> None:
    async with Sandbox(profile="3.0") as vtn, reading(vtn.url, database, "3.0") as rig:
        ven = await rig.ven(vtn, "ven-1", "north")
        targets = [{"type": "GROUP", "values": ["north", "south"]}]
        event = await vtn.event(
            await vtn.program(), targets=targets, intervalPeriod=NOON, intervals=SIMPLE
        )
        await rig.service.poll(ven)
        held = (await rig.held("ven-1"))[event["id"]]
        shown = (await rig.events.items([held.digest]))[held.digest]
        await vtn.delete(f"/events/{event['id']}", "operator")

        await rig.service.poll(ven)

        assert shown.targets == (Target("north", "GROUP"), Target("south", "GROUP"))
        assert await rig.standings("ven-1") == {event["id"]: "deleted"}
        assert await asked(vtn, "/events?targets") == 0


async def test_a_poll_that_is_cancelled_anywhere_is_made_good_by_the_next(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    for n in range(5):
        await closed.event(program, f"e{n}")
    await closed.faults({"kind": "delay", "seconds": 0.02})
    for wait in (0.0, 0.005, 0.03, 0.05, 0.06):
        task = asyncio.create_task(rig.service.poll(ven))
        await asyncio.sleep(wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await rig.service.poll(ven)

    assert len(await rig.standings("ven-1")) == 5
    assert len(rig.events.known) == 5


async def test_first_sight_is_that_of_the_first_commit_whatever_broke_off_behind_it(
    rig: Rig, closed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ven = await rig.ven(closed, "ven-1")
    event = await closed.event(await closed.program())

    async def broken_off(*_: object) -> None:
        await SightingStore.save(rig.store, *_)  # type: ignore[arg-type]
        raise StoreError("the answer to the commit was lost")

    monkeypatch.setattr(rig.store, "save", broken_off)
    with pytest.raises(StoreError):
        await rig.service.poll(ven)
    monkeypatch.undo()
    first = (await rig.held("ven-1"))[event["id"]]

    changed = await rig.service.poll(ven)

    assert (await rig.held("ven-1"))[event["id"]] == first
    assert changed.events == {event["id"]}, "nobody was told of it yet"
    assert not await rig.service.poll(ven)


async def test_what_has_long_been_gone_is_forgotten_with_its_words(
    rig: Rig, closed: Sandbox
) -> None:
    ven = await rig.ven(closed, "ven-1")
    program = await closed.program()
    kept, gone = await closed.event(program, "kept"), await closed.event(program, "gone")
    await rig.service.poll(ven)
    await closed.delete(f"/events/{gone['id']}", "operator")
    await rig.service.poll(ven)
    late = max(each.changed for each in (await rig.held("ven-1")).values()).replace(year=2999)

    removed = await rig.service.prune(late)
    await closed.stock(("event", gone))
    await rig.service.poll(ven)

    assert removed == 1
    assert await rig.standings("ven-1") == {kept["id"]: "seen", gone["id"]: "seen"}


async def test_a_vtn_that_cannot_be_reached_is_no_news_of_events(database: Database) -> None:
    async with http(collection([{"id": "e1", "programID": "p"}])) as server:
        url = str(server.url)
        async with reading(url, database) as rig:
            await rig.service.poll(rig.reader())
    async with reading(url, database) as rig:
        with pytest.raises(VtnError) as caught:
            await rig.service.poll(rig.reader())

        assert not isinstance(caught.value, OutcomeUnknownError)
        assert await rig.standings() == {"e1": "seen"}
