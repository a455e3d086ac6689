"""What every part of the daemon looks like to the daemon."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ven_daemon.config import Settings
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop, LoopState
from ven_daemon.runtime.supervisor import Root


class Part:
    """One concern: what runs for it, how often it is woken, and what it says of itself.

    A part is made once the stores are open and this process holds the lease. What it
    does not need of this, it leaves as it is.
    """

    name: str

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Loops of this part, and the period on which each is woken."""
        return ()

    def states(self) -> Iterable[LoopState]:
        """Say how each of its loops is doing."""
        return [loop.state for loop, _ in self.cadences()]

    async def rest(self) -> None:
        """Begin nothing more, and wait until what is under way has ended."""
        await asyncio.gather(*(loop.rest() for loop, _ in self.cadences()))

    def roots(self) -> Mapping[str, Root]:
        """Name what else runs for as long as the daemon does."""
        return {}

    def catch_up(self) -> None:
        """Do what failed while the VTN did not work, rather than when its pause is over."""
        for loop, _ in self.cadences():
            if loop.state.failures_in_a_row:
                loop.wake()

    def figures(self) -> Iterable[Figure]:
        """Give its metrics; a scrape asks, so this only reads."""
        return ()

    def summary(self) -> Mapping[str, Any]:
        """Give counts for the full picture: figures only, no names, nothing that takes long."""
        return {}

    def reload(self, settings: Settings) -> None:
        """Take what can be taken of settings that were read again."""
