"""What timelines are made of: intervals placed in absolute time."""

from datetime import datetime
from typing import NamedTuple

from ven_daemon.domain.events import Payload


class Window(NamedTuple):
    """One interval of an event, placed in time; `end` None is open-ended.

    `start` and `end` are when a VEN acts, its draw of randomizeStart included;
    `nominal_start` is without it. An instant (`end == start`) is done once. A packed
    payload or a loop makes several windows of one interval: `turn` counts the loop's
    rounds, `part` the pieces of a packed interval.
    """

    interval_id: int
    index: int  # type: ignore[assignment] # hides tuple.index, which nobody needs here
    """Position of the interval in the event, from 0."""
    start: datetime
    end: datetime | None
    nominal_start: datetime
    payloads: tuple[Payload, ...]
    turn: int = 0
    part: int = 0

    @property
    def is_instant(self) -> bool:
        """Whether it has no extent: something to be done once."""
        return self.end == self.start

    def holds_at(self, instant: datetime) -> bool:
        """Whether *instant* lies in it: its start does, its end does not."""
        return self.start == instant or (
            self.start < instant and (self.end is None or instant < self.end)
        )

    def is_over_at(self, instant: datetime) -> bool:
        """Whether it lies wholly before *instant*, so that nothing of it is left to do."""
        return self.end is not None and (
            self.end < instant if self.is_instant else self.end <= instant
        )
