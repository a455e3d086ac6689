"""A process that takes steps of dispatch and kills itself at a certain one of them.

    python -m tests.dispatch.dying FOLDER MINUTES POINT [STATE_URL]

POINT is a number, or a name of `tests.crash.points`. Points are counted before and after
everything that happens between an event and its sink; 0 is never. What its sink carries
out is appended to a file, which outlives it, and a later process goes on at the minute at
which it died.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

from tests.crash.points import Countdown, arm
from tests.dispatch.rig import Memory, Rig, at, event, rigged
from ven_daemon.domain.dispatches import ACKNOWLEDGED, Answer, Command
from ven_daemon.services.dispatch.service import DispatchService
from ven_daemon.store.dispatches import DispatchStore
from ven_daemon.store.draws import DrawStore


class Points(Countdown):
    """Counts what happens, and dies at one of it."""

    def around(self, owner: Any, name: str) -> None:
        """Count before and after each call of a method."""
        method = getattr(owner, name)

        async def counted(*arguments: Any, **named: Any) -> Any:
            self.reached()
            result = await method(*arguments, **named)
            self.reached()
            return result

        setattr(owner, name, counted)


class Journal(Memory):
    """A sink that carries out what it is told before it answers, and cannot forget."""

    file: Path

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        with self.file.open("a") as file:
            for each in commands:
                line = [each.key, each.do, each.resource, each.kw, each.start.isoformat()]
                file.write(json.dumps([*line, each.repeated]) + "\n")
        return [ACKNOWLEDGED] * len(commands)


async def live(folder: Path, minutes: Sequence[float], fatal: str, url: str | None = None) -> None:
    """Recover, then take a turn at each of *minutes*."""
    async with rigged(folder, url) as rig:
        points = Points(int(fatal) if fatal.isdigit() else 0)
        for owner, name in (
            (DispatchService, "step"),
            (DispatchStore, "step"),
            (DispatchStore, "hand"),
            (DispatchStore, "settle"),
            (DrawStore, "save"),
            (Journal, "deliver"),
        ):
            points.around(owner, name)
        rig.sink = Journal()
        rig.sink.file = folder / "journal"
        rig.start(SystemRandom().random)
        begun = folder / "minute"
        left = [m for m in minutes if m >= float(begun.read_text() if begun.exists() else 0)]
        rig.now = at(left[0])
        await rig.store.recover(rig.now)
        for minute in left:
            begun.write_text(str(minute))
            _publish(rig, minute)
            await rig.turn(minute)


def _publish(rig: Rig, minute: float) -> None:
    """Two events, one of them moved by a draw; later the first is changed, then all is over."""
    rig.book.publish(event("moved", 0, 120, randomize=5, priority=9))
    if minute < 60:
        rig.book.publish(event("plain", 10, 30, priority=0))


if __name__ == "__main__":
    room, times, point, *state = sys.argv[1:]
    if not point.isdigit():
        arm(point)
    asyncio.run(live(Path(room), [*map(float, times.split(","))], point, *state))
