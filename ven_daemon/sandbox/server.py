"""From sockets to the VTN and back: reading, the time limit, faults, delivery."""

import time
from urllib.parse import unquote

from aiohttp import web

from ven_daemon.sandbox import delivery
from ven_daemon.sandbox.control import PREFIX, ControlPlane
from ven_daemon.sandbox.messages import Answer, Call, refusal
from ven_daemon.sandbox.misfortune import Misfortune
from ven_daemon.sandbox.oauth import TOKEN_PATH, claimed_client
from ven_daemon.sandbox.problems import TOO_LATE, Problem, bad_request
from ven_daemon.sandbox.pulse import Pulse
from ven_daemon.sandbox.tokens import Caller
from ven_daemon.sandbox.vtn import Vtn

LARGEST_BODY = 2 * 2**20


class Server:
    """Handles every request, with no router and no middleware: it is the peer of benchmarks."""

    def __init__(self, vtn: Vtn, request_limit: float) -> None:
        self.pulse = Pulse()
        self._vtn = vtn
        self._limit = request_limit
        self._control = ControlPlane(vtn)
        self._misfortune = Misfortune(vtn, self.decide, request_limit)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        target = request.raw_path
        if not target.isascii():  # bytes that are no UTF-8 would fail to be written anywhere
            target = target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        path, _, query = target.partition("?")
        if path.startswith(PREFIX):
            return await self._control.answer(request)
        call = await self._read(request, unquote(path) if "%" in path else path, query)
        vtn = self._vtn
        vtn.count(call)
        if vtn.faults:
            struck = vtn.faults.striking(call)
            if struck:
                return await self._misfortune.befall(request, call, struck)
        answer = self.decide(call)
        vtn.record(call, answer.status, answer)
        return delivery.send(request, answer)

    def decide(self, call: Call) -> Answer:
        """Let the VTN answer, unless the request is too old to be accepted by now."""
        if time.monotonic() - call.arrived > self._limit:
            return refusal(Problem(503, TOO_LATE))
        return self._vtn.answer(call)

    async def _read(self, request: web.BaseRequest, path: str, query: str) -> Call:
        headers = request.headers
        authorization = headers.get("Authorization")
        call = Call(
            method=request.method,
            path=path,
            query=query,
            content_type=headers.get("Content-Type", ""),
            host=headers.get("Host", "").encode("ascii", "replace").decode(),
            authorization=authorization,
            caller=self._vtn.tokens.read(authorization),
            arrived=self.pulse.oldest_arrival(),
        )
        if request.body_exists:
            await _read_body(request, call)
        if path == TOKEN_PATH:
            call.caller = Caller(claimed_client(call))
        return call


async def _read_body(request: web.BaseRequest, call: Call) -> None:
    """Read at most what the VTN takes; real ones answer 400 to more, not 413."""
    blocks, size = [], 0
    while block := await request.content.readany():
        size += len(block)
        if size > LARGEST_BODY:
            why = "Failed to buffer the request body: length limit exceeded"
            call.unreadable = bad_request(why)
            return
        blocks.append(block)
    call.body = blocks[0] if len(blocks) == 1 else b"".join(blocks)
