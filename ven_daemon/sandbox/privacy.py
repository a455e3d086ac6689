"""Who may read which program and event in 3.1: object privacy by targets, and target hiding."""

from typing import NamedTuple

import orjson

from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.selection import Clause
from ven_daemon.sandbox.shelf import UNTARGETED, Facet, Row, facets_of_targets

UNTARGETED_ONLY: Clause = frozenset((UNTARGETED,))


class Sight(NamedTuple):
    """What one client was granted."""

    targeted: Clause
    """The facets of what carries a granted target."""
    readable: Clause
    """Those, and what carries none at all."""

    def shows(self, row: Row) -> bool:
        """Say whether an object is there for this client."""
        return not self.readable.isdisjoint(row.facets)


class Grants:
    """The targets that clients were granted, by those of their vens and of all their resources."""

    def __init__(self, objects: Objects) -> None:
        self._vens, self._resources = objects.vens, objects.resources
        self._known: dict[str, tuple[tuple[int, ...], Sight]] = {}

    def sight(self, client: str) -> Sight:
        """Say what a client may read; reckoned anew where its vens or resources changed."""
        vens = self._vens.find("clientID", client)
        stamps = (
            self._vens.stamp("clientID", client),
            *(self._resources.stamp("venID", ven.id) for ven in vens),
        )
        known = self._known.get(client)
        if known is None or known[0] != stamps:
            granted: set[Facet] = set()
            for ven in vens:
                for row in (ven, *self._resources.find("venID", ven.id)):
                    granted.update(facets_of_targets(row.targets))
            granted.discard(UNTARGETED)
            targeted = frozenset(granted)
            known = stamps, Sight(targeted, targeted | {UNTARGETED})
            self._known[client] = known
        return known[1]


def hidden(row: Row, shown: Clause) -> bytes:
    """Write an object with only those of its targets that are to be *shown*."""
    if not row.targets:
        return row.wire
    left = [target for target in row.targets if ("targets", target) in shown]
    if len(left) == len(row.targets):
        return row.wire
    return row.wire[: -len(orjson.dumps(row.targets)) - 1] + orjson.dumps(left) + b"}"
