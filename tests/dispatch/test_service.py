"""One step of dispatch after another: what sinks are told, whatever happens in between."""

import asyncio
from datetime import datetime, timedelta
from itertools import count

import pytest

from tests.dispatch.rig import SHED, VEJLE, Rig, at, event
from tests.dispatch.told import APPLY, EVERYBODY, RELEASE, SMALL
from ven_daemon.domain.dispatches import Do
from ven_daemon.domain.events import Payload
from ven_daemon.domain.ids import EventId
from ven_daemon.services.dispatch import Choices, Courier
from ven_daemon.services.dispatch.layout import LEAD

RELEASED = [(RELEASE, name, kw) for _, name, kw in EVERYBODY]


pytestmark = pytest.mark.usefixtures("charger_like_the_others")


async def test_an_event_is_applied_at_its_start_and_released_at_its_end(rig: Rig) -> None:
    rig.book.publish(event(start=10, lasts=60))

    assert await rig.turn(0) == []
    assert await rig.turn(10) == EVERYBODY
    assert await rig.turn(30) == []
    assert await rig.turn(70) == RELEASED
    assert await rig.turn(80) == []


async def test_what_begins_soon_is_on_record_before_it_begins(rig: Rig) -> None:
    rig.book.publish(event(start=10))
    rig.now = at(10) - LEAD

    changes = await rig.service.step()

    assert len(changes.created) == 3
    assert await rig.store.next_due("log", rig.now) == at(10)
    assert rig.service.due == at(10)


async def test_a_deleted_event_is_released(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)

    rig.book.withdraw("e")

    assert await rig.turn(5) == RELEASED


async def test_an_event_that_is_deleted_before_it_begins_is_never_heard_of(rig: Rig) -> None:
    rig.book.publish(event(start=1 / 60))
    await rig.turn(0)

    rig.book.withdraw("e")

    assert await rig.turn(1) == []


async def test_a_changed_event_takes_the_place_of_its_earlier_version(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)

    rig.book.publish(event("e", 0, 60, SMALL), version="2")

    assert await rig.turn(5) == [(APPLY, name, 0.0) for _, name, _ in EVERYBODY]
    assert await rig.turn(60) == [(RELEASE, name, 0.0) for _, name, _ in EVERYBODY]


async def test_a_better_event_interrupts_and_the_other_resumes(rig: Rig) -> None:
    rig.book.publish(event("low", 0, 60), event("high", 20, 20, SMALL, priority=0))

    told = {minutes: await rig.turn(minutes) for minutes in (0, 20, 40, 60)}

    assert told[0] == EVERYBODY
    assert told[20] == [(APPLY, name, 0.0) for _, name, _ in EVERYBODY]
    assert told[40] == EVERYBODY
    assert told[60] == RELEASED
    keys = [command.key for command in rig.sink.commands if command.do is APPLY]
    assert len(keys) == len(set(keys)) == 9


async def test_a_limit_that_comes_lowers_the_setpoint_that_is_followed(rig: Rig) -> None:
    setpoint = event("set", 0, 60, Payload("DISPATCH_SETPOINT", (20.0,)))
    limit = event("lim", 20, 20, Payload("IMPORT_CAPACITY_LIMIT", (8.0,)))
    rig.book.publish(setpoint)
    await rig.turn(0)
    rig.book.publish(limit)

    told = {minutes: await _of_the_pool(rig, minutes) for minutes in (10, 20, 40, 60)}

    assert told == {
        10: [],
        20: [(APPLY, "DISPATCH_SETPOINT", 8.0), (APPLY, "IMPORT_CAPACITY_LIMIT", 8.0)],
        40: [(APPLY, "DISPATCH_SETPOINT", 20.0), (RELEASE, "IMPORT_CAPACITY_LIMIT", 8.0)],
        60: [(RELEASE, "DISPATCH_SETPOINT", 20.0)],
    }


async def _of_the_pool(rig: Rig, minutes: float) -> list[tuple[Do, str, float | None]]:
    told = await _commands(rig, minutes)
    return sorted((do, type_, kw) for do, who, type_, kw in told if who == "pool")


async def test_a_gap_after_the_winner_is_a_release(rig: Rig) -> None:
    rig.book.publish(event("low", 0, 30), event("high", 20, 20, SMALL, priority=0))
    await rig.turn(0)
    await rig.turn(20)

    assert await rig.turn(40) == [(RELEASE, name, 0.0) for _, name, _ in EVERYBODY]


async def test_a_restart_repeats_nothing_that_was_acknowledged(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.turn(0)

    rig.start()
    await rig.store.recover(rig.now)

    assert await rig.turn(5) == []
    assert await rig.turn(60) == RELEASED


async def test_what_happened_while_nobody_ran_is_made_up_for(rig: Rig) -> None:
    rig.book.publish(event("a", 0, 60), event("b", 90, 60, SMALL))
    await rig.turn(0)
    rig.start()

    told = await rig.turn(100)

    # The successor of the same type takes the place of the release that was missed.
    assert told == [(APPLY, name, 0.0) for _, name, _ in EVERYBODY]
    assert await rig.turn(101) == []


async def test_an_event_that_began_before_it_was_seen_is_applied_from_now_on(rig: Rig) -> None:
    rig.book.publish(event(start=-30))

    assert await rig.turn(0) == EVERYBODY
    assert rig.courier.tally.late == 0


async def test_a_command_that_comes_late_is_counted(rig: Rig) -> None:
    rig.book.publish(event(start=1 / 60))
    await rig.turn(0)

    await rig.turn(2)

    assert rig.courier.tally.late == 3


async def test_draws_are_made_once_and_kept(rig: Rig) -> None:
    """F39: restarts, versions and other VENs move nothing."""
    rig.book.publish(event(start=60, randomize=30))
    await rig.turn(0)
    before = await rig.draws.of([EventId("e")])
    starts = _starts(rig)

    rig.start()
    await rig.turn(1)
    rig.book.publish(event("e", 60, 60, SMALL, randomize=30), version="2")
    await rig.turn(2)

    assert await rig.draws.of([EventId("e")]) == before
    assert len({fraction for drawn in before.values() for fraction in drawn.values()}) == 2
    assert _starts(rig) == starts
    assert all(at(30) <= start <= at(90) for start in starts.values())


def _starts(rig: Rig) -> dict[str, object]:
    assert rig.service.planned is not None
    return {p.resource: s.entries[0].start for p, (_, s) in rig.service.planned.plan.items()}


async def test_a_silent_vtn_is_told_from_one_that_answers(rig: Rig) -> None:
    subscribed = event("sub", 0, 600, Payload("IMPORT_CAPACITY_SUBSCRIPTION", (10.0,)))
    limit = event("lim", 0, 30, Payload("IMPORT_CAPACITY_LIMIT", (20.0,)))
    rig.book.publish(subscribed, limit)
    rig.book.answered = at(0)
    await rig.turn(0)

    limits = [c for c in await _commands(rig, 60) if c[1] == "pool"]
    rig.book.answered = at(70)
    back = [c for c in await _commands(rig, 70) if c[1] == "pool"]

    assert limits == [(APPLY, "pool", "IMPORT_CAPACITY_LIMIT", 10.0)]
    assert back == [(RELEASE, "pool", "IMPORT_CAPACITY_LIMIT", 10.0)]


async def _commands(rig: Rig, minutes: float) -> list[tuple[Do, str, str, float | None]]:
    before = len(rig.sink.commands)
    await rig.turn(minutes)
    return [(c.do, c.resource, c.type, c.kw) for c in rig.sink.commands[before:]]


async def test_an_event_may_end_with_the_vtns_silence_where_that_is_chosen(rig: Rig) -> None:
    rig.choices = Choices(silent_after=timedelta(minutes=5), silence_releases=True)
    rig.book.publish(event())
    rig.book.answered = at(0)
    await rig.turn(0)

    assert await rig.turn(4) == []
    assert await rig.turn(5) == RELEASED


async def test_nonsense_is_told_and_handed_to_nobody(rig: Rig) -> None:
    """F40: quarantined with its reason."""
    rig.book.publish(event("bad", 0, 60, Payload("SIMPLE", (9,))), event("ok", 0, 60, SHED))

    assert await rig.turn(0) == EVERYBODY
    assert rig.service.planned is not None
    assert dict(rig.service.planned.refused) == {
        EventId("bad"): "SIMPLE takes an integer 0..3, not 9"
    }


async def test_nothing_is_planned_anew_where_nothing_changed(rig: Rig) -> None:
    rig.book.publish(event())
    await rig.service.step()
    first = rig.service.planned

    await rig.service.step()
    same = rig.service.planned
    rig.now = at(6)
    await rig.service.step()

    assert first is same
    assert rig.service.planned is not first


async def test_an_open_event_crosses_the_ends_of_plans_unharmed(rig: Rig) -> None:
    rig.book.publish(event("e", -60 * 24, 60 * 24 * 30))

    assert await rig.turn(0) == EVERYBODY
    for day in range(1, 4):
        assert await rig.turn(day * 24 * 60) == []


async def test_nothing_new_begins_for_a_paused_ven(rig: Rig) -> None:
    rig.book.publish(event("a", 0, 60), event("b", 60, 60, SMALL))
    await rig.turn(0)

    rig.paused.add(VEJLE)

    assert await rig.turn(60) == [
        (APPLY, "cafe", 0.0),
        (APPLY, "charger", 0.0),
        (RELEASE, "pool", 12.5),
    ]


async def test_what_becomes_due_between_two_looks_at_the_clock_is_not_slept_over(rig: Rig) -> None:
    rig.book.publish(event(start=1 / 60))
    await rig.service.step()
    ticks = count()

    def clock() -> datetime:
        """Be a microsecond too early at first, and then not."""
        return at(1 / 60) + timedelta(microseconds=next(ticks) - 2)

    courier = Courier(rig.sink, rig.store, lambda: 0.5, clock)
    running = asyncio.create_task(courier.run())
    try:
        await rig.sink.holds(3)
    finally:
        running.cancel()
        await asyncio.wait([running])
