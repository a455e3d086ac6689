"""The no-store loop: aiohttp, uvloop and orjson read readings and answer; nothing is kept."""

import asyncio
import sys

import orjson
import uvloop
from aiohttp import web

from bench.ingest_load import PATH


async def _post(request: web.Request) -> web.Response:
    found = orjson.loads(await request.read())
    count = len(found) if isinstance(found, list) else 1
    body = orjson.dumps({"accepted": count, "rejected": []})
    return web.Response(body=body, status=202, content_type="application/json")


async def serve() -> None:
    """Listen, and say where."""
    app = web.Application(client_max_size=1 << 22)
    app.router.add_post(PATH, _post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
