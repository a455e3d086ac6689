"""Everything hangs on one function: run the roots until told to stop."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Root = Callable[[], Awaitable[object]]
"""A coroutine function that never ends by itself."""


class RootEndedError(RuntimeError):
    """A root ended that never should: the process must be started afresh."""


async def supervise(
    roots: Mapping[str, Root],
    stop: asyncio.Event,
    drain: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Run *roots* until *stop*, then cancel them and wait for them to end.

    *drain* is awaited before they are cancelled. A root that ends by itself is a bug: the
    rest are cancelled and the error leaves this function, so that the process exits and
    is started afresh.

    Raises:
        ExceptionGroup: what ended a root, or a `RootEndedError`.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_endless(name, root), name=name) for name, root in roots.items()]
        await stop.wait()
        if drain is not None:
            await drain()
        for task in tasks:
            task.cancel()


async def _endless(name: str, root: Root) -> None:
    await root()
    raise RootEndedError(f"{name} ended")
