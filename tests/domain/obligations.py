"""Events, grids and schedules for the tests of reporting."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ven_daemon.domain.events import Event, Payload, ReportDescriptor
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.reporting.obligations import Agenda, Obligation, Terms, agendas
from ven_daemon.domain.reporting.reports import Report, ReportInterval, ReportResource
from ven_daemon.domain.reporting.slots import Grid
from ven_daemon.domain.windows import Window

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_BEFORE = T0 - timedelta(days=30)
FOR_EVER = T0 + timedelta(days=3650)


def hour(number: float) -> datetime:
    return T0 + number * HOUR


def hourly(count: int, period: timedelta | None = None, until: datetime | None = None) -> Grid:
    """Contiguous hours with the ids 100, 101, …, so that no id is a number."""
    return Grid.of([window(n, hour(n), hour(n + 1)) for n in range(count)], period, until)


def window(number: int, start: datetime, end: datetime | None) -> Window:
    return Window(100 + number, number, start, end, start, (Payload("PRICE", (0.1,)),))


def event(*descriptors: ReportDescriptor) -> Event:
    return Event(EventId("e1"), ProgramId("p1"), report_descriptors=descriptors)


def agenda(
    grid: Grid,
    descriptor: ReportDescriptor | None = None,
    seen: datetime = LONG_BEFORE,
    terms: Terms | None = None,
) -> Agenda:
    [one] = agendas(event(descriptor or ReportDescriptor("USAGE")), grid, seen, terms)
    return one


def told(owed: Sequence[Obligation]) -> list[tuple[float, list[int]]]:
    """Say of each obligation the hour it is due in and the slots that it covers."""
    return [((one.due - T0) / HOUR, [slot.number for slot in one.slots]) for one in owed]


def owed(
    grid: Grid,
    descriptor: ReportDescriptor | None = None,
    seen: datetime = LONG_BEFORE,
    until: datetime = FOR_EVER,
) -> list[tuple[float, list[int]]]:
    one = agenda(grid, descriptor, seen)
    return told(list(one.due_between(LONG_BEFORE - HOUR, until)))


def first(one: Agenda, after: datetime = LONG_BEFORE) -> Obligation:
    return next(one.after(after))


def report(resources: int, intervals: int, name: str = "n") -> Report:
    each = tuple(ReportInterval(n, hour(n), hour(n + 1), ()) for n in range(intervals))
    return Report(
        name,
        "v1",
        EventId("e1"),
        ProgramId("p1"),
        (),
        tuple(ReportResource(f"r{n}", each) for n in range(resources)),
    )
