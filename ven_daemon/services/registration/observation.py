"""Looking at what the VTN holds: in bulk where that is cheaper."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.naming import wire_name
from ven_daemon.domain.registration import ObservedResource, ObservedVen
from ven_daemon.vtn.client import VtnClient

T = TypeVar("T")

Doubt: TypeAlias = tuple[VenName, str | None]
"""A VEN and the name of a resource of it at the VTN; without one, the ven itself."""

BY_NAME_MOST = 256
"""Objects that are asked for one by one. Where more are missing, it is not the listing."""

BULK_SHARE = 0.25
"""From this share of a credential's VENs on, everything it may see is listed at once."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed for one VEN: vens that may be it, and resources under them."""

    vens: tuple[ObservedVen, ...]
    resources: tuple[ObservedResource, ...]


async def observe(
    client: VtnClient, names: Mapping[VenName, str | None], of: int
) -> Mapping[VenName, Seen]:
    """Look for some of the *of* VENs of a credential; *names* gives each one's clientID."""
    if len(names) >= of * BULK_SHARE:
        return await _in_bulk(client, names)
    seen = await asyncio.gather(*(_one(client, name) for name in names))
    return dict(zip(names, seen, strict=True))


async def ask_by_name(
    client: VtnClient, seen: Mapping[VenName, Seen], doubts: Sequence[Doubt]
) -> Mapping[VenName, Seen]:
    """Ask by name for what a listing passed over though it should be there.

    Pages have no order that a VTN must keep: of rows that it takes for equal, one can be
    passed over at every look, and another shown twice (T-22).
    """
    unseen = [(ven, name) for ven, name in doubts if not _shows(seen[ven], ven, name)]
    if not 0 < len(unseen) <= BY_NAME_MOST:
        return seen
    found = dict(seen)
    for ven in {ven for ven, name in unseen if name is None}:
        found[ven] = await _one(client, ven)
    asked = [
        (ven, client.resources(each.id, name))
        for ven, name in unseen
        if name is not None
        for each in found[ven].vens
    ]
    answers = await asyncio.gather(*(answer for _, answer in asked))
    for (ven, _), resources in zip(asked, answers, strict=True):
        found[ven] = Seen(found[ven].vens, (*found[ven].resources, *resources))
    return found


def _shows(seen: Seen, ven: VenName, resource: str | None) -> bool:
    if resource is None:
        return any(each.name == wire_name(ven) for each in seen.vens)
    return any(each.name == resource for each in seen.resources)


async def _one(client: VtnClient, name: VenName) -> Seen:
    vens = await client.vens(wire_name(name))
    found = await asyncio.gather(*(client.resources(ven.id) for ven in vens))
    return Seen(tuple(vens), tuple(resource for each in found for resource in each))


async def _in_bulk(
    client: VtnClient, names: Mapping[VenName, str | None]
) -> Mapping[VenName, Seen]:
    vens = await client.vens()
    by_name, by_client = _group(vens, lambda ven: ven.name), _group(vens, lambda ven: ven.client_id)
    wire = {wire_name(name) for name in names}
    resources = await _resources(client, [ven for ven in vens if ven.name in wire])
    by_ven = _group(resources, lambda resource: resource.ven_id)

    def seen(name: VenName, client_id: str | None) -> Seen:
        named = by_name.get(wire_name(name), [])
        under = tuple(resource for ven in named for resource in by_ven.get(ven.id, ()))
        # Where none bears the name, one that holds the VEN's client is of interest.
        return Seen(tuple(named or by_client.get(client_id, ())), under)

    return {name: seen(name, client_id) for name, client_id in names.items()}


def _group(items: Iterable[T], key: Callable[[T], str | None]) -> Mapping[str | None, list[T]]:
    groups: dict[str | None, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


async def _resources(client: VtnClient, vens: list[ObservedVen]) -> list[ObservedResource]:
    if not vens:
        return []
    if not client.profile.resources_need_ven:
        return await client.resources()
    listings = await asyncio.gather(*(client.resources(ven.id) for ven in vens))
    return [resource for listing in listings for resource in listing]
