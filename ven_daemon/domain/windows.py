"""What timelines are made of: intervals placed in absolute time."""

from dataclasses import dataclass
from datetime import datetime

from ven_daemon.domain.events import Payload


@dataclass(frozen=True, slots=True)
class Window:
    """One interval of an event, placed in time; `end` None is open-ended.

    `start` and `end` are when a VEN acts, its draw of randomizeStart included;
    `nominal_start` is without it. An instant (`end == start`) is done once. A packed
    payload or a loop makes several windows of one interval: `turn` counts the loop's
    rounds, `part` the pieces of a packed interval.
    """

    interval_id: int
    index: int
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
