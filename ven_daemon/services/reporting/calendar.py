"""Who owes what next: agendas of the events that hold, shared by the VENs that owe alike."""

import heapq
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from ven_daemon.domain.durations import FIRST_INSTANT, shifted
from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.ids import EventId, VenName
from ven_daemon.domain.reporting.grids import grid_of
from ven_daemon.domain.reporting.obligations import Agenda, Obligation, Terms, agendas
from ven_daemon.domain.reporting.slots import Grid
from ven_daemon.domain.reporting.standing import Standing
from ven_daemon.domain.sightings import Known
from ven_daemon.domain.targets import Audience
from ven_daemon.domain.timeline import draws_needed
from ven_daemon.services.reporting.ports import Metered, Roster
from ven_daemon.store.draws import Lot
from ven_daemon.store.outbox import Mark

Draws = Mapping[Lot, Mapping[int, float]]


@dataclass(frozen=True, slots=True)
class Timing:
    """When reports leave, and how reportDescriptors are read."""

    grace: timedelta = timedelta(seconds=5)
    """How long readings may take to arrive."""
    jitter: timedelta = timedelta(0)
    """Over how long the VENs are spread, each at a place that follows from its name."""
    terms: Terms = field(default_factory=Terms)
    standing: tuple[Standing, ...] = ()

    def delay(self, ven: VenName) -> timedelta:
        """How long after something is due it is built for *ven*, in whole seconds of jitter."""
        share = crc32(ven.encode("utf-8", "surrogatepass")) / 2**32
        return self.grace + timedelta(seconds=int(self.jitter.total_seconds() * share))


@dataclass(frozen=True, slots=True, eq=False)
class Duty:
    """What one event asks of some VENs."""

    agenda: Agenda
    event: Event
    program: Program | None
    audience: Audience


@dataclass(slots=True)
class Debt:
    """What some VENs owe for one duty, all of them from the same instant on."""

    duty: Duty
    vens: tuple[VenName, ...]
    delay: timedelta
    mark: datetime
    """Up to then everything is in the outbox."""

    def owed(self, now: datetime) -> Iterator[Obligation]:
        """Give what has to be built by now."""
        return self.duty.agenda.due_between(self.mark, now - self.delay)


class Calendar:
    """Made anew when events or the fleet change; what is due next is at its top."""

    def __init__(self, roster: Roster, timing: Timing) -> None:
        self.roster = roster
        self.refused: dict[EventId, str] = {}
        """Events whose reports cannot be placed in time, and why."""
        self._timing = timing
        self._duties: dict[tuple[VenName, EventId, str], Duty] = {}
        self._heap: list[tuple[datetime, int, Debt]] = []
        self._count = 0

    def add(self, known: Known, draws: Draws, marks: Mapping[Mark, datetime]) -> None:
        """Note what one event asks of everybody that it means."""
        event = known.event
        if not event.report_descriptors and not self._standing_for(known):
            return
        program = known.program.targets if known.program else ()
        audience = self.roster.index.meant(event.targets, program, known.readers)
        vens = sorted(audience.vens | {place.ven for place in audience.resources})
        moved = bool(draws_needed(event))
        alike: defaultdict[tuple[tuple[int, float], ...], list[VenName]] = defaultdict(list)
        for ven in vens:
            own = draws.get(Lot(ven, event.id), {}) if moved else {}
            alike[tuple(sorted(own.items()))].append(ven)
        for own_draws, some in alike.items():
            grid = grid_of(event, known.seen, draws=dict(own_draws), dialect=known.dialect)
            if isinstance(grid, Grid):
                self._take(known, grid, audience, some, marks)
            else:
                self.refused[event.id] = grid.reason

    def pop(self, now: datetime) -> Debt | None:
        """Give something that has to be built by now; it is out of the calendar until pushed."""
        if self._heap and self._heap[0][0] <= now:
            return heapq.heappop(self._heap)[2]
        return None

    def push(self, debt: Debt) -> None:
        """Note a debt at the instant that something of it is due next."""
        due = debt.duty.agenda.next_due(debt.mark)
        if due is not None:
            self._count += 1
            heapq.heappush(self._heap, (shifted(due, debt.delay), self._count, debt))

    @property
    def next_at(self) -> datetime | None:
        """When something has to be built next."""
        return self._heap[0][0] if self._heap else None

    def duty(self, ven: VenName, event: EventId, request: str) -> Duty | None:
        """Find what a report was owed for."""
        return self._duties.get((ven, event, request))

    def ad_hoc(self, types: Container[str] | None) -> Iterator[tuple[VenName, Duty]]:
        """Give what may be reported at any time, of some payload types or of all."""
        for (ven, _, _), duty in self._duties.items():
            kinds = [each.payload_type for each in duty.agenda.request.descriptors]
            meant = types is None or any(kind in types for kind in kinds)
            if duty.agenda.scheduled is None and meant:
                yield ven, duty

    def members(self, ven: VenName, duty: Duty) -> Sequence[Metered]:
        """Give the resources of one VEN that a duty is about."""
        return [m for m in self.roster.members.get(ven, ()) if m.place in duty.audience]

    def _bears(self, ven: VenName, duty: Duty) -> bool:
        """Whether a VEN has any resource that a duty is about; nearly all have all."""
        members = self.roster.members.get(ven, ())
        whole = ven in duty.audience.vens
        return bool(members) and (whole or any(m.place in duty.audience for m in members))

    def _take(
        self,
        known: Known,
        grid: Grid,
        audience: Audience,
        vens: Iterable[VenName],
        marks: Mapping[Mark, datetime],
    ) -> None:
        for agenda in self._agendas(known, grid):
            about = audience
            if agenda.request.targets:
                about = audience & self.roster.index.meant(agenda.request.targets)
            duty = Duty(agenda, known.event, known.program, about)
            bearing = [ven for ven in vens if self._bears(ven, duty)]
            for ven in bearing:
                self._duties[ven, known.event.id, agenda.request.digest] = duty
            for debt in self._debts(duty, bearing, marks):
                self.push(debt)

    def _agendas(self, known: Known, grid: Grid) -> Iterator[Agenda]:
        yield from agendas(known.event, grid, known.seen, self._timing.terms)
        for standing in self._standing_for(known):
            yield from standing.agendas(known.event, grid, known.seen)

    def _standing_for(self, known: Known) -> list[Standing]:
        program = known.program
        names = {known.event.program_id, *([program.name] if program else ())}
        return [each for each in self._timing.standing if each.program in names]

    def _debts(
        self, duty: Duty, vens: Iterable[VenName], marks: Mapping[Mark, datetime]
    ) -> Iterator[Debt]:
        """Put together who owes alike from the same instant on."""
        alike: defaultdict[tuple[datetime, timedelta], list[VenName]] = defaultdict(list)
        for ven in vens:
            mark = marks.get(Mark(ven, duty.event.id, duty.agenda.request.digest), FIRST_INSTANT)
            alike[mark, self._timing.delay(ven)].append(ven)
        for (mark, delay), some in alike.items():
            yield Debt(duty, tuple(some), delay, mark)
