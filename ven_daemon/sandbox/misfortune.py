"""What becomes of a request that a fault strikes."""

import asyncio
import time
from collections.abc import Callable, Sequence

from aiohttp import web

from ven_daemon.sandbox import delivery
from ven_daemon.sandbox.faults import Rule
from ven_daemon.sandbox.messages import JSON, Answer, Call
from ven_daemon.sandbox.vtn import Vtn

_GIBIBYTE = 2**30


class Misfortune:
    """Carries faults out."""

    def __init__(self, vtn: Vtn, decide: Callable[[Call], Answer], limit: float) -> None:
        self._vtn = vtn
        self._decide = decide
        self._limit = limit

    async def befall(
        self, request: web.BaseRequest, call: Call, struck: Sequence[Rule]
    ) -> web.StreamResponse:
        """Answer a request the way the rules that struck it say."""
        extra: dict[str, str] = {}
        for rule in struck:
            await self._burden(call, rule, extra)
        last = struck[-1]
        match last.kind:
            case "drip" | "truncate" | "wrong-shape":
                return await self._spoil(request, call, last, extra)
            case _ if last.goes_on:
                answer = self._decide(call)
                self._vtn.record(call, answer.status, answer, struck[0].text["kind"])
                return delivery.send(request, answer, extra)
            case _:
                return await self._supplant(request, call, last, extra)

    async def _burden(self, call: Call, rule: Rule, extra: dict[str, str]) -> None:
        """Put on a request what comes besides an answer."""
        match rule.kind:
            case "delay":
                # A server with a time limit says so when it is over, not when the work is done.
                left = call.arrived + self._limit - time.monotonic()
                await asyncio.sleep(min(rule.text["seconds"], max(left, 0.0) + 0.001))
            case "headers":
                extra.update(rule.text["headers"])
            case "page-loop":
                call.ignore_skip = True
            case "page-cap":
                call.page_cap = rule.text["size"]
            case "blind-spot":
                call.blind_spot = rule.text["name"]
            case "explicit-targets":
                call.explicit_targets = True
            case "all-targets":
                call.all_targets = True
            case _:
                pass  # it strikes later, when there is an answer

    async def _spoil(
        self, request: web.BaseRequest, call: Call, rule: Rule, extra: dict[str, str]
    ) -> web.StreamResponse:
        """Deliver the VTN's own answer badly."""
        answer = self._decide(call)
        self._vtn.record(call, answer.status, answer, rule.text["kind"])
        match rule.kind:
            case "drip":
                return await delivery.drip(request, answer, extra, rule.text["seconds"])
            case "truncate":
                return await delivery.truncate(request, answer, extra, rule.text["at"])
            case _:
                return delivery.send(request, delivery.reshaped(answer), extra)

    async def _supplant(
        self, request: web.BaseRequest, call: Call, rule: Rule, extra: dict[str, str]
    ) -> web.StreamResponse:
        """Answer something else, or nothing, whatever the VTN would have said."""
        accepted = self._decide(call) if rule.accepts else None
        spoken = delivery.spoken(rule.kind, rule.text)
        endless = rule.kind in ("huge", "bomb")
        status = spoken.status if spoken else 200 if endless else None
        self._vtn.record(call, status, accepted, rule.text["kind"])
        if spoken is not None:
            return delivery.send(request, spoken, extra)
        if rule.kind == "hang":
            return await delivery.hang(request)
        if rule.kind == "reset":
            return delivery.reset(request)
        size = rule.text.get("bytes", _GIBIBYTE)
        headers = {"Content-Type": JSON, **extra}
        if rule.kind == "huge":
            return await delivery.stream(request, delivery.huge(size), headers)
        headers["Content-Encoding"] = "gzip"
        return await delivery.stream(request, delivery.bomb(size), headers)
