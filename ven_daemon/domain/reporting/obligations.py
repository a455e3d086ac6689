"""Obligations: the reports that an event asks for, each at its instant.

A request is a group of reportDescriptors that one report answers; its agenda gives the
obligations in the order they are due. What cannot be scheduled (frequency 0, an event
without intervals, an interval without end) is reported when we see fit: first when the
event is seen, then at a pace of ours, and whenever something changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from heapq import merge
from itertools import count, takewhile

from ven_daemon.domain.events import Event, ReportDescriptor, ReportIntervals
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.registration import Target
from ven_daemon.domain.reporting.schedules import Due, Schedule, in_seconds, schedule
from ven_daemon.domain.reporting.slots import Grid, Slot

AD_HOC_PACE = timedelta(minutes=15)
"""How often what may be reported at any time is reported, and what time such a report covers."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How the reportDescriptors of one VTN are read."""

    frequency_in_seconds: bool = False
    """A quirk of some VTNs (T-30); the specification counts intervals."""
    ad_hoc_pace: timedelta = AD_HOC_PACE


@dataclass(frozen=True)
class Request:
    """Descriptors that one report answers: equal in all but what is measured."""

    descriptors: tuple[ReportDescriptor, ...]

    @cached_property
    def digest(self) -> str:
        """Tell it from every other request of its event, by content and not by order."""
        told = repr([_plain(descriptor) for descriptor in self.descriptors])
        return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()

    @property
    def targets(self) -> tuple[Target, ...]:
        """Which resources it is about; all that the event is for, where there are none."""
        return self.descriptors[0].targets

    @property
    def aggregate(self) -> bool:
        """Whether the resources are summed to one."""
        return self.descriptors[0].aggregate

    @property
    def intervals(self) -> ReportIntervals:
        """Which intervals the report shall have."""
        return self.descriptors[0].report_intervals


@dataclass(frozen=True, slots=True)
class Obligation:
    """One report that is owed."""

    event: EventId
    request: Request
    k: int
    """Its number; of an ad hoc report the second of the epoch that it was made in."""
    due: datetime
    slots: tuple[Slot, ...]
    """What it covers, with the ids that its intervals shall bear."""
    cut: bool = False
    """Whether it covers less than was asked for, by our limit."""
    late: bool = False
    """Whether it was due before the event was seen: it may have been sent in an earlier life."""

    @property
    def span(self) -> tuple[datetime, datetime | None]:
        """From when to when it covers anything: readings of that time change what it says."""
        ends = [slot.end for slot in self.slots]
        last = None if None in ends else max(end for end in ends if end)
        return min(slot.start for slot in self.slots), last


@dataclass(frozen=True)
class Agenda:
    """What one event owes for one request, to a VEN that first saw the event at `seen`.

    `scheduled` None is ad hoc. Of what was due before the event was seen, the latest
    only is owed, and at once; of an event that was over by then, nothing.
    """

    event: EventId
    request: Request
    grid: Grid
    seen: datetime
    scheduled: Schedule | None
    pace: timedelta = AD_HOC_PACE

    def after(self, instant: datetime) -> Iterator[Obligation]:
        """Give what is due after *instant*, in order and without end where the event has none."""
        return map(self._owed, self._dues(instant))

    def due_between(self, after: datetime, until: datetime) -> Iterator[Obligation]:
        """Give what is due after the one instant and no later than the other."""
        return map(self._owed, takewhile(lambda due: due.at <= until, self._dues(after)))

    def next_due(self, after: datetime) -> datetime | None:
        """Say when something is due next, if anything ever is."""
        due = next(self._dues(after), None)
        return due.at if due else None

    def ad_hoc(self, at: datetime) -> Obligation:
        """Make the report that somebody or something wants at this instant."""
        slot = self.grid.at(at)
        if slot is None or self.request.intervals is ReportIntervals.OPEN_INTERVALS:
            slot = Slot(0, 0, at - self.pace, at)
        else:
            slot = slot._replace(start=max(slot.start, at - self.pace), end=at, parts=())
        return Obligation(self.event, self.request, int(at.timestamp()), at, (slot,))

    def is_on(self, at: datetime) -> bool:
        """Whether an ad hoc report may be made at this instant."""
        begin, end = self._extent
        return begin <= at and (end is None or at < end)

    def again(self, k: int, due: datetime) -> Obligation | None:
        """Give a report that was owed before, by its number; None where it no longer would be."""
        if self.scheduled is not None and k >= self.scheduled.count:
            return None
        return self._owed(Due(due, k))

    def _owed(self, due: Due) -> Obligation:
        if self.scheduled is None:
            return self.ad_hoc(due.at)
        slots = _shown(self.scheduled.covers(due.k), self.request.intervals)
        late = self.scheduled.due(due.k) != due.at
        return Obligation(self.event, self.request, due.k, due.at, slots, self.scheduled.cut, late)

    def _dues(self, instant: datetime) -> Iterator[Due]:
        if self.scheduled is None:
            yield from (Due(at, 0) for at in self._paced(instant))
            return
        if self.seen > instant and not self._over(self.seen):
            late = self.scheduled.latest(self.seen)
            if late:
                yield Due(self.seen, late.k)
        yield from self.scheduled.after(max(instant, self.seen))

    def _paced(self, instant: datetime) -> Iterator[datetime]:
        """Give the instants of ad hoc reports: when the event was seen or begins, then paced.

        An event without any extent is alive until it is deleted (User Guide 8.6).
        """
        begin, end = self._extent
        for n in count(max(0, -((begin - instant) // self.pace))):
            at = begin + n * self.pace
            if end is not None and at >= end:
                return
            if at > instant:
                yield at

    @property
    def _extent(self) -> tuple[datetime, datetime | None]:
        """From when to when something may be reported at any time."""
        if self.grid.count and not self._momentary:
            return max(self.seen, self.grid.begin), self.grid.end
        return self.seen, None

    @property
    def _momentary(self) -> bool:
        return self.grid.end is not None and self.grid.end <= self.grid.begin

    def _over(self, at: datetime) -> bool:
        return self.grid.end is not None and self.grid.end < at


def agendas(
    event: Event, grid: Grid, seen: datetime, terms: Terms | None = None
) -> tuple[Agenda, ...]:
    """Give an agenda for each report that *event* asks for."""
    terms = terms or Terms()
    return tuple(
        Agenda(event.id, request, grid, seen, _scheduled(request, grid, terms), terms.ad_hoc_pace)
        for request in requests(event.report_descriptors)
    )


def requests(descriptors: Iterable[ReportDescriptor]) -> tuple[Request, ...]:
    """Group what one report can answer: equal but for what is measured.

    Two descriptors of one payload type are two reports, for the payloads of a report
    could not be told apart (User Guide 8.10.1). The order of the descriptors is nothing.
    """
    groups: list[list[ReportDescriptor]] = []
    for descriptor in sorted(set(descriptors), key=_plain):
        for group in groups:
            kinds = {member.payload_type for member in group}
            if _timing(group[0]) == _timing(descriptor) and descriptor.payload_type not in kinds:
                group.append(descriptor)
                break
        else:
            groups.append([descriptor])
    return tuple(Request(tuple(group)) for group in groups)


def due_between(
    agendas: Iterable[Agenda], after: datetime, until: datetime
) -> Iterator[Obligation]:
    """Merge the obligations of many agendas, in the order they are due."""
    return merge(*(agenda.due_between(after, until) for agenda in agendas), key=lambda o: o.due)


def _scheduled(request: Request, grid: Grid, terms: Terms) -> Schedule | None:
    descriptor = request.descriptors[0]
    if descriptor.frequency == 0 or not grid.count:
        return None
    if terms.frequency_in_seconds and descriptor.frequency > 0:
        return in_seconds(descriptor, grid)
    read = schedule(descriptor, grid)
    return read if read.count == 0 or read.due(0) is not None else None


def _shown(slots: Sequence[Slot], how: ReportIntervals) -> tuple[Slot, ...]:
    match how:
        case ReportIntervals.INTERVALS:
            return tuple(slots)
        case ReportIntervals.SUB_INTERVALS:
            return tuple(part for slot in slots for part in _parts(slot))
        case ReportIntervals.OPEN_INTERVALS:
            return tuple(slot._replace(id=n) for n, slot in enumerate(slots))


def _parts(slot: Slot) -> Iterator[Slot]:
    if not slot.parts:
        yield slot
    for start, end in slot.parts:
        yield slot._replace(start=start, end=end, parts=())


def _timing(descriptor: ReportDescriptor) -> ReportDescriptor:
    return replace(descriptor, payload_type="", reading_type=None, units=None)


def _plain(descriptor: ReportDescriptor) -> tuple[str, ...]:
    """Spell a descriptor; names of reports hang on it, so it is spelled the same for ever."""
    return (
        descriptor.payload_type,
        *(descriptor.reading_type or "", descriptor.units or ""),
        *(f"{target.kind or ''}={target.value}" for target in sorted(descriptor.targets, key=repr)),
        *map(str, (int(descriptor.aggregate), descriptor.start_interval)),
        *map(str, (descriptor.num_intervals, int(descriptor.historical), descriptor.frequency)),
        *map(str, (descriptor.repeat, descriptor.report_intervals.value)),
    )
