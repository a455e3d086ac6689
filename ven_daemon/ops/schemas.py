"""What the operator API answers with, as JSON Schema; more members may be added to each."""

from typing import Any

from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.runtime.fleet_view import STATES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}


def shape(**members: Schema) -> Schema:
    """Describe an object whose members are all there."""
    return {"type": "object", "required": [*members], "properties": members}


def and_perhaps(described: Schema, **members: Schema) -> Schema:
    """Describe an object that may have these members, too."""
    return {**described, "properties": {**described["properties"], **members}}


def listing(of: Schema) -> Schema:
    """Describe an array."""
    return {"type": "array", "items": of}


def maybe(schema: Schema) -> Schema:
    """Describe what may be null."""
    return {"oneOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """Refer to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_FAILURE = shape(resource=maybe(TEXT), reason=TEXT)
_COUNTS = shape(**dict.fromkeys((*STATES, "resources", "resources_registered", "skipped"), COUNT))
_VTN = shape(
    url=maybe(TEXT),
    profile=maybe(TEXT),
    answered=FLAG,
    circuit={"enum": ["open", "closed"]},
    requests=COUNT,
    writes=COUNT,
    in_flight_limit=COUNT,
)

DISPATCH_STATES = ["scheduled", "applied", "released", "cancelled", "failed", "expired"]

REPORT_STATES = [state.value for state in State]
_REPORT = {
    "name": TEXT,
    "ven": TEXT,
    "event": TEXT,
    "type": TEXT,
    "start": INSTANT,
    "end": maybe(INSTANT),
    "state": {"enum": REPORT_STATES},
    "attempts": COUNT,
    "reason": maybe(TEXT),
    "id": maybe(TEXT),
}

_FATES = ("accepted", "reported", "queued", "quarantined", "trimmed")
_OUTBOX = shape(
    **dict.fromkeys(_FATES, COUNT),
    missing={"type": "integer"},
    size_refused_bytes=maybe(COUNT),
    size_refused_until=maybe(INSTANT),
)

SCHEMAS: dict[str, Schema] = {
    "Reports": shape(reports=listing(shape(**_REPORT)), before=maybe(TEXT)),
    "Report": shape(**_REPORT, body={"type": "object"}),
    "ReportStands": shape(name=TEXT, state={"enum": REPORT_STATES}),
    "Discarded": shape(discarded=TEXT),
    "Document": shape(openapi=TEXT, info={"type": "object"}, paths={"type": "object"}),
    "Problem": shape(title=TEXT, status=COUNT, detail=TEXT),
    "Alive": shape(alive=FLAG),
    "Readiness": shape(ready=FLAG, concerns={"type": "object", "additionalProperties": TEXT}),
    "Loop": shape(
        name=TEXT,
        runs=COUNT,
        failures=COUNT,
        failures_in_a_row=COUNT,
        running_since=maybe(INSTANT),
        last_success=maybe(INSTANT),
        last_seconds=maybe(NUMBER),
        last_error=maybe(TEXT),
        last_error_at=maybe(INSTANT),
        next_run=maybe(INSTANT),
    ),
    "Loops": shape(loops=listing(ref("Loop"))),
    "Status": and_perhaps(
        shape(
            version=TEXT,
            started_at=INSTANT,
            now=INSTANT,
            ready=FLAG,
            concerns={"type": "object", "additionalProperties": TEXT},
            fleet=_COUNTS,
            vtn=_VTN,
            loops=listing(ref("Loop")),
            event_loop_worst_stall_seconds=NUMBER,
        ),
        reports=_OUTBOX,
    ),
    "Ven": shape(
        ven=TEXT,
        state={"enum": list(STATES)},
        resources=COUNT,
        registered=COUNT,
        failures=listing(_FAILURE),
        at=INSTANT,
    ),
    "VenPage": shape(total=COUNT, vens=listing(ref("Ven"))),
    "VenWithResources": {
        "allOf": [
            ref("Ven"),
            shape(
                at_the_vtn=listing(
                    shape(
                        name=TEXT,
                        resource_id=TEXT,
                        id=maybe(TEXT),
                        status=TEXT,
                        error=maybe(TEXT),
                    )
                )
            ),
        ]
    },
    "Failures": shape(
        failures=listing(shape(ven=TEXT, resource=maybe(TEXT), reason=TEXT, at=INSTANT))
    ),
    "Configuration": {"type": "object", "description": "Settings by name, secrets masked."},
    "Asked": shape(asked=TEXT),
    "Paused": shape(paused=TEXT),
    "Resumed": shape(resumed=TEXT),
    "Reading": {
        "type": "object",
        "required": ["resource_id", "quantity", "value", "at"],
        "properties": {
            "resource_id": TEXT,
            "quantity": {"enum": [quantity.value for quantity in Quantity]},
            "value": {"type": ["number", "string"]},
            "at": {"type": ["string", "number"]},
            "quality": {"enum": [quality.value for quality in Quality], "default": "OK"},
        },
    },
    "Taken": shape(accepted=COUNT, rejected=listing(shape(index=COUNT, reason=TEXT))),
    "Events": shape(
        events=listing(
            shape(
                id=TEXT,
                name=maybe(TEXT),
                program=maybe(TEXT),
                priority=maybe(COUNT),
                status={"enum": ["pending", "active", "completed", "cancelled", "unreadable"]},
                reason=maybe(TEXT),
                randomize_start=maybe(TEXT),
                windows=listing(
                    shape(
                        interval=maybe({"type": "integer"}),
                        start=INSTANT,
                        end=maybe(INSTANT),
                        nominal_start=INSTANT,
                        payloads=listing(shape(type=TEXT, values={"type": "array"})),
                    )
                ),
                truncated=FLAG,
            )
        ),
        known=COUNT,
        truncated=FLAG,
    ),
    "Dispatches": shape(
        dispatches=listing(
            shape(
                ven=TEXT,
                resource=TEXT,
                event=TEXT,
                type=TEXT,
                values={"type": "array"},
                kw=maybe(NUMBER),
                start=INSTANT,
                end=maybe(INSTANT),
                state={"enum": DISPATCH_STATES},
                sink=maybe(TEXT),
                reason=maybe(TEXT),
            )
        ),
        truncated=FLAG,
    ),
    "OptOutWish": {
        "type": "object",
        "required": ["ven"],
        "properties": dict.fromkeys(
            ("ven", "resource", "event", "from", "until", "weekly", "zone", "reason"), maybe(TEXT)
        ),
    },
    "OptOut": shape(
        id=TEXT, ven=TEXT, resource=maybe(TEXT), resource_id=maybe(TEXT), event=maybe(TEXT)
    ),
    "OptOuts": shape(opt_outs=listing(ref("OptOut"))),
    "Ended": shape(ended=TEXT),
}
