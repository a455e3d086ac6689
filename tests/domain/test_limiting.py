"""A setpoint under a capacity limit of the same resource: the limit has the last word (F40)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_daemon.domain.dispatching.limiting import Roles, limited
from ven_daemon.domain.dispatching.policies import export_limit, ignore, import_limit, setpoint
from ven_daemon.domain.dispatching.schedules import Entry
from ven_daemon.domain.ids import EventId

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POINT, IMPORT, EXPORT = "DISPATCH_SETPOINT", "IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT"
ROLES = Roles.of({POINT: setpoint, IMPORT: import_limit, EXPORT: export_limit, "PRICE": ignore})


def entry(type_: str, kw: float | None, start: float, end: float | None, reason: str = "") -> Entry:
    until = None if end is None else NOON + timedelta(minutes=end)
    begin = NOON + timedelta(minutes=start)
    return Entry(EventId(type_), "1", "0.0.0", type_, (kw or 0,), kw, None, begin, until, reason)


def drawn(entries: Sequence[Entry], type_: str = POINT) -> list[tuple[object, ...]]:
    return [(e.kw, _minutes(e.start), _minutes(e.end)) for e in entries if e.type == type_]


def _minutes(at: datetime | None) -> float | None:
    return None if at is None else (at - NOON).total_seconds() / 60


@pytest.mark.parametrize(
    ("point", "limits", "pieces"),
    [
        ((50, 0, 60), [(IMPORT, 20, 0, 60)], [(20, 0, 60)]),
        ((50, 0, 60), [(IMPORT, 20, 15, 30)], [(50, 0, 15), (20, 15, 30), (50, 30, 60)]),
        ((50, 0, 60), [(IMPORT, 20, 30, None)], [(50, 0, 30), (20, 30, 60)]),
        ((50, 0, None), [(IMPORT, 20, -30, 30)], [(20, 0, 30), (50, 30, None)]),
        ((50, 0, None), [(IMPORT, 20, -30, None)], [(20, 0, None)]),
        ((50, 0, 60), [(IMPORT, 60, 15, 30)], [(50, 0, 60)]),  # not passed: not split
        ((50, 0, 60), [(IMPORT, 20, 0, 30), (IMPORT, 20, 30, 60)], [(20, 0, 60)]),
        ((50, 0, 60), [(IMPORT, 20, 60, 90), (IMPORT, 20, -9, 0)], [(50, 0, 60)]),
        ((-50, 0, 60), [(EXPORT, -20, 0, 30)], [(-20, 0, 30), (-50, 30, 60)]),
        ((-50, 0, 60), [(IMPORT, 20, 0, 60)], [(-50, 0, 60)]),
        ((50, 0, 60), [(EXPORT, 0, 0, 60)], [(50, 0, 60)]),
        ((50, 0, 0), [(IMPORT, 20, -5, 5)], [(20, 0, 0)]),  # done once
        ((None, 0, 60), [(IMPORT, 20, 0, 60)], [(None, 0, 60)]),
        ((50, 0, 60), [(IMPORT, None, 0, 60)], [(50, 0, 60)]),
    ],
)
def test_a_setpoint_keeps_to_the_limits_that_hold_beside_it(
    point: tuple[float | None, float, float | None],
    limits: Sequence[tuple[str, float | None, float, float | None]],
    pieces: Sequence[tuple[object, ...]],
) -> None:
    limits = sorted(limits, key=lambda limit: limit[2])

    found = limited([entry(POINT, *point), *(entry(*limit) for limit in limits)], ROLES)

    assert drawn(found) == pieces
    assert [each for each in found if each.type != POINT] == [entry(*limit) for limit in limits]


def test_where_it_was_clamped_it_says_by_what() -> None:
    before = entry(POINT, 50, 0, 60, "clamped from 80 to 50 kW for all")

    [found, _] = limited([before, entry(IMPORT, 20, 0, 60)], ROLES)

    assert found.reason == (
        "clamped from 80 to 50 kW for all, clamped from 50 to 20 kW by IMPORT_CAPACITY_LIMIT"
    )


def test_what_is_no_setpoint_is_left_as_it_is() -> None:
    given_ = [entry("PRICE", 90, 0, 60), entry(IMPORT, 20, 0, 60)]

    assert limited(given_, ROLES) == given_


powers = st.integers(-60, 60)


def row(type_: str, parts: Sequence[tuple[int, float]], sign: int) -> list[Entry]:
    """Lay windows of one type one after the other, with gaps."""
    at, made = 0, []
    for gap, kw in parts:
        made.append(entry(type_, sign * abs(kw) if sign else kw, at + gap, at + gap + 10))
        at += gap + 10
    return made


rows = st.lists(st.tuples(st.integers(0, 15), powers), max_size=6)


@given(rows, rows, rows)
def test_at_every_instant_the_power_is_the_one_asked_for_within_the_limits(
    points: list[tuple[int, float]],
    imports: list[tuple[int, float]],
    exports: list[tuple[int, float]],
) -> None:
    asked = [*row(POINT, points, 0), *row(IMPORT, imports, 1), *row(EXPORT, exports, -1)]

    found = limited(asked, ROLES)

    for minute in range(160):
        at = NOON + timedelta(minutes=minute, seconds=30)
        kw, most, least = (_held(asked, type_, at) for type_ in (POINT, IMPORT, EXPORT))
        if kw is not None:
            kw = max(min(kw, kw if most is None else most), -1000 if least is None else least)
        assert _held(found, POINT, at) == kw
        assert (_held(found, IMPORT, at), _held(found, EXPORT, at)) == (most, least)


def _held(entries: Sequence[Entry], type_: str, at: datetime) -> float | None:
    [found] = [e.kw for e in entries if e.type == type_ and e.start <= at < (e.end or at)] or [None]
    return found


@given(rows, rows)
def test_doing_it_twice_changes_nothing(
    points: list[tuple[int, float]], imports: list[tuple[int, float]]
) -> None:
    once = limited([*row(POINT, points, 0), *row(IMPORT, imports, 1)], ROLES)

    assert drawn(limited(once, ROLES)) == drawn(once)


def test_a_setpoint_without_end_under_twenty_thousand_limits_is_cut_in_one_walk() -> None:
    limits = row(IMPORT, [(1, 20)] * 20_000, 1)
    began = process_time()

    found = limited([entry(POINT, 50, 0, None), *limits], ROLES)

    assert process_time() - began < 5  # a look at all of them for each takes minutes
    assert len(drawn(found)) == 40_001
