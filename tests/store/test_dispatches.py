"""Dispatches on record: one contract for both databases."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ven_daemon.domain.attributes import Opaque, Point
from ven_daemon.domain.dispatches import (
    ACKNOWLEDGED,
    Answer,
    Dispatch,
    Do,
    State,
    Verdict,
    dispatch_key,
)
from ven_daemon.domain.dispatching.convergence import Assignment, Changes
from ven_daemon.domain.dispatching.schedules import Entry, Schedule
from ven_daemon.domain.errors import OutdatedError
from ven_daemon.domain.ids import EventId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.optouts import OptOut
from ven_daemon.domain.targets import Place
from ven_daemon.store.database import Database
from ven_daemon.store.dispatches import DispatchStore, Record, Told
from ven_daemon.store.optouts import OptOutStore

NOON = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def entry(start: float = 0, end: float | None = 60, **fields: object) -> Entry:
    until = None if end is None else at(end)
    made = Entry(EventId("e"), "1", "0.0.0", "SIMPLE", (1,), 5.0, None, at(start), until)
    return made._replace(**fields)  # type: ignore[arg-type]


def row(of: Entry, resource: str = "cafe", state: State = State.SCHEDULED) -> Dispatch:
    place = Place(VenName("Ålborg"), ResourceKey(resource))
    due = of.end if state is State.APPLIED else of.start
    return Dispatch(dispatch_key(place, of), place, ResourceName(resource), "log", of, state, due)


@pytest.fixture
def store(state: Database) -> DispatchStore:
    return DispatchStore(state)


def creating(*rows: Dispatch) -> Callable[[Record], Changes]:
    return lambda _: Changes(rows, ())


async def record(store: DispatchStore) -> list[Dispatch]:
    """Give what is on record and not final, by key."""
    seen: list[Dispatch] = []

    def look(found: Record) -> Changes:
        seen.extend(each for some in found.values() for each in some)
        return Changes((), ())

    await store.step(None, look, NOON)
    return sorted(seen, key=lambda each: each.key)


async def hand(store: DispatchStore, minutes: float = 1, busy: Iterable[str] = ()) -> list[str]:
    found = await store.hand("log", at(minutes), LATER, 100, busy)
    return [each.place.resource for each in found]


async def acknowledge(store: DispatchStore, told: Sequence[Dispatch]) -> list[Dispatch]:
    answers = [Told(each.key, each.do, ACKNOWLEDGED) for each in told]
    return await store.settle(answers, at(1), lambda: 0.5)


@pytest.mark.parametrize(
    "odd",
    [
        entry(),
        entry(end=None, kw=None, kwh=12.5, reason="clamped from 8 to 5 kW"),
        entry(values=("a\0b", "'; DROP TABLE x;--", "\ud800", True, 1, 1.5, Point(1, 2))),
        entry(type="CURVE", values=(Opaque('[[{"x":1}]]'),), event=EventId("é ünïcode 🔌")),
    ],
    ids=["plain", "open-ended", "odd values", "opaque"],
)
async def test_a_dispatch_comes_back_as_it_went(store: DispatchStore, odd: Entry) -> None:
    await store.step(None, creating(row(odd)), NOON)

    assert await record(store) == [row(odd)]


async def test_a_step_that_fails_leaves_nothing(store: DispatchStore) -> None:
    def fail(_: Record) -> Changes:
        raise ZeroDivisionError

    place = row(entry()).place
    plan = {place: (Assignment(place, ResourceName("cafe"), "log"), Schedule((entry(),)))}
    with pytest.raises(ZeroDivisionError):
        await store.step(plan, fail, NOON)
    await store.step(plan, creating(), NOON)

    again = DispatchStore(store._database)
    await again.step({}, creating(), NOON)
    assert await record(store) == []


async def test_a_step_writes_nothing_once_somebody_opted_out_of_what_it_stands_on(
    store: DispatchStore, state: Database
) -> None:
    outs = OptOutStore(state)
    before = await outs.mark()
    await outs.add(OptOut("1", VenName("Ålborg"), NOON), NOON)

    with pytest.raises(OutdatedError, match="opted out"):
        await store.step({}, creating(row(entry())), NOON, before)

    assert await record(store) == []
    assert len((await store.step({}, creating(row(entry())), NOON, await outs.mark())).created) == 1


async def test_what_is_due_is_handed_over_once_and_noted(store: DispatchStore) -> None:
    await store.step(None, creating(row(entry()), row(entry(5), "later")), NOON)

    first, second = await hand(store), await hand(store)

    assert (first, second) == (["cafe"], [])
    assert [each.attempts for each in await record(store) if each.name == "cafe"] == [1]
    assert await store.next_due("log", at(1)) == at(5)


async def test_only_its_own_sink_is_handed_something(store: DispatchStore) -> None:
    await store.step(None, creating(row(entry())), NOON)

    assert await store.hand("mqtt", at(1), LATER, 100) == []


async def test_what_was_under_way_when_a_process_ended_is_repeated(store: DispatchStore) -> None:
    await store.step(None, creating(row(entry()), row(entry(5), "later")), NOON)
    [before] = await store.hand("log", at(1), LATER, 100)

    await store.recover(at(2))
    [after] = await store.hand("log", at(2), LATER, 100)

    assert (before.command().repeated, after.command().repeated) == (False, True)
    assert before.key == after.key


async def test_what_ended_is_released_and_what_is_over_unheard_is_not_handed_over(
    store: DispatchStore,
) -> None:
    await store.step(None, creating(row(entry()), row(entry(0, 10), "short")), NOON)
    told = [each for each in await store.hand("log", at(1), LATER, 100) if each.name == "cafe"]
    await acknowledge(store, told)

    found = await store.hand("log", at(61), LATER, 100)

    assert [(each.name, each.do) for each in found] == [("cafe", Do.RELEASE)]


async def test_a_successor_takes_the_place_of_a_release(store: DispatchStore) -> None:
    old, new = row(entry(0, 10)), row(entry(10, 20))
    await store.step(None, creating(old, new), NOON)
    await acknowledge(store, await store.hand("log", at(1), LATER, 100))

    told = await store.hand("log", at(10), LATER, 100)
    settled = await acknowledge(store, told)

    assert [each.key for each in told] == [new.key]
    assert {each.key: each.state for each in settled} == {
        old.key: State.RELEASED,
        new.key: State.APPLIED,
    }


async def test_where_a_successor_is_refused_the_old_one_is_released(store: DispatchStore) -> None:
    old, new = row(entry(0, 10)), row(entry(10, 20))
    await store.step(None, creating(old, new), NOON)
    await acknowledge(store, await store.hand("log", at(1), LATER, 100))
    await store.hand("log", at(10), LATER, 100)

    refused = Told(new.key, Do.APPLY, Answer(Verdict.FAILED, "no\0 way"))
    [failed] = await store.settle([refused], at(10), lambda: 0.5)
    told = await store.hand("log", at(10), LATER, 100)

    assert failed.state is State.FAILED
    assert [(each.key, each.do) for each in told] == [(old.key, Do.RELEASE)]


async def test_another_type_ends_nothing(store: DispatchStore) -> None:
    price = row(entry(type="PRICE"))
    await store.step(None, creating(row(entry()), price), NOON)

    settled = await acknowledge(store, await store.hand("log", at(1), LATER, 100))

    assert {each.state for each in settled} == {State.APPLIED}


async def test_an_instant_ends_nothing(store: DispatchStore) -> None:
    held, once = row(entry()), row(entry(1, 1, event=EventId("once")))
    await store.step(None, creating(held), NOON)
    await acknowledge(store, await store.hand("log", at(1), LATER, 100))
    await store.step(None, creating(once), NOON)

    settled = await acknowledge(store, await store.hand("log", at(1), LATER, 100))

    assert [(each.key, each.state) for each in settled] == [(once.key, State.RELEASED)]
    assert [each.key for each in await record(store)] == [held.key]


async def test_nothing_is_handed_over_beside_what_is_under_way(store: DispatchStore) -> None:
    """A release must not overtake what it releases."""
    await store.step(None, creating(row(entry()), row(entry(), "pool")), NOON)
    [cafe] = [e for e in await store.hand("log", at(1), LATER, 100) if e.name == "cafe"]
    taken_back = replace(cafe, state=State.CANCEL_PENDING, due=at(2), attempts=0)
    await store.step(None, lambda _: Changes((), (taken_back,)), at(2))

    assert await hand(store, 2, busy=[cafe.key]) == []
    assert await hand(store, 2) == ["cafe"]


async def test_what_is_taken_back_while_under_way_is_released_after_it(
    store: DispatchStore,
) -> None:
    await store.step(None, creating(row(entry())), NOON)
    [told] = await store.hand("log", at(1), LATER, 100)
    taken_back = replace(told, state=State.CANCEL_PENDING, due=at(2), attempts=0)
    await store.step(None, lambda _: Changes((), (taken_back,)), at(2))

    await acknowledge(store, [told])
    [release] = await store.hand("log", at(2), LATER, 100)
    [settled] = await acknowledge(store, [release])

    assert (release.do, settled.state) == (Do.RELEASE, State.CANCELLED)


async def test_what_is_given_for_a_second_time_has_another_key(store: DispatchStore) -> None:
    first = row(entry())
    await store.step(None, creating(first), NOON)
    await store.step(
        None, lambda _: Changes((), (replace(first, state=State.CANCELLED, due=None),)), NOON
    )

    changes = await store.step(None, creating(first), NOON)

    assert len(changes.created) == 1
    assert changes.created[0].key != first.key
    assert [each.key for each in await record(store)] == [changes.created[0].key]


@pytest.mark.parametrize(("state_", "of"), [(State.FAILED, entry()), (State.RELEASED, entry(0, 0))])
async def test_what_was_refused_or_done_once_is_not_given_again(
    store: DispatchStore, state_: State, of: Entry
) -> None:
    first = row(of)
    await store.step(None, creating(first), NOON)
    await store.step(None, lambda _: Changes((), (replace(first, state=state_),)), NOON)

    changes = await store.step(None, creating(first), NOON)

    assert changes.created == ()


async def test_a_plan_is_kept_with_one_row_for_each_schedule(
    store: DispatchStore, state: Database
) -> None:
    shared, own = Schedule((entry(), entry(60, 120))), Schedule((entry(0, None),))
    places = [Place(VenName("V"), ResourceKey(f"r{n}")) for n in range(50)]
    plan = {p: (Assignment(p, ResourceName(p.resource), "log"), shared) for p in places}
    plan[places[0]] = (plan[places[0]][0], own)

    await store.step(plan, creating(), NOON)
    kept = await _counts(state)
    await DispatchStore(state).step({places[1]: plan[places[1]]}, creating(), NOON)
    await store.forget(NOON)

    assert kept == (50, 2)
    assert await _counts(state) == (1, 1)


async def test_what_ended_long_ago_is_forgotten_in_portions(store: DispatchStore) -> None:
    done = [replace(row(entry(), f"r{n}"), state=State.RELEASED, due=None) for n in range(5)]
    await store.step(None, creating(*done, row(entry(), "open")), NOON)

    counts = [await store.forget(at(1), most=3) for _ in range(3)]

    assert counts == [3, 2, 0]
    assert [each.name for each in await record(store)] == ["open"]


async def test_everything_followed_can_be_released_at_once(store: DispatchStore) -> None:
    await store.step(None, creating(row(entry()), row(entry(5), "later")), NOON)
    await acknowledge(store, await store.hand("log", at(1), LATER, 100))

    await store.release(at(2))
    told = await store.hand("log", at(2), LATER, 100)

    assert [(each.name, each.do) for each in told] == [("cafe", Do.RELEASE)]


async def test_ten_thousand_dispatches_are_quick(store: DispatchStore) -> None:
    rows = [row(entry(), f"r{n}") for n in range(10_000)]
    began = time.monotonic()

    await store.step(None, creating(*rows), NOON)
    told = await store.hand("log", at(1), LATER, 10_000)
    settled = await acknowledge(store, told)

    assert len(settled) == 10_000
    assert time.monotonic() - began < 30


async def _counts(state: Database) -> tuple[int, int]:
    async with state.read() as connection:
        rows = await connection.scalar(text("SELECT count(*) FROM assignments"))
        return rows, await connection.scalar(text("SELECT count(*) FROM schedules"))
