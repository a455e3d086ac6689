"""The operator API, described."""

from importlib.metadata import version
from typing import Any

from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.runtime.fleet_view import STATES

_JSON = "application/json"


def _answer(words: str) -> dict[str, Any]:
    return {"description": words, "content": {_JSON: {"schema": {"type": "object"}}}}


def _get(summary: str, *parameters: dict[str, Any], missing: bool = False) -> dict[str, Any]:
    responses = {"200": _answer("As asked."), "401": {"description": "The token is missing."}}
    if missing:
        responses["404"] = _answer("There is no such VEN.")
    if any(each["in"] == "query" for each in parameters):
        responses["400"] = {"description": "A parameter is wrong."}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _post(summary: str, *parameters: dict[str, Any], status: int = 202) -> dict[str, Any]:
    responses = {
        str(status): _answer("Done, or asked for."),
        "401": {"description": "The token is missing."},
    }
    if parameters:
        responses["404"] = _answer("There is no such VEN.")
    return {"post": {"summary": summary, "parameters": list(parameters), "responses": responses}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


_READINGS = {
    "post": {
        "summary": "Bring readings: one object, an array, or an object per line (may be gzip)",
        "requestBody": {
            "required": True,
            "content": {
                _JSON: {
                    "schema": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/Reading"},
                            {"type": "array", "items": {"$ref": "#/components/schemas/Reading"}},
                        ]
                    }
                },
                "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Reading"}},
            },
        },
        "responses": {
            "202": _answer("On disk: how many were accepted, and which were rejected and why."),
            "400": _answer("Nothing could be read."),
            "401": {"description": "The token is missing."},
            "408": _answer("The body did not arrive in time."),
            "413": _answer("Too many bytes, or too many readings."),
            "422": _answer("None was acceptable; the body is that of 202."),
            "503": _answer("They cannot be kept now: come back after Retry-After seconds."),
        },
    }
}

_READING = {
    "type": "object",
    "required": ["resource_id", "quantity", "value", "at"],
    "properties": {
        "resource_id": {"type": "string"},
        "quantity": {"enum": [quantity.value for quantity in Quantity]},
        "value": {"type": ["number", "string"]},
        "at": {"type": ["string", "number"]},
        "quality": {"enum": [quality.value for quality in Quality], "default": "OK"},
    },
}

_VEN = {"name": "ven", "in": "path", "required": True, "schema": {"type": "string"}}

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "ven-daemon", "version": version("ven-daemon")},
    "components": {
        "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Reading": _READING},
    },
    "security": [{"operator": []}, {}],
    "paths": {
        "/api/v1/status": _get("The full picture"),
        "/api/v1/loops": _get("Every loop: last success, last error, next run"),
        "/api/v1/config": _get("The settings in force, secrets masked"),
        "/api/v1/vens": _get(
            "VENs, by page",
            _query("skip", {"type": "integer", "minimum": 0, "default": 0}),
            _query("limit", {"type": "integer", "minimum": 0, "maximum": 500, "default": 100}),
            _query("state", {"enum": list(STATES)}),
            _query("name", {"type": "string"}),
        ),
        "/api/v1/vens/{ven}": _get("One VEN with its resources", _VEN, missing=True),
        "/api/v1/failures": _get("Everything that failed, by name, in the VTN's words"),
        "/api/v1/readings": _READINGS,
        "/api/v1/reconcile": _post("Reconcile all VENs now"),
        "/api/v1/vens/{ven}/reconcile": _post("Reconcile one VEN now", _VEN),
        "/api/v1/vens/{ven}/pause": _post("Leave a VEN alone, over restarts too", _VEN, status=200),
        "/api/v1/vens/{ven}/resume": _post("Work for a VEN again", _VEN, status=200),
        "/api/v1/events": _get(
            "Events on record, with their windows",
            _query("ven", {"type": "string"}),
            _query("resource", {"type": "string"}),
            _query("at", {"type": "string", "format": "date-time"}),
            _query("limit", {"type": "integer", "minimum": 0, "maximum": 10000, "default": 100}),
        ),
        "/api/v1/dispatches": _get(
            "What resources did, do and will do because of events",
            _query("ven", {"type": "string"}),
            _query("resource", {"type": "string"}),
            _query("from", {"type": "string", "format": "date-time"}),
            _query("to", {"type": "string", "format": "date-time"}),
            _query("limit", {"type": "integer", "minimum": 0, "maximum": 10000, "default": 1000}),
        ),
        "/api/v1/opt-outs": {
            **_get("Who follows nothing, and when"),
            "post": {
                "summary": "Opt a VEN, or a resource of it, out",
                "responses": {
                    "201": _answer("It holds."),
                    "401": {"description": "The token is missing."},
                    "422": _answer("There is nobody like that, or it cannot be read."),
                },
            },
        },
        "/api/v1/opt-outs/{id}": {
            "delete": {
                "summary": "Take an opt-out back",
                "parameters": [_ID],
                "responses": {
                    "200": _answer("It holds no longer."),
                    "401": {"description": "The token is missing."},
                    "404": _answer("None of this id holds."),
                },
            }
        },
    },
}
