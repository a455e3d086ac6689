"""From events and a fleet to schedules: who follows what, in kW, and who shares with whom."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ven_daemon.domain.dispatching.claims import Silence
from ven_daemon.domain.dispatching.ratings import Rating
from ven_daemon.domain.dispatching.rules import Rule, Rules
from ven_daemon.domain.dispatching.schedules import (
    Entry,
    Member,
    Order,
    Roster,
    Schedule,
    Situation,
)
from ven_daemon.domain.dispatching.scheduling import WINDOW_LIMIT, Planner
from ven_daemon.domain.dispatching.selectors import Kind, Selector
from ven_daemon.domain.durations import ENDLESS, Duration
from ven_daemon.domain.events import Event, Interval, IntervalPeriod, Payload, PayloadDescriptor
from ven_daemon.domain.ids import EventId, ProgramId, ResourceKey, ResourceName, VenName
from ven_daemon.domain.optouts import Absence
from ven_daemon.domain.targets import Audience, Place
from ven_daemon.domain.timeline import Timeline, place

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
AALBORG, VEJLE = VenName("Aalborg"), VenName("Vejle")
ALL = Audience(frozenset({AALBORG, VEJLE}))
CAFE_RATING, CHARGER_RATING = Rating(25, -10), Rating(22, 0, 100)


def member(ven: VenName, key: str, kind: str = "DSR") -> Member:
    rating = CHARGER_RATING if kind == "EV" else CAFE_RATING
    return Member(Place(ven, ResourceKey(key)), ResourceName(key), Kind(kind, None, key), rating)


CAFE, CHARGER = member(AALBORG, "cafe"), member(AALBORG, "charger", "EV")
BAR, POOL = member(VEJLE, "bar"), member(VEJLE, "pool")
FLEET = (CAFE, CHARGER, BAR, POOL)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def minutes(number: float) -> Duration:
    return Duration(length=timedelta(minutes=number))


def event(
    name: str = "e",
    *payloads: Payload,
    start: float = 0,
    lasts: float | None = 60,
    priority: int | None = None,
    **fields: object,
) -> Event:
    return Event(
        EventId(name),
        ProgramId("p"),
        priority=priority,
        period=IntervalPeriod(at(start), ENDLESS if lasts is None else minutes(lasts)),
        intervals=tuple(Interval(n, payloads=(each,)) for n, each in enumerate(payloads or [SHED])),
        **fields,  # type: ignore[arg-type]
    )


SHED = Payload("SIMPLE", (2,))


def order(
    of: Event,
    audience: Audience = ALL,
    draws: Mapping[VenName, float] | None = None,
    defaults: tuple[PayloadDescriptor, ...] = (),
) -> Order:
    drawn = {ven: placed(of, {0: fraction}) for ven, fraction in (draws or {}).items()}
    reach = timedelta(minutes=10) if drawn else timedelta(0)
    return Order(of, "1", audience, placed(of, {}), drawn, reach, defaults)


def placed(of: Event, draws: Mapping[int, float]) -> Timeline:
    timeline = place(of, at(-600), draws=draws)
    assert isinstance(timeline, Timeline)
    return timeline


def planner(*orders: Order, fleet: tuple[Member, ...] = FLEET, **fields: object) -> Planner:
    situation = Situation(orders, at(-60), at(24 * 60), **fields)  # type: ignore[arg-type]
    return Planner(Roster(fleet), situation)


def plan(*orders: Order, **fields: object) -> dict[str, Schedule]:
    found = planner(*orders, **fields).plan()
    return {place.resource: schedule for place, schedule in found.items()}


def drawn(schedule: Schedule | None) -> list[tuple[str, float | None, float, float | None]]:
    return [_line(entry) for entry in (schedule.entries if schedule else ())]


def _line(entry: Entry) -> tuple[str, float | None, float, float | None]:
    end = None if entry.end is None else (entry.end - NOON).total_seconds() / 60
    return entry.type, entry.kw, (entry.start - NOON).total_seconds() / 60, end


def test_each_resource_follows_what_means_it_within_its_rating() -> None:
    found = plan(order(event()))

    assert {key: drawn(schedule) for key, schedule in found.items()} == {
        "cafe": [("SIMPLE", 12.5, 0, 60)],
        "charger": [("SIMPLE", 5.5, 0, 60)],
        "bar": [("SIMPLE", 12.5, 0, 60)],
        "pool": [("SIMPLE", 12.5, 0, 60)],
    }


def test_resources_that_are_asked_alike_share_one_schedule() -> None:
    found = plan(order(event()), order(event("f", Payload("PRICE", (1.0,)))))

    assert found["cafe"] is found["bar"] is found["pool"]
    assert len({schedule.id for schedule in found.values()}) == 2


def test_what_a_plan_will_cost_is_known_before_it_is_made() -> None:
    """Four follow one payload, and one of them two more."""
    bar = Audience(resources=frozenset({BAR.place}))
    made = planner(order(event()), order(event("f", SHED, SHED), bar))

    assert (made.is_within(6), made.is_within(5)) == (True, False)


def test_windows_without_end_or_without_anybody_are_not_few() -> None:
    minutely = event(lasts=1, duration=ENDLESS)
    nobody = Audience(frozenset({VenName("empty")}))

    assert not planner(order(minutely)).is_within(500)
    assert not planner(order(minutely, nobody)).is_within(500)


def test_whom_no_event_means_has_no_schedule() -> None:
    assert set(plan(order(event(), Audience(resources=frozenset({BAR.place}))))) == {"bar"}


def test_whole_vens_and_single_resources_are_planned_together() -> None:
    alone = Audience(frozenset({VEJLE}), frozenset({CAFE.place}))

    found = plan(
        order(event("low", priority=5)),
        order(event("high", Payload("SIMPLE", (3,)), start=20, lasts=20, priority=1), alone),
    )

    assert drawn(found["charger"]) == [("SIMPLE", 5.5, 0, 60)]
    assert drawn(found["cafe"]) == drawn(found["bar"]) == [
        ("SIMPLE", 12.5, 0, 20),
        ("SIMPLE", 0, 20, 40),
        ("SIMPLE", 12.5, 40, 60),
    ]  # fmt: skip


def test_a_limit_is_shared_within_each_ven_by_those_it_means() -> None:
    limit = event("e", Payload("IMPORT_CAPACITY_LIMIT", (10.0,)))

    everybody = plan(order(limit))
    some = plan(order(limit, Audience(frozenset({VEJLE}), frozenset({CAFE.place}))))

    assert drawn(everybody["cafe"])[0][1] == pytest.approx(10 * 25 / 47, abs=0.001)
    assert drawn(everybody["bar"])[0][1] == drawn(everybody["pool"])[0][1] == 5
    assert drawn(some["cafe"])[0][1] == 10


def test_units_come_from_the_event_or_its_program() -> None:
    watts = PayloadDescriptor("DISPATCH_SETPOINT", "W")
    setpoint = Payload("DISPATCH_SETPOINT", (4000.0,))
    by_event = event("e", setpoint, payload_descriptors=(watts,))

    assert drawn(plan(order(by_event))["bar"])[0][1] == 2
    assert drawn(plan(order(event("e", setpoint), defaults=(watts,)))["bar"])[0][1] == 2


def test_without_its_program_an_event_has_the_enumerations_units() -> None:
    """T-15: a program may be unreadable; its defaults are then missing, not its events."""
    setpoint = Payload("DISPATCH_SETPOINT", (4.0,))

    assert drawn(plan(order(event("e", setpoint)))["bar"])[0][1] == 2


def test_a_draw_moves_one_ven_and_nobody_else() -> None:
    randomized = replace(event(), period=IntervalPeriod(at(0), minutes(60), minutes(10)))

    found = plan(order(randomized, draws={AALBORG: 0.5, VEJLE: -0.5}))

    assert drawn(found["cafe"]) == [("SIMPLE", 12.5, 5, 65)]
    assert drawn(found["bar"]) == [("SIMPLE", 12.5, -5, 55)]
    assert found["bar"] is found["pool"]


def test_who_opts_out_follows_nothing_meanwhile() -> None:
    away = {
        CAFE.place: (Absence(at(10), at(20)),),
        BAR.place: (Absence(at(-60), None, EventId("e")),),
        POOL.place: (Absence(at(-60), None, EventId("f")),),
    }

    found = plan(order(event()), absences=away)

    assert drawn(found["cafe"]) == [("SIMPLE", 12.5, 0, 10), ("SIMPLE", 12.5, 20, 60)]
    assert "bar" not in found
    assert drawn(found["pool"]) == [("SIMPLE", 12.5, 0, 60)]


def test_opting_out_of_the_winner_leaves_the_loser() -> None:
    away = {CAFE.place: (Absence(at(-60), None, EventId("high")),)}
    high = order(event("high", Payload("SIMPLE", (3,)), priority=0))

    found = plan(order(event("low")), high, absences=away)

    assert [entry.event for entry in found["cafe"].entries] == ["low"]
    assert [entry.event for entry in found["bar"].entries] == ["high"]


def test_who_opts_out_of_a_shared_limit_still_counts_among_those_who_share() -> None:
    """Whoever does not listen may draw its share; the others must not."""
    limit = order(event("e", Payload("IMPORT_CAPACITY_LIMIT", (10.0,))))

    found = plan(limit, absences={BAR.place: (Absence(at(-60), None),)})

    assert "bar" not in found
    assert drawn(found["pool"])[0][1] == 5


SUBSCRIBED = event("sub", Payload("IMPORT_CAPACITY_SUBSCRIPTION", (8.0,)), lasts=None)
LIMITED = event("lim", Payload("IMPORT_CAPACITY_LIMIT", (20.0,)), lasts=60)


def test_limits_fall_back_to_what_is_subscribed_when_the_vtn_is_silent() -> None:
    """User Guide 8.10: a limit holds to its end; then the subscription is the limit."""
    silent = {VEJLE: Silence(at(30))}

    found = plan(order(SUBSCRIBED), order(LIMITED), silent=silent)

    assert drawn(found["bar"]) == [
        ("IMPORT_CAPACITY_LIMIT", 10, 0, 60),
        ("IMPORT_CAPACITY_SUBSCRIPTION", None, 0, None),
        ("IMPORT_CAPACITY_LIMIT", 4, 60, None),
    ]
    assert "subscribed" in found["bar"].entries[2].reason
    assert [line[0] for line in drawn(found["cafe"])] == [
        "IMPORT_CAPACITY_LIMIT",
        "IMPORT_CAPACITY_SUBSCRIPTION",
    ]


def test_limits_of_export_fall_back_too() -> None:
    subscribed = event("sub", Payload("EXPORT_CAPACITY_SUBSCRIPTION", (8.0,)), lasts=None)
    fleet = (replace(BAR, rating=Rating(25, -10)),)
    silent = {VEJLE: Silence(at(30))}

    found = plan(order(subscribed), fleet=fleet, silent=silent)

    assert drawn(found["bar"])[1:] == [("EXPORT_CAPACITY_LIMIT", -8, 30, None)]


def test_a_setpoint_keeps_to_the_capacity_limit_that_holds_beside_it() -> None:
    setpoint = event("set", Payload("DISPATCH_SETPOINT", (30.0,)), lasts=120)

    found = plan(order(setpoint), order(LIMITED))

    assert drawn(found["bar"]) == [
        ("DISPATCH_SETPOINT", 10, 0, 60),
        ("IMPORT_CAPACITY_LIMIT", 10, 0, 60),
        ("DISPATCH_SETPOINT", 15, 60, 120),
    ]
    assert found["bar"].entries[0].values == (30.0,)
    assert found["bar"].entries[0].reason == "clamped from 15 to 10 kW by IMPORT_CAPACITY_LIMIT"


def test_a_silent_vtns_events_hold_to_their_end_or_are_released_as_is_chosen() -> None:
    held = plan(order(event()), silent={VEJLE: Silence(at(30))})
    released = plan(order(event()), silent={VEJLE: Silence(at(30), releases=True)})

    assert drawn(held["bar"]) == [("SIMPLE", 12.5, 0, 60)]
    assert drawn(released["bar"]) == [("SIMPLE", 12.5, 0, 30)]
    assert drawn(released["cafe"]) == [("SIMPLE", 12.5, 0, 60)]


def test_nonsense_is_shown_with_its_reason_and_outranks_nobody() -> None:
    """F40: quarantined; a sensible event of lower priority holds instead."""
    nonsense = order(event("bad", Payload("SIMPLE", (7,)), priority=0))
    made = planner(order(event("good", priority=9)), nonsense)

    entries = made.plan()[CAFE.place].entries

    assert [(e.event, e.refused, e.kw) for e in entries] == [
        ("bad", True, None),
        ("good", False, 12.5),
    ]
    assert made.refused == {"bad": "SIMPLE takes an integer 0..3, not 7"}


def test_what_is_not_known_passes_unharmed() -> None:
    private = Payload("OUR_OWN", ("anything", True, 3))

    [entry] = plan(order(event("e", private)))["cafe"].entries

    assert (entry.type, entry.values, entry.kw) == ("OUR_OWN", ("anything", True, 3), None)


def test_an_endless_tariff_is_planned_as_far_as_the_horizon() -> None:
    tariff = event(
        "t", *(Payload("PRICE", (n / 10,)) for n in range(24)), start=-600, duration=ENDLESS
    )

    entries = plan(order(tariff))["cafe"].entries

    assert entries[0].end == at(0)
    assert entries[-1].start == at(23 * 60)


def test_more_windows_than_a_plan_takes_in_are_counted() -> None:
    dense = event("d", Payload("PRICE", (1.0,)), lasts=1 / 30, duration=ENDLESS)
    made = planner(order(dense), fleet=(CAFE,))

    found = made.plan()

    assert made.cut_short == {"d"}
    assert len(found[CAFE.place].entries) == WINDOW_LIMIT


def test_a_rule_for_one_resource_sets_it_apart() -> None:
    apart = Rules((Rule("SIMPLE", "ignore", Selector(resource="bar")),))

    found = plan(order(event()), rules=apart)

    assert drawn(found["bar"]) == [("SIMPLE", None, 0, 60)]
    assert found["pool"] is found["cafe"]
