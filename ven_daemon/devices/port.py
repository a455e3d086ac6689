"""The ports: what the services ask of a way to devices, whatever it is made of."""

from collections.abc import Sequence
from typing import Protocol

from ven_daemon.domain.dispatches import Answer, Command


class Sink(Protocol):
    """A way to make resources follow commands.

    Each sink is served by a task of its own, so that a slow one delays nobody else.
    """

    name: str
    """By which settings, dispatches and metrics know it."""
    batch: int
    """Commands that one call of `deliver` takes at the most."""
    in_flight: int
    """Calls of `deliver` that may be under way at once; never two about one resource and type."""

    async def deliver(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Hand *commands* over and answer for each, in their order.

        What goes wrong is an answer, not an exception: a receiver that cannot be
        reached, times out or asks to come back is `unreachable`, and the same command
        comes again later, `repeated`. It ends by itself, within a time limit of the
        sink's own. Cancelled at any await, it leaves nothing behind but commands that
        may or may not have arrived.
        """
        ...
