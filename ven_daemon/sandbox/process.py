"""The sandbox as a process: from options to an exit code."""

import asyncio
import errno
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiohttp import web

from ven_daemon.sandbox import clients
from ven_daemon.sandbox.journal import Journal, JournalError
from ven_daemon.sandbox.options import Options
from ven_daemon.sandbox.server import Server
from ven_daemon.sandbox.vtn import Vtn

OK, USAGE = 0, 2
_GOODBYE_SECONDS = 1.0
"""How long requests that are under way may take once the sandbox is told to stop."""


class StartError(Exception):
    """The sandbox cannot start; the words are for whoever started it."""


def run(options: Options) -> int:
    """Run a sandbox until SIGTERM or SIGINT; return its exit code."""
    try:
        known = _known_clients(options)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_serve(options, known))
    except (clients.ClientsError, JournalError, StartError) as e:
        _say(str(e))
        return USAGE


def _known_clients(options: Options) -> clients.Clients:
    from_file = clients.from_file(options.clients_file) if options.clients_file else []
    known = clients.Clients([*from_file, *map(clients.from_argument, options.clients)])
    if not len(known) and not options.open:
        _say("nobody can get a token: give --client, --clients or --open")
    return known


async def _serve(options: Options, known: clients.Clients) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        vtn = Vtn(options, known)
        if options.state is not None:
            journal = Journal(options.state, options.profile)
            journal.open(vtn.objects)
            stack.callback(journal.close)
        url = await listen(options, Server(vtn, options.request_limit), stack)
        _spare_the_collector()
        sys.stdout.write(f"sandbox VTN {options.profile} listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()
    return OK


async def listen(options: Options, server: Server, stack: AsyncExitStack) -> str:
    """Listen until *stack* is closed; return the URL, with the real port in it."""
    runner = web.ServerRunner(
        web.Server(server.handle, access_log=None, auto_decompress=False),
        shutdown_timeout=_GOODBYE_SECONDS,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
    except OSError as e:
        raise StartError(_why_not_listening(options, e)) from e
    server.pulse.start()
    stack.callback(server.pulse.stop)
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{runner.addresses[0][1]}"


def _why_not_listening(options: Options, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} on {options.host} is taken by another process"
    return f"cannot listen on {options.host}:{options.port}: {error.strerror or error}"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # an extra: faster, never needed
    except ImportError:
        return None
    return uvloop.new_event_loop


def _spare_the_collector() -> None:
    """Let the garbage collector look rarely: objects pile up here by the 100,000 and stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 200)


def _say(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")
