"""Standing telemetry: reports that a program wants though no event of it says so.

Some VTNs agree on reports out of band. What an operator declares for a program is owed
for each of its events that asks for nothing itself; a report needs an event, so a program
without one gets none.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ven_daemon.domain.events import Event, ReportDescriptor, ReportIntervals
from ven_daemon.domain.reporting.obligations import Agenda, requests
from ven_daemon.domain.reporting.schedules import schedule
from ven_daemon.domain.reporting.slots import Grid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What one program is told, period by period."""

    program: str
    """The program's name, or its id."""
    payload_types: tuple[str, ...]
    period: timedelta
    aggregate: bool = False

    def agendas(self, event: Event, grid: Grid, seen: datetime) -> tuple[Agenda, ...]:
        """Give what is owed for *event*: whole periods of the clock, from the one it begins in.

        Nothing where the event asks for reports itself, or is over.
        """
        if event.report_descriptors:
            return ()
        begin, end = (grid.begin, grid.end) if grid.count else (seen, None)
        if end is not None and end <= begin:
            end = None  # without extent, it is alive until it is deleted
        first = EPOCH + self.period * ((begin - EPOCH) // self.period)
        periods = Grid.implied(first, self.period, end)
        return tuple(
            Agenda(event.id, request, periods, seen, schedule(request.descriptors[0], periods))
            for request in requests(self._descriptors())
        )

    def _descriptors(self) -> list[ReportDescriptor]:
        return [
            ReportDescriptor(
                kind,
                aggregate=self.aggregate,
                num_intervals=1,
                frequency=1,
                repeat=-1,
                report_intervals=ReportIntervals.OPEN_INTERVALS,
            )
            for kind in self.payload_types
        ]
