"""Opt-outs and draws on record: one contract for both databases."""

from datetime import UTC, datetime, time, timedelta

import pytest

from ven_daemon.domain.ids import EventId, ResourceKey, VenName
from ven_daemon.domain.optouts import OptOut, Weekly
from ven_daemon.store.database import Database
from ven_daemon.store.draws import DrawStore, Lot
from ven_daemon.store.optouts import OptOutStore

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
VEN = VenName("Ålborg")
HOURS = Weekly(frozenset({0, 6}), time(22), time(6, 30), "Europe/Copenhagen")
FULL = OptOut("1", VEN, NOW, NOW + timedelta(1), ResourceKey("cafe"), EventId("é"), HOURS, "repair")
BARE = OptOut("2", VEN, NOW)


@pytest.mark.parametrize("out", [FULL, BARE], ids=["full", "bare"])
async def test_an_opt_out_comes_back_as_it_went(state: Database, out: OptOut) -> None:
    store = OptOutStore(state)

    await store.add(out, NOW)

    assert await store.since(NOW) == [out]


async def test_what_is_taken_back_ends_and_stays_on_record(state: Database) -> None:
    """Reports about the past must go on saying that it was opted out."""
    store = OptOutStore(state)
    await store.add(BARE, NOW)
    later = NOW + timedelta(hours=1)

    ended, again = await store.end("2", later), await store.end("2", later)

    assert (ended, again, await store.end("unknown", later)) == (True, False, False)
    assert [out.end for out in await store.since(NOW)] == [later]
    assert await store.since(later) == []


async def test_a_change_can_be_seen_by_its_mark(state: Database) -> None:
    store = OptOutStore(state)
    marks = [await store.mark()]

    await store.add(BARE, NOW)
    marks.append(await store.mark())
    await store.end("2", NOW + timedelta(seconds=1))
    marks.append(await store.mark())

    assert len({*marks}) == 3
    assert await store.mark() == marks[-1]


async def test_draws_come_back_to_the_last_bit(state: Database) -> None:
    """F39: a restart must not move anything."""
    store, other = DrawStore(state), EventId("other")
    drawn = {Lot(VEN, EventId("é")): {0: 0.1 + 0.2, 3: -1.0}, Lot(VenName("W"), other): {0: 1.0}}
    await store.save(drawn)

    assert await store.of([EventId("é"), other]) == drawn
    assert await store.of([other]) == {Lot(VenName("W"), other): {0: 1.0}}
    assert await store.of([]) == {}
