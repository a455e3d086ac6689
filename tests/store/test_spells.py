"""What resources followed, as reports read it: dispatches and opt-outs, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ven_daemon.domain.dispatches import State
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.optouts import OptOut
from ven_daemon.domain.reporting.measures import Spell, Stance
from ven_daemon.domain.targets import Place
from ven_daemon.store.database import Database
from ven_daemon.store.lines import write_line
from ven_daemon.store.optouts import OptOutStore
from ven_daemon.store.schema import dispatches, entries
from ven_daemon.store.spells import SpellStore

T = datetime(2026, 3, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = Place(VenName("Vejle"), ResourceKey("bar"))
CAPACITIES = {"P_max_kw": 50.0}


@pytest.fixture
def spells(state: Database) -> SpellStore:
    return SpellStore(state)


async def followed(
    state: Database, type_: str, value: float, kw: float | None, how: State = State.RELEASED
) -> None:
    entry = Entry(EventId("e"), "v", "0", type_, (value,), kw, None, T, T + HOUR)
    name, line = write_line(entry)
    row: dict[str, Any] = {
        "key": f"{type_}-{how.value}"[-32:],
        "ven": PLACE.ven,
        "resource": PLACE.resource,
        "name": "bar",
        "sink": "log",
        "type": type_,
        "entry": name,
        "state": how.value,
        "attempts": 0,
        "words": "",
        "begins_at": T,
        "ends_at": T + HOUR,
        "updated_at": T + HOUR / 4,
    }
    async with state.begin() as connection:
        await connection.execute(entries.insert(), {"id": name, "content": line})
        await connection.execute(dispatches.insert(), row)


async def of(spells: SpellStore, *events: str) -> list[Spell]:
    asked = {PLACE: CAPACITIES}
    found = await spells.between(asked, T, T + HOUR, {EventId(each) for each in events})
    return list(found.get(PLACE, []))


@pytest.mark.parametrize(
    ("type_", "value", "kw", "stance", "level"),
    [
        ("SIMPLE", 2, 25.0, Stance.CURTAILED, 2),
        ("SIMPLE", 0, 50.0, Stance.NORMAL, 0),
        ("IMPORT_CAPACITY_LIMIT", 10.0, 10.0, Stance.CURTAILED, 0),
        ("DISPATCH_SETPOINT_RELATIVE", 5.0, 20.0, Stance.HEIGHTENED, 0),
        ("DISPATCH_SETPOINT_RELATIVE", -5.0, 20.0, Stance.CURTAILED, 0),
        ("PRICE", 0.2, None, Stance.NORMAL, 0),
    ],
)
async def test_what_was_followed_says_which_way_a_resource_moved(
    state: Database,
    spells: SpellStore,
    type_: str,
    value: float,
    kw: float,
    stance: Stance,
    level: int,
) -> None:
    await followed(state, type_, value, kw)

    start, end = T.timestamp(), (T + HOUR).timestamp()
    assert await of(spells) == [Spell(start, end, stance, level, kw)]


async def test_what_was_taken_back_ended_when_it_was_and_what_never_began_is_none(
    state: Database, spells: SpellStore
) -> None:
    await followed(state, "SIMPLE", 1, 25.0, State.CANCELLED)
    await followed(state, "PRICE", 1, 25.0, State.FAILED)

    [spell] = await of(spells)

    assert spell.end == (T + HOUR / 4).timestamp()


async def test_who_opted_out_of_one_event_did_so_for_that_event(
    state: Database, spells: SpellStore
) -> None:
    out = OptOut("1", PLACE.ven, T, event=EventId("e"))
    await OptOutStore(state).add(out, T)

    assert [each.opted_out for each in await of(spells, "e")] == [True]
    assert await of(spells, "another") == []


async def test_a_change_is_told_by_the_ven_and_when(state: Database, spells: SpellStore) -> None:
    await followed(state, "SIMPLE", 1, 25.0)
    await OptOutStore(state).add(OptOut("1", VenName("Aalborg"), T), T + HOUR)

    changed = await spells.changed(T)

    assert changed == {(PLACE.ven, T + HOUR / 4), (VenName("Aalborg"), T + HOUR)}
    assert await spells.changed(T + HOUR) == set()
