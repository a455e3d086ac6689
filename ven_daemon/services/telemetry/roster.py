"""Whose readings are taken: the resources of the inventory, as they are now."""

from collections.abc import Container, Mapping

from ven_daemon.domain.fleet import Fleet
from ven_daemon.domain.ids import ResourceKey, VenName

_NOTHING: frozenset[str] = frozenset()


class Roster:
    """Looked up once per reading, so it is a dictionary; replaced whole when things change."""

    def __init__(self) -> None:
        self._vens: Mapping[ResourceKey, VenName | None] = {}
        self._by_ven: Mapping[VenName, frozenset[str]] = {}

    @property
    def everybody(self) -> Container[str]:
        """Every resource, enabled or not: what is measured of a disabled one is no less true."""
        return self._vens

    def of(self, ven: VenName) -> Container[str]:
        """Give the resources of one VEN."""
        return self._by_ven.get(ven, _NOTHING)

    def only(self, resource: ResourceKey) -> Container[str]:
        """Give this resource, where there is one."""
        return frozenset((resource,)) if resource in self._vens else _NOTHING

    def take(self, fleet: Fleet) -> None:
        """Take what the inventory says."""
        everybody = [row for ven in fleet.vens for row in ven.resources] + [*fleet.homeless]
        self._vens = {row.resource_id: row.ven for row in everybody}
        self._by_ven = {
            ven.name: frozenset(row.resource_id for row in ven.resources) for ven in fleet.vens
        }
