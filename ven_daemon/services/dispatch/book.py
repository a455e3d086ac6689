"""What dispatch asks of whoever reads the VTN."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.sightings import Known

__all__ = ["EventBook", "Known"]


class EventBook(Protocol):
    """Everything that holds, and when the VTN was last heard of."""

    async def standing(self, since: datetime) -> Sequence[Known]:
        """Give the events that hold: readable, not cancelled, not over at *since*."""
        ...

    async def heard(self) -> Mapping[VenName | None, datetime]:
        """Say when the VTN last answered each reader; None is the one that reads for all."""
        ...
