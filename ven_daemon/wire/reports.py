"""Reports, as both dialects write them: with every start and duration said (T-32)."""

from collections.abc import Iterable
from datetime import datetime

from ven_daemon.domain.durations import Duration, parse_duration
from ven_daemon.domain.events import Payload, PayloadDescriptor
from ven_daemon.domain.ids import EventId, ProgramId, ReportId
from ven_daemon.domain.instants import format_instant, parse_instant
from ven_daemon.domain.reporting.reports import (
    ObservedReport,
    Report,
    ReportInterval,
    ReportResource,
)
from ven_daemon.wire import common, events
from ven_daemon.wire.common import Shape
from ven_daemon.wire.profile import WireError


def write_report(report: Report) -> Shape:
    """Give the members that the dialects share."""
    return {
        "eventID": report.event,
        "clientName": report.client,
        "reportName": report.name,
        "payloadDescriptors": [_write_descriptor(each) for each in report.descriptors] or None,
        "resources": [_write_resource(each) for each in report.resources],
    }


def read_report(shape: Shape) -> Report:
    """Read one that we wrote, whole: what was too large is halved after a restart, too."""
    return Report(
        common.text(shape, "reportName"),
        common.text(shape, "clientName"),
        EventId(common.identifier(shape, "eventID")),
        ProgramId(common.optional_text(shape, "programID") or ""),
        tuple(map(_read_descriptor, common.elements(shape, "payloadDescriptors"))),
        tuple(map(_read_resource, common.elements(shape, "resources"))),
    )


def read_observed(shape: Shape) -> ObservedReport:
    """Read what tells a report from others; what it reports is passed over."""
    return ObservedReport(
        ReportId(common.identifier(shape, "id")),
        common.optional_text(shape, "reportName"),
        common.text(shape, "eventID"),
        common.optional_text(shape, "clientName") or "",
        common.optional_text(shape, "clientID"),
    )


def _write_descriptor(said: PayloadDescriptor) -> Shape:
    shape = {
        "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
        "payloadType": said.payload_type,
        "readingType": said.reading_type,
        "units": said.units,
        "accuracy": said.accuracy,
        "confidence": said.confidence,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _write_resource(resource: ReportResource) -> Shape:
    return {
        "resourceName": resource.name,
        "intervals": [_write_interval(each) for each in resource.intervals],
    }


def _write_interval(interval: ReportInterval) -> Shape:
    period = {"start": format_instant(interval.start)}
    if interval.end is not None:
        period["duration"] = str(Duration(length=interval.end - interval.start))
    payloads = [{"type": each.type, "values": each.values} for each in interval.payloads]
    return {"id": interval.id, "intervalPeriod": period, "payloads": payloads}


def _read_descriptor(shape: object) -> PayloadDescriptor:
    shape = common.as_object(shape)
    return PayloadDescriptor(
        common.text(shape, "payloadType"),
        common.optional_text(shape, "units"),
        reading_type=common.optional_text(shape, "readingType"),
        accuracy=shape.get("accuracy"),
        confidence=shape.get("confidence"),
        is_report=True,
    )


def _read_resource(shape: object) -> ReportResource:
    shape = common.as_object(shape)
    intervals = common.elements(shape, "intervals")
    return ReportResource(common.text(shape, "resourceName"), tuple(map(_read_interval, intervals)))


def _read_interval(shape: object) -> ReportInterval:
    shape = common.as_object(shape)
    period = common.as_object(shape.get("intervalPeriod"))
    start = _instant(common.text(period, "start"))
    duration = common.optional_text(period, "duration")
    end = parse_duration(duration).after(start) if duration else None
    return ReportInterval(_whole(shape, "id"), start, end, _payloads(shape))


def _payloads(shape: Shape) -> tuple[Payload, ...]:
    found: Iterable[object] = common.elements(shape, "payloads")
    return tuple(map(events.payload, found))


def _instant(text: str) -> datetime:
    instant = parse_instant(text)
    if instant is None:
        raise WireError("intervalPeriod.start: an instant was expected")
    return instant


def _whole(shape: Shape, name: str) -> int:
    value = shape.get(name)
    if type(value) is not int:
        raise WireError(f"{name}: a whole number was expected")
    return value
