"""The port by which readings come in, whatever brings them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Sifted

Take: TypeAlias = Callable[[Sequence[object]], Awaitable[Sifted]]
"""Hands over items as they are sent over HTTP: `resource_id quantity value at quality?`.

Once it returns, the good ones are on disk and the bad ones are named by their index.
It raises StoreError where nothing was kept: then what brought them must not be told that
it was, and comes again.
"""

MeterPoints: TypeAlias = Mapping[str, ResourceKey]
"""The resource behind a meter point, for those who know no other name."""


class Source(Protocol):
    """A way readings come in by: something that is listened to, or asked again and again.

    Two that compare equal bring the same, so one that runs is left alone when the
    inventory says it again.
    """

    @property
    def kind(self) -> str:
        """By which metrics and logs know it."""
        ...

    async def run(self, take: Take) -> None:
        """Bring readings until cancelled, which is safe at any await.

        Raises:
            SourceError: it cannot go on; it is run again after a pause.
            StoreError: what it brought could not be kept; likewise.
        """
        ...


def named(item: Mapping[str, object], meter_points: MeterPoints) -> Mapping[str, object]:
    """Give an item that names a meter point the resource behind it; else leave it."""
    if "resource_id" in item or "meter_point_id" not in item:
        return item
    resource = meter_points.get(str(item["meter_point_id"]))
    return item if resource is None else {**item, "resource_id": resource}
