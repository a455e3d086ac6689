"""Filling a report: for every resource and slot, what was asked for and how sure it is."""

from collections.abc import Sequence
from typing import NamedTuple

from ven_daemon.domain.events import Event, Payload, PayloadDescriptor, Program
from ven_daemon.domain.ids import ResourceName
from ven_daemon.domain.readings import Quality
from ven_daemon.domain.reporting.measures import Ask, Measure, Subject, ask, measure, summed
from ven_daemon.domain.reporting.obligations import Obligation
from ven_daemon.domain.reporting.reports import (
    AGGREGATED,
    Report,
    ReportInterval,
    ReportResource,
    described,
    report_name,
)
from ven_daemon.domain.reporting.slots import Slot

DATA_QUALITY = "DATA_QUALITY"

NEVER_NEGATIVE = frozenset({"USAGE", "DEMAND"})
"""Types whose schema has no room for a net export (T-10)."""


class Member(NamedTuple):
    """One resource of a report."""

    name: ResourceName
    subject: Subject


class Wish(NamedTuple):
    """What is to be filled in: an obligation of one VEN, and where its defaults are."""

    owed: Obligation
    event: Event
    program: Program | None
    client: str
    """The VEN's name at the VTN."""
    signed: bool = False
    """Whether USAGE and DEMAND may be negative, for programs that agreed on it (T-10)."""


def fill(wish: Wish, members: Sequence[Member]) -> Report:
    """Make the report that is owed, whole; `reports.pieces` cuts it to size.

    What is missing is said to be missing, and is no reason to be silent (T-33).
    """
    asked = [d for d in wish.owed.request.descriptors if d.payload_type != DATA_QUALITY]
    descriptors = tuple(described(each, wish.event, wish.program) for each in asked)
    questions = [
        [
            ask(each, slot, said.units, said.reading_type)
            for each, said in zip(asked, descriptors, strict=True)
        ]
        for slot in wish.owed.slots
    ]
    if wish.owed.request.aggregate:
        said = {ResourceName(AGGREGATED): _together(members, questions, descriptors)}
    else:
        said = {member.name: _answers(member, questions) for member in members}
    return Report(
        report_name(wish.client, wish.owed),
        wish.client,
        wish.event.id,
        wish.event.program_id,
        descriptors,
        tuple(
            ReportResource(name, _intervals(wish, descriptors, answers))
            for name, answers in said.items()
        ),
    )


def _answers(member: Member, questions: Sequence[Sequence[Ask]]) -> list[list[Measure]]:
    return [[measure(member.subject, each) for each in row] for row in questions]


def _together(
    members: Sequence[Member],
    questions: Sequence[Sequence[Ask]],
    descriptors: Sequence[PayloadDescriptor],
) -> list[list[Measure]]:
    """Sum over the members, question by question; stores weigh by what they hold."""
    weights = [member.subject.capacities.get("E_max_kwh", 0.0) for member in members]
    answers = [_answers(member, questions) for member in members]
    return [
        [
            summed([answer[row][column] for answer in answers], said.units, weights)
            for column, said in enumerate(descriptors)
        ]
        for row in range(len(questions))
    ]


def _intervals(
    wish: Wish, descriptors: Sequence[PayloadDescriptor], answers: Sequence[Sequence[Measure]]
) -> tuple[ReportInterval, ...]:
    kinds = [said.payload_type for said in descriptors]
    return tuple(
        interval
        for slot, measures in zip(wish.owed.slots, answers, strict=True)
        for interval in _interval(slot, kinds, measures, signed=wish.signed)
    )


def _interval(
    slot: Slot, kinds: Sequence[str], measures: Sequence[Measure], *, signed: bool
) -> list[ReportInterval]:
    """Write one slot; DATA_QUALITY stands beside one value only (User Guide 7.8).

    Several types that are all as they should be share an interval and need no word of
    it; else each has an interval of its own, of the same id and time.
    """
    payloads = [
        _payload(kind, one, signed=signed) for kind, one in zip(kinds, measures, strict=True)
    ]
    if len(kinds) != 1 and all(one.quality is Quality.OK for one in measures):
        return [ReportInterval(slot.id, slot.start, slot.end, tuple(payloads))]
    return [
        ReportInterval(
            slot.id, slot.start, slot.end, (payload, Payload(DATA_QUALITY, (one.quality.value,)))
        )
        for payload, one in zip(payloads, measures, strict=True)
    ]


def _payload(kind: str, one: Measure, *, signed: bool) -> Payload:
    """Write a value; what is missing has none, not a zero that could be taken for one."""
    if one.value is None:
        return Payload(kind, ())
    if isinstance(one.value, float) and kind in NEVER_NEGATIVE and not signed:
        return Payload(kind, (max(0.0, one.value),))
    return Payload(kind, (one.value,))
