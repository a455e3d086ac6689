"""Who speaks to the VTN for which VEN, once all are registered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ven_daemon.domain.ids import VenName
from ven_daemon.vtn.client import VtnClient


@dataclass(frozen=True, slots=True)
class Speakers:
    """One client for all VENs, or a client of each VEN's own; never both."""

    shared: VtnClient | None = None
    own: Mapping[VenName, VtnClient] = field(default_factory=dict)

    def of(self, ven: VenName) -> VtnClient | None:
        """Give the client that speaks for *ven*; None where it has no credential."""
        return self.shared or self.own.get(ven)

    def __iter__(self) -> Iterator[tuple[VenName | None, VtnClient]]:
        """Give each client once, with the VEN it speaks for (None: for all)."""
        if self.shared is not None:
            yield None, self.shared
        yield from self.own.items()
