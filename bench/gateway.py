"""A gateway of devices that takes every command: `python -m bench.gateway` says its port."""

import asyncio
import sys

from aiohttp import web


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({})


async def _serve() -> None:
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/", _take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
