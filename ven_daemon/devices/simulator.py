"""The source that invents readings, for demos: on only where a setting asks for it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ven_daemon.devices.sources import Take
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.load_curves import load

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the curve of a resource follows from."""

    resource: ResourceKey
    sub_type: str | None
    capacities: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Simulator:
    """Measures every resource at whole multiples of its period, and says ESTIMATED."""

    resources: tuple[Simulated, ...]
    seed: int
    every: timedelta
    kind: str = "simulator"

    async def run(self, take: Take) -> None:
        """Bring a reading of each resource, again and again."""
        period = self.every.total_seconds()
        while True:
            now = datetime.now(UTC).timestamp()
            at = datetime.fromtimestamp(now // period * period, UTC)
            for begin in range(0, len(self.resources), _AT_ONCE):
                some = self.resources[begin : begin + _AT_ONCE]
                await take([self._item(each, at) for each in some])
            await asyncio.sleep(max(0.0, at.timestamp() + period - datetime.now(UTC).timestamp()))

    def _item(self, each: Simulated, at: datetime) -> dict[str, object]:
        value = load(self.seed, each.resource, each.sub_type, each.capacities, at)
        return {
            "resource_id": each.resource,
            "quantity": "power",
            "value": value,
            "at": at.isoformat(),
            "quality": "ESTIMATED",
        }
