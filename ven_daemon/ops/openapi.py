"""The operator API, described: every path, what it takes, and what each status answers."""

from importlib.metadata import version
from typing import Any

from ven_daemon.ops.schemas import COUNT, INSTANT, REPORT_STATES, SCHEMAS, TEXT, Schema, ref
from ven_daemon.runtime.fleet_view import STATES

_JSON = "application/json"

Operation = dict[str, Any]


def _answer(words: str, schema: str) -> Schema:
    return {"description": words, "content": {_JSON: {"schema": ref(schema)}}}


def _operation(
    summary: str,
    answers: dict[int, Schema],
    *parameters: Schema,
    body: Schema | None = None,
    missing: str | None = None,
) -> Operation:
    """Describe one method; what every one may answer is put beside its own *answers*."""
    responses = {**answers, 401: _answer("The token is missing or wrong.", "Problem")}
    responses[403] = _answer("Without a token, this machine only.", "Problem")
    responses[503] = _answer("Not now: after Retry-After seconds.", "Problem")
    if missing is not None:
        responses[404] = _answer(missing, "Problem")
    if any(each["in"] == "query" for each in parameters):
        responses[400] = _answer("A parameter is wrong.", "Problem")
    described: Operation = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {str(status): responses[status] for status in sorted(responses)},
    }
    return described if body is None else {**described, "requestBody": body}


def _get(summary: str, schema: str, *parameters: Schema, missing: str | None = None) -> Schema:
    answers = {200: _answer("As asked.", schema)}
    return {"get": _operation(summary, answers, *parameters, missing=missing)}


def _post(
    summary: str,
    schema: str,
    *parameters: Schema,
    status: int = 202,
    missing: str | None = None,
) -> Schema:
    answers = {status: _answer("Done, or asked for.", schema)}
    missing = missing or ("There is no such VEN." if parameters else None)
    return {"post": _operation(summary, answers, *parameters, missing=missing)}


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


_VEN = _path("ven")
_NAME = _path("name")
_STRANGER = "The inventory has no such VEN, or no such resource."
_NOT_ASIDE = "None of this name is quarantined."

_READING_BODY = {
    "required": True,
    "content": {
        _JSON: {"schema": {"oneOf": [ref("Reading"), {"type": "array", "items": ref("Reading")}]}},
        "application/x-ndjson": {"schema": ref("Reading")},
    },
}

_READINGS = {
    "post": _operation(
        "Bring readings: one object, an array, or an object per line (may be gzip)",
        {
            202: _answer("On disk: how many, and which were rejected and why.", "Taken"),
            400: _answer("Nothing could be read.", "Problem"),
            408: _answer("The body did not arrive in time.", "Problem"),
            413: _answer("Too many bytes, or too many readings.", "Problem"),
            422: _answer("None was acceptable.", "Taken"),
        },
        body=_READING_BODY,
    )
}

_OPT_OUT = {
    "post": _operation(
        "Opt a VEN, or a resource of it, out",
        {
            201: _answer("It holds.", "OptOut"),
            422: _answer("There is nobody like that, or it cannot be read.", "Problem"),
        },
        body={"required": True, "content": {_JSON: {"schema": ref("OptOutWish")}}},
    )
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "ven-daemon", "version": version("ven-daemon")},
    "components": {
        "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}},
        "schemas": SCHEMAS,
    },
    "security": [{"operator": []}, {}],
    "paths": {
        "/api/v1/openapi.json": _get("This document", "Document"),
        "/api/v1/status": _get("The full picture", "Status"),
        "/api/v1/loops": _get("Every loop: last success, last error, next run", "Loops"),
        "/api/v1/config": _get("The settings in force, secrets masked", "Configuration"),
        "/api/v1/vens": _get(
            "VENs, by page",
            "VenPage",
            _query("skip", {**COUNT, "default": 0}),
            _query("limit", {**COUNT, "maximum": 500, "default": 100}),
            _query("state", {"enum": list(STATES)}),
            _query("name", TEXT),
        ),
        "/api/v1/vens/{ven}": _get(
            "One VEN with its resources", "VenWithResources", _VEN, missing="There is no such VEN."
        ),
        "/api/v1/failures": _get("Everything that failed, in the VTN's words", "Failures"),
        "/api/v1/reconcile": _post("Reconcile all VENs now", "Asked"),
        "/api/v1/vens/{ven}/reconcile": _post("Reconcile one VEN now", "Asked", _VEN),
        "/api/v1/vens/{ven}/pause": _post(
            "Leave a VEN alone, over restarts too", "Paused", _VEN, status=200
        ),
        "/api/v1/vens/{ven}/resume": _post("Work for a VEN again", "Resumed", _VEN, status=200),
        "/api/v1/readings": _READINGS,
        "/api/v1/events": _get(
            "Events on record, with their windows",
            "Events",
            _query("ven", TEXT),
            _query("resource", TEXT),
            _query("at", INSTANT),
            _query("event", TEXT),
            _query("limit", {**COUNT, "maximum": 10000, "default": 100}),
            missing=_STRANGER,
        ),
        "/api/v1/dispatches": _get(
            "What resources did, do and will do because of events",
            "Dispatches",
            _query("ven", TEXT),
            _query("resource", TEXT),
            _query("from", INSTANT),
            _query("to", INSTANT),
            _query("limit", {**COUNT, "maximum": 10000, "default": 1000}),
            missing=_STRANGER,
        ),
        "/api/v1/reports": _get(
            "Reports, the newest first; `before` of a page gives the next one",
            "Reports",
            _query("ven", TEXT),
            _query("event", TEXT),
            _query("state", {"enum": REPORT_STATES}),
            _query("limit", {**COUNT, "minimum": 1, "maximum": 1000, "default": 100}),
            _query("before", TEXT),
        ),
        "/api/v1/reports/{name}": _get(
            "One report with what is sent", "Report", _NAME, missing="There is none of this name."
        ),
        "/api/v1/reports/{name}/retry": _post(
            "Try again now", "ReportStands", _NAME, missing="None of this name waits."
        ),
        "/api/v1/reports/{name}/release": _post(
            "Let it out of quarantine", "ReportStands", _NAME, missing=_NOT_ASIDE
        ),
        "/api/v1/reports/{name}/discard": _post(
            "Let go of it for good", "Discarded", _NAME, status=200, missing=_NOT_ASIDE
        ),
        "/api/v1/opt-outs": {**_get("Who follows nothing, and when", "OptOuts"), **_OPT_OUT},
        "/api/v1/opt-outs/{id}": {
            "delete": _operation(
                "Take an opt-out back",
                {200: _answer("It holds no longer.", "Ended")},
                _path("id"),
                missing="None of this id holds.",
            )
        },
    },
}
