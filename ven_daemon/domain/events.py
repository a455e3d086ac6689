"""Programs and events as read: what the VTN says, not yet placed in time (`domain.timeline`).

Dialects differ in spelling only. The sentinel starts `0001-01-01` and `0000-00-00` and
an absent start are all None here (T-02); what None means is the timeline's to say.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.durations import Duration
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.registration import Target


class Dialect(StrEnum):
    """Which OpenADR an event was read from, where it means another time by the same words."""

    V3_1 = "3.1"
    V3_0 = "3.0"


class Payload(NamedTuple):
    """One valuesMap of an interval: what is asked for, in the order it was sent."""

    type: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IntervalPeriod:
    """When something is: parts that are absent, null or a sentinel are None."""

    start: datetime | None = None
    duration: Duration | None = None
    randomize_start: Duration | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval; its place in the list defines the sequence, not its id."""

    id: int
    period: IntervalPeriod | None = None
    payloads: tuple[Payload, ...] = ()


@dataclass(frozen=True, slots=True)
class PayloadDescriptor:
    """What the values of a payload type are measured in."""

    payload_type: str
    units: str | None = None
    currency: str | None = None
    reading_type: str | None = None
    accuracy: float | None = None
    confidence: int | None = None
    is_report: bool = False
    """Whether it is a reportPayloadDescriptor (programs may carry both kinds)."""


class ReportIntervals(StrEnum):
    """Which intervals a report shall have (3.1)."""

    INTERVALS = "INTERVALS"
    SUB_INTERVALS = "SUB_INTERVALS"
    OPEN_INTERVALS = "OPEN_INTERVALS"


@dataclass(frozen=True, slots=True)
class ReportDescriptor:
    """A report that an event asks for; the defaults are the specification's (Y31 L2292)."""

    payload_type: str
    reading_type: str | None = None
    units: str | None = None
    targets: tuple[Target, ...] = ()
    aggregate: bool = False
    start_interval: int = -1
    num_intervals: int = -1
    historical: bool = True
    frequency: int = -1
    repeat: int = 1
    report_intervals: ReportIntervals = ReportIntervals.INTERVALS


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the VTN shows it to one of its readers.

    `priority` None is the lowest, 0 the highest (T-43). `targets` are those that this
    reader may see (target hiding), so the same event may differ between VENs (T-37).
    """

    id: EventId
    program_id: ProgramId
    name: str | None = None
    priority: int | None = None
    created: datetime | None = None
    modified: datetime | None = None
    targets: tuple[Target, ...] = ()
    period: IntervalPeriod | None = None
    duration: Duration | None = None
    """3.1: truncates or loops the intervals; None and zero are unset (T-18)."""
    intervals: tuple[Interval, ...] = ()
    payload_descriptors: tuple[PayloadDescriptor, ...] = ()
    report_descriptors: tuple[ReportDescriptor, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """One program: defaults for its events, and who it is for."""

    id: ProgramId
    name: str
    targets: tuple[Target, ...] = ()
    period: IntervalPeriod | None = None
    payload_descriptors: tuple[PayloadDescriptor, ...] = ()
    attributes: tuple[Payload, ...] = field(default=())
    """3.1 attributes; 3.0.1's fields under the names that 3.1 gave them (PROGRAM_TYPE, …)."""
