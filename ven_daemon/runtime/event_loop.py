"""The event loop of a process: asyncio's or uvloop's, asking for names in its own way."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Resolving:
    """Asks for each name in a thread that nobody waits for.

    The threads that a loop keeps for such things are waited for when the process ends, and
    a name server that never answers holds one for up to half a minute (F31).
    """

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - as asyncio spells it
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """Give the addresses of a host, as `socket.getaddrinfo` does."""

        def ask() -> Any:
            return socket.getaddrinfo(host, port, family, type, proto, flags)

        return await _aside(ask, f"resolve {host}")


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Give what makes the loop; uvloop is used where the extra `speed` is installed."""
    base: Any
    try:
        import uvloop
    except ModuleNotFoundError:
        base = asyncio.SelectorEventLoop
    else:
        base = uvloop.Loop
    made: Callable[[], asyncio.AbstractEventLoop] = type("EventLoop", (Resolving, base), {})
    return made


async def _aside(work: Callable[[], Any], name: str) -> Any:
    """Run *work* in a daemon thread of its own."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def settle(settled: Callable[[Any], None], outcome: Any) -> None:
        if not done.done():
            settled(outcome)

    def run() -> None:
        try:
            outcome, settled = work(), done.set_result
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            outcome, settled = error, done.set_exception
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(settle, settled, outcome)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
