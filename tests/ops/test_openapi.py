"""The OpenAPI document against the running API: every route, every answer, every credential."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn
from ven_daemon.app.front import Front
from ven_daemon.config import load_settings
from ven_daemon.ops.access import OPEN
from ven_daemon.ops.openapi import DOCUMENT
from ven_daemon.ops.server import OpsServer

TOKEN = "let-me-in"

ROUTES = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
NAMES = [f"{method} {path}" for method, path, _ in ROUTES]

GOOD = {
    "/api/v1/readings": [
        {"resource_id": "r", "quantity": "power", "value": 1, "at": "2026-01-01T00:00:00Z"}
    ],
    "/api/v1/opt-outs": {"ven": "Vejle", "reason": "because"},
}
"""Bodies that are as they should be."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("openapi")
    with SandboxVtn("--open") as vtn, Service(folder, vtn.url, VEN_OPERATOR_TOKEN=TOKEN) as service:
        service.wait_until_ready()
        yield service


def insist_on_shape(operation: dict[str, Any], status: int, body: Any) -> None:
    assert str(status) in operation["responses"], (status, body)
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(body)


def concrete(path: str, ven: str = "Vejle") -> str:
    return path.replace("{ven}", ven).replace("{id}", "nothing")


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    server = OpsServer(Front(load_settings), "127.0.0.1", 0, None)
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in server._app().router.routes()
        if route.resource is not None and route.method != "HEAD"
    }

    described = {(method, path) for method, path, _ in ROUTES}

    assert routes - described == {("get", path) for path in OPEN}
    assert described <= routes


def test_the_document_is_what_is_served(service: Service) -> None:
    assert service.get("/api/v1/openapi.json", TOKEN)[1] == json.loads(json.dumps(DOCUMENT))


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("method", "path", "operation"), ROUTES, ids=NAMES)
def test_every_route_answers_as_described(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    for body in (GOOD.get(path), b"{", None):
        for ven in ("Vejle", "Atlantis"):
            status, answer = service.send(method.upper(), concrete(path, ven), TOKEN, body=body)

            insist_on_shape(operation, status, answer)
            assert status < 500


@pytest.mark.parametrize(("method", "path", "operation"), ROUTES, ids=NAMES)
@pytest.mark.parametrize(
    "given",
    [None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", f"{TOKEN} {TOKEN}"],
)
def test_f50_without_the_token_nothing_is_given_and_nothing_is_done(
    service: Service, given: str | None, method: str, path: str, operation: dict[str, Any]
) -> None:
    status, answer = service.send(method.upper(), concrete(path), given, body=GOOD.get(path))

    assert status == 401
    insist_on_shape(operation, status, answer)
    assert TOKEN not in str(answer)


@pytest.mark.parametrize(("method", "path", "operation"), ROUTES, ids=NAMES)
def test_f50_a_token_in_the_query_is_none(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    asked = f"{concrete(path)}?token={TOKEN}&access_token={TOKEN}"

    assert service.send(method.upper(), asked, body=GOOD.get(path))[0] == 401


@pytest.mark.parametrize(("method", "path", "operation"), ROUTES, ids=NAMES)
def test_a_wrong_parameter_is_said(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        if parameter["in"] != "query" or schema == {"type": "string"}:
            continue
        asked = f"{concrete(path)}?{parameter['name']}=-1x"
        status, answer = service.send(method.upper(), asked, TOKEN)

        assert status == 400, parameter["name"]
        insist_on_shape(operation, status, answer)


@pytest.mark.parametrize("path", sorted(OPEN))
def test_probes_are_open_and_of_their_shape(service: Service, path: str) -> None:
    assert service.get(path)[0] == 200


def test_what_is_not_there_and_what_is_not_allowed_are_problems(service: Service) -> None:
    for method, path, expected in (("GET", "/api/v1/odd", 404), ("POST", "/api/v1/vens", 405)):
        status, answer = service.send(method, path, TOKEN)

        assert status == expected
        Draft202012Validator(DOCUMENT["components"]["schemas"]["Problem"]).validate(answer)


def test_a_body_that_is_too_large_is_refused(service: Service) -> None:
    status, _ = service.send("POST", "/api/v1/opt-outs", TOKEN, body=bytes(1024 * 1024))

    assert status == web.HTTPRequestEntityTooLarge.status_code
