"""The control plane under `/sandbox/`: what happened, faults, objects, wipe, reset, revoke.

It needs no token, meets no fault and is counted nowhere.
"""

from typing import Any
from urllib.parse import parse_qs

import orjson
from aiohttp import web

from ven_daemon.sandbox import delivery, intake
from ven_daemon.sandbox.messages import JSON, Answer, refusal
from ven_daemon.sandbox.problems import DATABASE_ERROR, Problem, bad_request, not_found
from ven_daemon.sandbox.routes import wrong_method
from ven_daemon.sandbox.vtn import Vtn

PREFIX = "/sandbox/"


class ControlPlane:
    """Answers what is asked about the VTN rather than of it."""

    def __init__(self, vtn: Vtn) -> None:
        self._vtn = vtn

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            if request.path == "/sandbox/ledger":
                return await self._ledger(request)
            body = await _body(request)
            if request.path == "/sandbox/objects" and request.method == "POST":
                put = await intake.put_all(self._vtn.objects, body)
                return delivery.send(request, _said({"put": put}))
            return delivery.send(request, self._answer(request, body))
        except Problem as e:
            return delivery.send(request, refusal(e))
        except OSError:  # the state file cannot be written
            return delivery.send(request, refusal(Problem(500, DATABASE_ERROR)))

    def _answer(self, request: web.BaseRequest, body: bytes) -> Answer:
        vtn = self._vtn
        match request.method, request.path.removeprefix(PREFIX):
            case "GET", "summary":
                return _said(vtn.summary())
            case "GET", "faults":
                return _said(vtn.faults.shown())
            case "PUT", "faults":
                vtn.faults.set(_json(body))
                return _said(vtn.faults.shown())
            case "POST", "wipe":
                vtn.objects.wipe()
            case "POST", "reset":
                vtn.reset()
            case "POST", "revoke":
                vtn.tokens.revoke(_clients(body))
            case _, what:
                _refuse(what)
        return _said(vtn.summary())

    async def _ledger(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "GET":
            raise wrong_method("GET")
        after = (parse_qs(request.query_string).get("after") or ["0"])[0]
        if not (after.isascii() and after.isdigit()):
            raise bad_request("after: expected the sequence of a line")
        blocks = self._vtn.ledger.blocks(int(after))
        return await delivery.stream(request, blocks, {"Content-Type": "application/x-ndjson"})


async def _body(request: web.BaseRequest) -> bytes:
    """Read the body, which may be larger than one of OpenADR's."""
    blocks, size = [], 0
    while block := await request.content.readany():
        size += len(block)
        if size > intake.LARGEST:
            raise Problem(413, f"The control plane takes {intake.LARGEST} bytes at most")
        blocks.append(block)
    return b"".join(blocks)


def _said(value: Any) -> Answer:
    return Answer(200, orjson.dumps(value), JSON)


def _refuse(what: str) -> None:
    allowed = {"summary": "GET", "faults": "GET, PUT"}
    allowed |= dict.fromkeys(("objects", "wipe", "reset", "revoke"), "POST")
    if what in allowed:
        raise wrong_method(allowed[what])
    raise not_found(f"The control plane has no {what!r}")


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise bad_request(f"Failed to parse the request body as JSON: {e}") from e


def _clients(body: bytes) -> list[str] | None:
    """Read whose tokens to revoke: with no body everybody's."""
    if not body.strip():
        return None
    asked = _json(body)
    clients = asked.get("clients") if isinstance(asked, dict) else body
    if clients is None:
        return None
    if not isinstance(clients, list) or not all(isinstance(c, str) for c in clients):
        raise bad_request("clients: expected a list of client ids")
    return clients
