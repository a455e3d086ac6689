"""Reports as they are sent: named by us, described in full, small enough to be taken."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from ven_daemon.domain.events import Event, Payload, PayloadDescriptor, Program, ReportDescriptor
from ven_daemon.domain.ids import EventId, ProgramId, ReportId
from ven_daemon.domain.naming import NAME_BYTES
from ven_daemon.domain.reporting.measures import answered_in
from ven_daemon.domain.reporting.obligations import Obligation

AGGREGATED = "AGGREGATED_REPORT"
"""The resourceName of a sum over resources."""

PIECE_LIMIT = 10_000
"""Intervals of one POST, over all resources: about a megabyte, half of what VTNs take (T-29)."""


@dataclass(frozen=True, slots=True)
class ReportInterval:
    """What is reported of one interval. Its time is always said (T-32); `end` None is open."""

    id: int
    start: datetime
    end: datetime | None
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class ReportResource:
    """What is reported of one resource, by its name at the VTN, or of the sum of many."""

    name: str
    intervals: tuple[ReportInterval, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One report, or one piece of one that would be too large."""

    name: str
    client: str
    """clientName: the name of the VEN, which filters go by (T-35)."""
    event: EventId
    program: ProgramId
    descriptors: tuple[PayloadDescriptor, ...]
    resources: tuple[ReportResource, ...]

    @property
    def size(self) -> int:
        """How many intervals it has, over all resources."""
        return sum(len(resource.intervals) for resource in self.resources)


@dataclass(frozen=True, slots=True)
class ObservedReport:
    """A report at the VTN, by what tells it from others."""

    id: ReportId
    name: str | None
    """Not everybody's reports have one."""
    event: str
    client: str
    """clientName: as whoever sent it chose."""
    client_id: str | None = None
    """The OAuth client that it belongs to, stamped by the VTN (3.1)."""


def report_name(client: str, owed: Obligation, piece: str = "") -> str:
    """Name a report from what it is about, once and for all: the same in every attempt (T-24).

    `{venName}.{eventID}.{digest}.{k}`, and `.{piece}` where there are several. The digest
    holds VEN and event too, so that a dot in a name makes no two names one. What is too
    long loses the end of its first two parts; 128 bytes, because VTNs count bytes.
    """
    said = f"{client}\n{owed.event}\n{owed.request.digest}"
    digest = sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    tail = f".{digest}.{owed.k}" + (f".{piece}" if piece else "")
    head = f"{client}.{owed.event}".replace("\0", "").encode("utf-8", "replace")
    return head[: NAME_BYTES - len(tail)].decode("utf-8", "ignore") + tail


def described(asked: ReportDescriptor, event: Event, program: Program | None) -> PayloadDescriptor:
    """Say what the values of a report are measured in.

    As the descriptor asks, else as the event's or the program's payloadDescriptors say
    (a program that cannot be read says nothing, T-15), else as is usual for the type.
    A unit that we cannot give values in is not said: ours is.
    """
    given = [*event.payload_descriptors, *(program.payload_descriptors if program else ())]
    same = [one for one in given if one.is_report and one.payload_type == asked.payload_type]
    return PayloadDescriptor(
        asked.payload_type,
        units=answered_in(asked.payload_type, _first(asked.units, *(one.units for one in same))),
        reading_type=_first(asked.reading_type, *(one.reading_type for one in same), "DIRECT_READ"),
        accuracy=next((one.accuracy for one in same if one.accuracy is not None), None),
        confidence=next((one.confidence for one in same if one.confidence is not None), None),
        is_report=True,
    )


def pieces(report: Report, most: int = PIECE_LIMIT) -> tuple[tuple[str, Report], ...]:
    """Split by resources into pieces of at most *most* intervals, where one would be larger.

    A resource that is larger by itself is a piece of its own. Each comes with what its
    name is to be told apart by, which is nothing where it is the only one.
    """
    groups: list[list[ReportResource]] = [[]]
    size = 0
    for resource in report.resources:
        size += len(resource.intervals)
        if size > most and groups[-1]:
            groups.append([])
            size = len(resource.intervals)
        groups[-1].append(resource)
    if len(groups) == 1:
        return (("", report),)
    return tuple(
        (str(n), replace(report, resources=tuple(group))) for n, group in enumerate(groups, 1)
    )


def _first(*said: str | None) -> str | None:
    return next((one for one in said if one), None)
