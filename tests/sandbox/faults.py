"""What a client of a faulty sandbox does and sees."""

from collections.abc import Awaitable
from typing import Any

import aiohttp

from tests.sandbox.rig import Sandbox, bl_ven


async def create(vtn: Sandbox, name: str = "Aalborg") -> Any:
    return await vtn.post("/vens", bl_ven(f"c-{name}", name), "operator")


async def is_broken(request: Awaitable[Any]) -> bool:
    """Whether a request ends without a whole answer."""
    try:
        await request
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        return True
    return False


async def accepted(vtn: Sandbox) -> int:
    return (await vtn.summary())["vens"]
