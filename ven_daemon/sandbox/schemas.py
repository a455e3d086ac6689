"""What programs, events, reports and subscriptions hold in 3.1 and in 3.0.1.

Targets are missing here: whose they are to write, and how they look, is the profile's to say.
"""

from dataclasses import dataclass

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.shape import Reader, Shape, every, flag, number, text, whole, word
from ven_daemon.sandbox.timing import date_time, duration

_PAYLOADS = every(fields.values_map)
_URL = text(2, 8000)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The shapes of one version."""

    program: Shape
    event: Shape
    report: Shape
    subscription: Shape


def _period(*, start_required: bool) -> Shape:
    start: dict[str, Reader] = {"start": date_time}
    lengths: dict[str, Reader] = {"duration": duration, "randomizeStart": duration}
    return Shape(start, lengths) if start_required else Shape({}, {**start, **lengths})


def _interval(period: Shape) -> Shape:
    return Shape({"id": whole(), "payloads": _PAYLOADS}, {"intervalPeriod": period})


_PERIOD_31, _PERIOD_30 = _period(start_required=False), _period(start_required=True)
_TYPED: dict[str, Reader] = {"payloadType": fields.sized}


def _descriptor(kind: str, more: dict[str, Reader]) -> tuple[Shape, Shape]:
    """Make the two shapes of a payloadDescriptor: 3.1 wants an objectType, and units in bounds."""
    kinds: dict[str, Reader] = {"objectType": word(kind)}
    loose = Shape(_TYPED, {**kinds, "units": text(), **more})
    return Shape({**kinds, **_TYPED}, {**loose.optional, "units": fields.sized}), loose


_CURRENCY: dict[str, Reader] = {"currency": text()}
_QUALITY: dict[str, Reader] = {"accuracy": number, "confidence": whole(0, 100)}
_EVENT_PAYLOAD_31, _EVENT_PAYLOAD_30 = _descriptor("EVENT_PAYLOAD_DESCRIPTOR", _CURRENCY)
_REPORT_PAYLOAD_31, _ = _descriptor(
    "REPORT_PAYLOAD_DESCRIPTOR", {"readingType": fields.sized, **_QUALITY}
)
_, _REPORT_PAYLOAD_30 = _descriptor(
    "REPORT_PAYLOAD_DESCRIPTOR", {"readingType": text(), **_QUALITY}
)
_EITHER_30 = Shape(_TYPED, {**_EVENT_PAYLOAD_30.optional, **_REPORT_PAYLOAD_30.optional})


def _either(event: Shape, report: Shape, otherwise: Shape | None) -> Reader:
    """Read a descriptor of a program, which goes by its objectType."""
    shapes = {"EVENT_PAYLOAD_DESCRIPTOR": event, "REPORT_PAYLOAD_DESCRIPTOR": report}
    known = word(*shapes)

    def read(value: object, member: str) -> object:
        kind = value.get("objectType") if isinstance(value, dict) else None
        if kind is None:
            return (otherwise or event)(value, member)
        return shapes[known(kind, "objectType")](value, member)

    return read


_SCHEDULE = {
    "aggregate": flag,
    "startInterval": whole(),
    "numIntervals": whole(),
    "historical": flag,
    "frequency": whole(),
    "repeat": whole(),
}
_SCHEDULE_DEFAULTS = {
    "aggregate": False,
    "startInterval": -1,
    "numIntervals": -1,
    "historical": True,
    "frequency": -1,
    "repeat": 1,
}
_REPORT_DESCRIPTOR_30 = Shape(
    _TYPED,
    {"readingType": text(), "units": text(), "targets": _PAYLOADS, **_SCHEDULE},
    _SCHEDULE_DEFAULTS,
)
_REPORT_DESCRIPTOR_31 = Shape(
    _TYPED,
    {
        "readingType": fields.sized,
        "units": fields.sized,
        "targets": every(fields.identifier),
        **_SCHEDULE,
        "reportIntervals": word("INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"),
    },
    {**_SCHEDULE_DEFAULTS, "reportIntervals": "INTERVALS"},
)

_PROGRAM_31 = Shape(
    {"programName": fields.sized},
    {
        "intervalPeriod": _PERIOD_31,
        "programDescriptions": every(Shape({"URL": _URL})),
        "payloadDescriptors": every(_either(_EVENT_PAYLOAD_31, _REPORT_PAYLOAD_31, None)),
        "attributes": _PAYLOADS,
    },
)
_PROGRAM_30 = Shape(
    {"programName": fields.sized},
    {
        "programLongName": text(),
        "retailerName": text(),
        "retailerLongName": text(),
        "programType": text(),
        "country": text(),
        "principalSubdivision": text(),
        "timeZoneOffset": duration,
        "intervalPeriod": _PERIOD_30,
        "programDescriptions": every(Shape({"URL": text()})),
        "bindingEvents": flag,
        "localPrice": flag,
        "payloadDescriptors": every(_either(_EVENT_PAYLOAD_30, _REPORT_PAYLOAD_30, _EITHER_30)),
    },
)
_EVENT_31 = Shape(
    {"programID": fields.identifier},
    {
        "eventName": text(),
        "duration": duration,
        "priority": whole(0, None),
        "reportDescriptors": every(_REPORT_DESCRIPTOR_31),
        "payloadDescriptors": every(_EVENT_PAYLOAD_31),
        "intervalPeriod": _PERIOD_31,
        "intervals": every(_interval(_PERIOD_31)),
    },
    {"priority": None},
)
_EVENT_30 = Shape(
    {"programID": fields.identifier, "intervals": every(_interval(_PERIOD_30))},
    {
        "eventName": text(),
        "priority": whole(0, None),
        "reportDescriptors": every(_REPORT_DESCRIPTOR_30),
        "payloadDescriptors": every(_EVENT_PAYLOAD_30),
        "intervalPeriod": _PERIOD_30,
    },
    {"priority": None},
)


def _report(period: Shape, descriptor: Shape, more: dict[str, Reader]) -> Shape:
    resource = Shape(
        {"resourceName": fields.sized, "intervals": every(_interval(period))},
        {"intervalPeriod": period},
    )
    return Shape(
        {
            **more,
            "eventID": fields.identifier,
            "clientName": fields.sized,
            "resources": every(resource),
        },
        {"reportName": text(), "payloadDescriptors": every(descriptor)},
    )


_PROGRAM_ID: dict[str, Reader] = {"programID": fields.identifier}
_REPORT_31 = _report(_PERIOD_31, _REPORT_PAYLOAD_31, {})
_REPORT_30 = _report(_PERIOD_30, _REPORT_PAYLOAD_30, _PROGRAM_ID)

OBJECT_TYPES = word("PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE")


def _operations(url: Reader) -> Shape:
    return Shape(
        {
            "objects": every(OBJECT_TYPES),
            "operations": every(word("READ", "CREATE", "UPDATE", "DELETE")),
            "callbackUrl": url,
        },
        {"bearerToken": text()},
    )


_SUBSCRIPTION_31 = Shape(
    {"clientName": fields.sized, "objectOperations": every(_operations(_URL))}, _PROGRAM_ID
)
_SUBSCRIPTION_30 = Shape(
    {"clientName": fields.sized, **_PROGRAM_ID, "objectOperations": every(_operations(text()))}
)

V31 = Schemas(_PROGRAM_31, _EVENT_31, _REPORT_31, _SUBSCRIPTION_31)
V30 = Schemas(_PROGRAM_30, _EVENT_30, _REPORT_30, _SUBSCRIPTION_30)
