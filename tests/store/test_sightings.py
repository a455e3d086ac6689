"""Events on record: one contract for both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from ven_daemon.domain.errors import StoreError
from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.sightings import Reading, Sighting, Standing
from ven_daemon.store import sightings as module
from ven_daemon.store import versions as versions_module
from ven_daemon.store.database import Database
from ven_daemon.store.schema import versions
from ven_daemon.store.sightings import Change, SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.wire.profile import Shown
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
V310 = Profile310()
FULL = Sighting(
    EventId("e1"),
    "a" * 32,
    Standing.QUARANTINED,
    NOW - timedelta(days=2),
    NOW - timedelta(days=1),
    NOW,
    NOW,
    "b" * 32,
    NOW - timedelta(hours=1),
    True,
    "priority: “høj” er intet tal 🔌",
)
BARE = Sighting(EventId("e2"), "", Standing.SEEN, NOW, NOW, NOW, NOW)


def shown(**members: Any) -> Shown[Event]:
    return V310.read_event(orjson.dumps({"id": "e1", "programID": "p1", **members}))


@pytest.fixture
def events(state: Database) -> VersionStore[Event]:
    return VersionStore(state, Event)


@pytest.fixture
def store(state: Database, events: VersionStore[Event]) -> SightingStore:
    return SightingStore(state, "http://vtn/", events)


def changes(*sightings: Sighting, is_new: bool = True) -> list[Change]:
    return [Change(each, is_new) for each in sightings]


async def count(state: Database) -> int:
    async with state.read() as connection:
        return (await connection.scalar(select(func.count()).select_from(versions))) or 0


async def test_a_sighting_comes_back_as_it_went(store: SightingStore) -> None:
    await store.save("Ærø", changes(FULL, BARE))

    assert await store.of("Ærø") == {EventId("e1"): FULL, EventId("e2"): BARE}
    assert await store.of("") == {}


@pytest.mark.parametrize("standing", list(Standing))
async def test_every_standing_comes_back_and_is_counted(
    store: SightingStore, standing: Standing
) -> None:
    await store.save("", changes(replace(BARE, standing=standing), FULL))

    assert (await store.of(""))[BARE.event].standing is standing
    assert (await store.counts())[standing] >= 1


async def test_readers_and_vtns_are_kept_apart(
    store: SightingStore, state: Database, events: VersionStore[Event]
) -> None:
    other = SightingStore(state, "http://other/", events)
    await store.save("", changes(BARE))
    await store.save("Aalborg", changes(FULL))
    await other.save("", changes(FULL))

    assert [(each.reader, each.sighting.event) async for each in store.every()] == [
        ("Aalborg", "e1"),
        ("", "e2"),
    ]
    assert [each.sighting async for each in other.every([FULL.event, EventId("x")])] == [FULL]


async def test_what_changed_later_is_history(store: SightingStore) -> None:
    later = replace(FULL, changed=NOW + timedelta(seconds=1), standing=Standing.DELETED)
    await store.save("", changes(FULL))
    await store.save("", [Change(later, is_new=False, backwards=True)])

    (line,) = await store.history("", FULL.event)
    assert (line.at, line.standing, line.backwards) == (later.changed, Standing.DELETED, True)
    assert (line.digest, line.modified, line.reason) == (FULL.digest, FULL.modified, FULL.reason)


async def test_many_sightings_are_read_a_page_at_a_time(
    store: SightingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 7)
    many = [replace(BARE, event=EventId(f"e{n:03}")) for n in range(30)]
    await store.save("", changes(*many))
    await store.save("b", changes(*many))

    assert await store.of("") == {each.event: each for each in many}
    assert len([each async for each in store.every()]) == 60


async def test_a_version_is_kept_with_the_next_transaction_and_once(
    store: SightingStore, events: VersionStore[Event], state: Database
) -> None:
    one = shown(eventName="\0 Ærø 🔌")
    await events.keep([one, one])
    before = await count(state)
    await store.save("", changes(replace(BARE, digest=one.digest)))
    await events.keep([one])
    await events.flush()

    again = VersionStore(state, Event)
    await again.open()
    assert before == 0
    assert await count(state) == 1
    assert again.known == {one.digest: Reading(None, ProgramId("p1"))}
    assert await again.items([one.digest, "x" * 32]) == {one.digest: one.item}
    assert await again.words([one.digest]) == {one.digest: ("3.1", one.json.decode())}


async def test_what_reading_came_to_is_known_after_a_restart(
    events: VersionStore[Event], state: Database
) -> None:
    readable = shown(intervalPeriod={"start": "2026-01-01T00:00:00Z"}, targets=["a"])
    void = shown(intervalPeriod={"start": "0001-01-01", "duration": "PT0S"})
    bad = shown(priority="high")
    no_json = V310.read_events(b'[{"id":"e9","programID":"p","eventName":"\\ud800"}]').items[0]
    await events.keep([readable, void, bad, no_json])
    await events.flush()

    again = VersionStore(state, Event)
    await again.open()

    assert again.known.keys() == {readable.digest, void.digest}, "what is unreadable is tried again"
    assert again.known[readable.digest] == Reading(None, ProgramId("p1"), targeted=True)
    assert again.known[void.digest].void
    assert events.known[bad.digest].reason == "priority: a whole number was expected"
    assert (await again.items(events.known)).keys() == {readable.digest, void.digest}


async def test_a_version_is_read_in_the_dialect_it_was_written_in(state: Database) -> None:
    old = VersionStore(state, Event)
    kept = Profile301().read_event(b'{"id":"e","programID":"p","intervals":[]}')
    await old.keep([kept])
    await old.flush()

    now = VersionStore(state, Event)

    assert await now.items([kept.digest]) == {kept.digest: kept.item}


async def test_what_waits_is_not_lost_with_a_transaction_that_fails(
    store: SightingStore, events: VersionStore[Event], state: Database
) -> None:
    one = shown()
    await events.keep([one])
    fail = [True]

    def refuse(*_: Any) -> None:
        if fail.pop() if fail else False:
            raise RuntimeError("no")

    sql_event.listen(state.writer.sync_engine, "before_cursor_execute", refuse)
    with pytest.raises((RuntimeError, StoreError)):
        await store.save("", changes(replace(BARE, digest=one.digest)))
    await store.save("", changes(replace(BARE, digest=one.digest)))

    assert await count(state) == 1


async def test_many_versions_do_not_wait_for_one_transaction(
    events: VersionStore[Event], state: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions_module, "WRITTEN_TOGETHER", 3)

    await events.keep([shown(eventName=f"{n}") for n in range(4)])

    assert await count(state) == 4


async def test_versions_held_read_are_bounded(
    events: VersionStore[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions_module, "HELD_TOGETHER", 500)
    many = [shown(eventName=f"{n}" * 50) for n in range(20)]
    await events.keep(many)

    found = await events.items(each.digest for each in many)

    assert found == {each.digest: each.item for each in many}
    assert len(events._items) < 6


def words(*kept: Shown[Any]) -> Sequence[str]:
    return [each.digest for each in kept]


async def test_pruning_takes_what_is_long_gone_and_what_nobody_refers_to(
    store: SightingStore, events: VersionStore[Event], state: Database
) -> None:
    programs = VersionStore(state, Program)
    gone, live, read, past, loose = (shown(eventName=name) for name in "glrpx")
    program = V310.read_program(b'{"id":"p1","programName":"x"}')
    await events.keep([gone, live, read, past, loose])
    sightings = (
        replace(BARE, digest=gone.digest, standing=Standing.DELETED),
        replace(BARE, event=EventId("e3"), digest=live.digest, read=read.digest),
    )
    await store.save("", changes(*sightings))
    late = datetime.now(UTC) + timedelta(days=1)
    history = replace(sightings[1], changed=late + timedelta(days=1), digest=past.digest)
    await store.save("", [Change(history, is_new=False)])
    await programs.keep([program])
    await store.save_programs("", {ProgramId("p1"): program.digest}, (), NOW, programs)

    early = await store.prune(NOW - timedelta(days=400))
    removed = await store.prune(late)

    assert early == ()
    assert set(removed) == {gone.digest, live.digest, loose.digest}
    assert (await store.of("")).keys() == {EventId("e3")}


async def test_programs_of_a_reader_come_and_go(store: SightingStore, state: Database) -> None:
    programs = VersionStore(state, Program)
    one, two = ProgramId("p1"), ProgramId("p2")
    await store.save_programs("a", {one: "x" * 32, two: "y" * 32}, (), NOW, programs)
    await store.save_programs("b", {one: "z" * 32}, (), NOW, programs)

    await store.save_programs("a", {one: "w" * 32}, [two], NOW, programs)

    assert await store.programs() == {"a": {one: "w" * 32}, "b": {one: "z" * 32}}


async def test_what_was_found_out_about_a_vtn_is_remembered(store: SightingStore) -> None:
    assert await store.trait("targets") is None

    await store.note("targets", "plain", NOW)
    await store.note("targets", "explicit", NOW)

    assert await store.trait("targets") == "explicit"
