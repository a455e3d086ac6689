"""What holds of obligations whatever is asked for."""

from collections import Counter
from datetime import timedelta
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.obligations import (
    FOR_EVER,
    HOUR,
    LONG_BEFORE,
    T0,
    agenda,
    first,
    hour,
    hourly,
    window,
)
from ven_daemon.domain.events import ReportDescriptor, ReportIntervals
from ven_daemon.domain.registration import Target
from ven_daemon.domain.reporting.obligations import Agenda, due_between, requests
from ven_daemon.domain.reporting.schedules import Schedule, schedule
from ven_daemon.domain.reporting.slots import Grid

int32 = st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 8)
small = st.integers(-2, 7)


def descriptors(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[ReportDescriptor]:
    return st.builds(
        ReportDescriptor,
        payload_type=st.sampled_from(["USAGE", "DEMAND", "READING"]),
        units=st.sampled_from([None, "KW"]),
        targets=st.sampled_from([(), (Target("a"),), (Target("a"), Target("b", "GROUP"))]),
        aggregate=st.booleans(),
        start_interval=numbers,
        num_intervals=numbers,
        historical=st.booleans(),
        frequency=numbers,
        repeat=numbers,
        report_intervals=st.sampled_from(ReportIntervals),
    )


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Intervals that chain, leave gaps, overlap, go back, never end or have no extent."""
    starts = draw(st.lists(st.integers(0, 40), max_size=6))
    windows = []
    for number, start in enumerate(starts):
        length = draw(st.sampled_from([None, 0, 1, 2, 5]))
        end = None if length is None else hour(start + length)
        windows.append(window(number, hour(start), end))
    period = draw(st.sampled_from([None, 3 * HOUR, 50 * HOUR]))
    until = draw(st.sampled_from([None, hour(30), hour(200)]))
    return Grid.of(windows, period, until)


@st.composite
def loops(draw: st.DrawFn) -> Grid:
    """One round of intervals or many, in any order within a round, that end."""
    starts = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    windows = [
        window(number, hour(start), hour(start + draw(st.integers(0, 12))))
        for number, start in enumerate(starts)
    ]
    period = draw(st.none() | st.integers(1, 12).map(lambda hours: hours * HOUR))
    return Grid.of(windows, period, hour(draw(st.integers(10, 90))))


def eager(scheduled: Schedule) -> list[tuple[float, int]]:
    dues = [(scheduled.due(k), k) for k in range(scheduled.count)]
    return sorted(((at - T0) / HOUR, k) for at, k in dues if at is not None)


@given(loops(), descriptors(small), st.integers(-5, 95))
def test_lazy_equals_eager(grid: Grid, descriptor: ReportDescriptor, after: int) -> None:
    scheduled = schedule(descriptor, grid)

    lazy = [((due.at - T0) / HOUR, due.k) for due in scheduled.after(hour(after))]

    assert sorted(lazy) == [due for due in eager(scheduled) if due[0] > after]
    assert [at for at, _ in lazy] == sorted(at for at, _ in lazy)


@given(loops(), descriptors(small), st.integers(-5, 95))
def test_the_latest_is_what_an_eager_look_finds(
    grid: Grid, descriptor: ReportDescriptor, at: int
) -> None:
    scheduled = schedule(descriptor, grid)

    latest = scheduled.latest(hour(at))

    past = [due for due, _ in eager(scheduled) if due <= at]
    assert (latest and (latest.at - T0) / HOUR) == (max(past) if past else None)


@settings(deadline=None)
@given(grids(), descriptors(int32), st.integers(-2, 60))
def test_no_descriptor_raises_and_all_is_in_due_order(
    grid: Grid, descriptor: ReportDescriptor, seen: int
) -> None:
    one = agenda(grid, descriptor, hour(seen))

    owed = list(islice(one.after(LONG_BEFORE), 4))

    assert [obligation.due for obligation in owed] == sorted(obligation.due for obligation in owed)
    assert all(obligation.due >= one.seen for obligation in owed)
    assert len({obligation.k for obligation in owed}) == len(owed)
    assert all(obligation.slots for obligation in owed)


@given(loops(), descriptors(small), st.integers(-5, 95))
def test_late_to_an_event_one_past_report_is_owed_at_most(
    grid: Grid, descriptor: ReportDescriptor, seen: int
) -> None:
    one = agenda(grid, descriptor, hour(seen))

    at_once = list(islice(one.due_between(LONG_BEFORE, hour(seen)), 3))

    assert len(at_once) <= 1
    assert all(owed.due == hour(seen) for owed in at_once)


@given(st.integers(1, 12), st.integers(1, 5))
def test_reports_that_do_not_overlap_cover_every_interval_once(groups: int, size: int) -> None:
    grid = hourly(groups * size)
    asked = ReportDescriptor("USAGE", num_intervals=size, frequency=size, repeat=-1)

    covered = Counter(
        slot.number for owed in agenda(grid, asked).after(LONG_BEFORE) for slot in owed.slots
    )

    assert covered == Counter(range(groups * size))


@given(st.lists(descriptors(small), max_size=8), st.randoms())
def test_the_order_of_descriptors_changes_nothing(
    asked: list[ReportDescriptor], random: object
) -> None:
    shuffled = list(asked)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert requests(shuffled) == requests(asked)


@given(st.lists(descriptors(small), max_size=8))
def test_every_descriptor_is_answered_once_and_told_apart_by_its_type(
    asked: list[ReportDescriptor],
) -> None:
    groups = requests(asked)

    members = [descriptor for group in groups for descriptor in group.descriptors]
    assert Counter(members) == Counter(set(asked))
    for group in groups:
        kinds = [descriptor.payload_type for descriptor in group.descriptors]
        assert len(kinds) == len(set(kinds))
    assert len({group.digest for group in groups}) == len(groups)


@given(st.lists(st.builds(agenda, grids(), descriptors(small)), max_size=4))
def test_many_agendas_are_merged_in_due_order(many: list[Agenda]) -> None:
    owed = list(due_between(many, LONG_BEFORE, hour(20)))

    assert [one.due for one in owed] == sorted(one.due for one in owed)
    assert len(owed) == sum(len(list(a.due_between(LONG_BEFORE, hour(20)))) for a in many)


def test_an_endless_loop_of_seconds_is_not_walked_through() -> None:
    second = timedelta(seconds=1)
    grid = Grid.of([window(0, T0, T0 + second)], second)
    asked = ReportDescriptor("READING", num_intervals=1, frequency=1, repeat=-1)

    owed = first(agenda(grid, asked), FOR_EVER)
    late = first(agenda(grid, asked, seen=FOR_EVER))

    assert owed.due == FOR_EVER + second
    assert owed.k == (FOR_EVER - T0) // second
    assert late.slots[-1].end == FOR_EVER
