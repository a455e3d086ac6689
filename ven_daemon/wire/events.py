"""Programs and events, as both dialects write them; what each spells its own way is passed in.

We are liberal in what we accept (T-01, T-08, T-44): unknown members, missing arrays and
null are borne, names of descriptors are read in any case, and either spelling of targets
in either dialect. What would make us act wrongly, such as a start that is no instant,
makes that event unreadable, with a reason that names the place.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ven_daemon.domain.durations import Duration, parse_duration
from ven_daemon.domain.events import (
    Event,
    Interval,
    IntervalPeriod,
    Payload,
    PayloadDescriptor,
    Program,
    ReportDescriptor,
    ReportIntervals,
)
from ven_daemon.domain.ids import EventId, ProgramId
from ven_daemon.domain.instants import parse_instant
from ven_daemon.domain.registration import Target
from ven_daemon.wire import common
from ven_daemon.wire.common import Shape
from ven_daemon.wire.profile import WireError

PRIORITY_MOST = 2**63 - 1


def read_event(shape: Shape, intervals_most: int) -> Event:
    """Read one event of no more than so many intervals."""
    listed = common.elements(shape, "intervals")
    if len(listed) > intervals_most:
        raise WireError(f"intervals: {len(listed)} are more than {intervals_most}")
    return Event(
        id=EventId(common.identifier(shape, "id")),
        program_id=ProgramId(common.identifier(shape, "programID")),
        name=common.optional_text(shape, "eventName"),
        priority=_priority(shape),
        created=timestamp(shape, "createdDateTime"),
        modified=timestamp(shape, "modificationDateTime"),
        targets=targets(shape),
        period=_period(shape),
        duration=_duration(shape, "duration"),
        intervals=tuple([_interval(each, index) for index, each in enumerate(listed)]),
        payload_descriptors=_payload_descriptors(shape),
        report_descriptors=tuple(
            [_report_descriptor(each) for each in common.elements(shape, "reportDescriptors")]
        ),
    )


def read_program(shape: Shape, attributes: Callable[[Shape], Iterable[Payload]]) -> Program:
    """Read one program; its *attributes* stand elsewhere in each dialect."""
    return Program(
        id=ProgramId(common.identifier(shape, "id")),
        name=common.text(shape, "programName"),
        targets=targets(shape),
        period=_period(shape),
        payload_descriptors=_payload_descriptors(shape),
        attributes=tuple(attributes(shape)),
    )


def payload(shape: object) -> Payload:
    """Read one valuesMap."""
    shape = common.as_object(shape)
    return Payload(common.text(shape, "type"), common.values(shape))


def targets(shape: Shape) -> tuple[Target, ...]:
    """Read targets: strings as in 3.1, valuesMaps as in 3.0.1.

    One that names nobody is refused: without it the event would mean everybody.
    """
    found: list[Target] = []
    for each in common.elements(shape, "targets"):
        if isinstance(each, dict):
            kind = common.text(each, "type")
            values = common.elements(each, "values")
            found.extend(Target(_target(value), kind) for value in values)
            if not values:
                raise WireError("targets: one has no values")
        else:
            found.append(Target(_target(each)))
    return tuple(found)


def timestamp(shape: Shape, name: str) -> datetime | None:
    """Take when an object was made or changed, where that can be read (T-02, T-08)."""
    value = shape.get(name)
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _target(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise WireError("targets: a string was expected")


def _priority(shape: Shape) -> int | None:
    """Take the priority: 0 is the highest and no null (T-43)."""
    value = shape.get("priority")
    if value is None:
        return None
    number = whole(value)
    if number is None or abs(number) > PRIORITY_MOST:
        raise WireError("priority: a whole number was expected")
    return number


def whole(value: object) -> int | None:
    """Take a whole number, however it is written; None is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _interval(found: object, index: int) -> Interval:
    shape = common.as_object(found)
    number = shape.get("id")
    id_ = index if number is None else whole(number)
    if id_ is None:
        raise WireError("intervals.id: a whole number was expected")
    payloads = tuple([payload(each) for each in common.elements(shape, "payloads")])
    return Interval(id_, _period(shape), payloads)


def _period(shape: Shape) -> IntervalPeriod | None:
    found = shape.get("intervalPeriod")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise WireError("intervalPeriod: an object was expected")
    return IntervalPeriod(
        _start(found), _duration(found, "duration"), _duration(found, "randomizeStart")
    )


def _start(shape: Shape) -> datetime | None:
    value = shape.get("start")
    if value is None:
        return None
    try:
        return parse_instant(value if isinstance(value, str) else "")
    except ValueError as error:
        raise WireError("intervalPeriod.start: an instant was expected") from error


def _duration(shape: Shape, name: str) -> Duration | None:
    value = shape.get(name)
    if value is None:
        return None
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError as error:
        raise WireError(f"{name}: a duration was expected") from error


def _payload_descriptors(shape: Shape) -> tuple[PayloadDescriptor, ...]:
    return tuple([_payload_descriptor(e) for e in common.elements(shape, "payloadDescriptors")])


def _payload_descriptor(found: object) -> PayloadDescriptor:
    """Read one of either kind; incoming ones may not say which they are (T-05)."""
    shape = _any_case(found)
    reading_type = common.optional_text(shape, "readingtype")
    kind = shape.get("objecttype")
    accuracy = shape.get("accuracy")
    is_number = isinstance(accuracy, int | float) and not isinstance(accuracy, bool)
    return PayloadDescriptor(
        _payload_type(shape),
        common.optional_text(shape, "units"),
        common.optional_text(shape, "currency"),
        reading_type,
        float(accuracy) if is_number else None,  # type: ignore[arg-type] # it is one
        whole(shape.get("confidence")),
        kind == "REPORT_PAYLOAD_DESCRIPTOR" if isinstance(kind, str) else reading_type is not None,
    )


def _report_descriptor(found: object) -> ReportDescriptor:
    """Read one; what is absent, null or no number is the specification's default."""
    shape = _any_case(found)
    intervals = shape.get("reportintervals")
    known = isinstance(intervals, str) and intervals in ReportIntervals.__members__
    return ReportDescriptor(
        payload_type=_payload_type(shape),
        reading_type=common.optional_text(shape, "readingtype"),
        units=common.optional_text(shape, "units"),
        targets=targets(shape),
        aggregate=shape.get("aggregate") is True,
        start_interval=_number(shape, "startinterval", -1),
        num_intervals=_number(shape, "numintervals", -1),
        historical=shape.get("historical") is not False,
        frequency=_number(shape, "frequency", -1),
        repeat=_number(shape, "repeat", 1),
        report_intervals=ReportIntervals[str(intervals)] if known else ReportIntervals.INTERVALS,
    )


def _any_case(found: object) -> Shape:
    """Take a descriptor, whose names the User Guide itself writes as it likes (T-08)."""
    return {name.lower(): value for name, value in common.as_object(found).items()}


def _payload_type(shape: Shape) -> str:
    value = common.optional_text(shape, "payloadtype")
    if value is None:
        raise WireError("payloadType: a string was expected")
    return value


def _number(shape: dict[str, Any], name: str, default: int) -> int:
    number = whole(shape.get(name))
    return default if number is None else number
