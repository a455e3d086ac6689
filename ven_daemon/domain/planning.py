"""Registration, decided: what to do so that the VTN holds what the inventory says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ven_daemon.domain import naming
from ven_daemon.domain.attributes import ours, same
from ven_daemon.domain.fleet import Ven
from ven_daemon.domain.ids import ClientId, ResourceId, VenName
from ven_daemon.domain.registration import (
    Kind,
    ObservedResource,
    ObservedVen,
    Origin,
    Policy,
    Record,
    Records,
    ResourceAction,
    Status,
    VenPlan,
    WantedVen,
    Wish,
)


def want(
    ven: Ven,
    records: Records,
    client_id: ClientId | None,
    ven_targets: Iterable[str],
    resource_targets: Iterable[str],
) -> WantedVen:
    """Turn one VEN of the inventory into what its VTN shall hold.

    *client_id* is the VEN's own credential, where it has one.
    """
    names = naming.resource_names(ven.resources, records.remembered)
    templates, enabled = tuple(resource_targets), ven.enabled
    # Thousands of rows are of few kinds.
    targets = {
        kind: naming.targets(templates, (("type", kind[0]), ("sub_type", kind[1])))
        for kind in {(row.resource_type, row.resource_sub_type) for row in enabled}
    }
    wishes = [
        Wish(names[row.resource_id], row, targets[row.resource_type, row.resource_sub_type])
        for row in enabled
    ]
    return WantedVen(
        ven.name,
        naming.wire_name(ven.name),
        client_id or naming.derived_client_id(ven.name),
        naming.targets(tuple(ven_targets), (("ven", ven.name),)),
        tuple(wishes),
        bound=client_id is not None,
    )


def plan(
    wanted: WantedVen | None,
    vens: Iterable[ObservedVen],
    resources: Iterable[ObservedResource],
    records: Records,
    policy: Policy,
    name: VenName,
) -> VenPlan:
    """Decide everything about the VEN *name*.

    *vens* is what the credential may see, or the listing for that one name;
    *resources* may hold resources of other vens. *wanted* is None for a VEN that left
    the inventory.
    """
    observed, conflict = _find_ven(wanted, tuple(vens), records.ven, name)
    kind = Kind.CONFLICT if conflict else _ven_kind(wanted, observed, records.ven, policy)
    under = [r for r in resources if observed and r.ven_id == observed.id]
    actions = () if conflict else _plan_resources(wanted, under, records, policy)
    gone = () if conflict else _gone(records, actions)
    return VenPlan(name, kind, wanted, observed, records.ven, actions, gone, conflict)


def _gone(records: Records, actions: Iterable[ResourceAction]) -> tuple[str, ...]:
    """Name what is on record and neither wanted nor at the VTN any more."""
    if not records.resources:
        return ()
    return tuple(sorted(records.resources.keys() - {action.name for action in actions}))


def _find_ven(
    wanted: WantedVen | None, vens: tuple[ObservedVen, ...], record: Record | None, ven: VenName
) -> tuple[ObservedVen | None, str]:
    name = wanted.name if wanted else naming.wire_name(ven)
    named = [v for v in vens if v.name == name]
    if not named:
        return None, _bound_elsewhere(wanted, vens)
    found = _one_of(named, record)
    if wanted and wanted.bound and found.client_id not in (None, wanted.client_id):
        return None, (
            f"the VTN binds VEN {name!r} to client {found.client_id!r}, "
            f"its credential here is {wanted.client_id!r}"
        )
    return found, ""


def _bound_elsewhere(wanted: WantedVen | None, vens: tuple[ObservedVen, ...]) -> str:
    """3.1 binds one ven to a client: a second one could not be created."""
    if wanted and wanted.bound:
        for ven in vens:
            if ven.client_id == wanted.client_id:
                return f"its credential {wanted.client_id!r} already stands for VEN {ven.name!r}"
    return ""


def _ven_kind(
    wanted: WantedVen | None, observed: ObservedVen | None, record: Record | None, policy: Policy
) -> Kind:
    if wanted is None:
        return _orphan_kind(record, policy) if observed else Kind.NOTHING
    if observed is None:
        return Kind.CREATE if wanted.resources else Kind.NOTHING
    return Kind.NOTHING if record and record.vtn_id == observed.id else Kind.ADOPT


def _plan_resources(
    wanted: WantedVen | None,
    observed: list[ObservedResource],
    records: Records,
    policy: Policy,
) -> tuple[ResourceAction, ...]:
    if wanted and not observed and not records.resources:
        return tuple([ResourceAction(Kind.CREATE, wish.name, wish) for wish in wanted.resources])
    by_name: dict[str, list[ObservedResource]] = {}
    for resource in observed:
        by_name.setdefault(resource.name, []).append(resource)
    by_id = {resource.id: resource for resource in observed}
    renamed = _by_key(records)
    actions, taken = [], set()
    for wish in wanted.resources if wanted else ():
        record = records.resources.get(wish.name)
        found = _one_of(by_name[wish.name], record) if wish.name in by_name else None
        if found is None and record is None and renamed:
            record, found = _former(wish, renamed, by_id)
        if found:
            taken.add(found.id)
        actions.append(_decide(wish, found, record, policy))
    left = [resource for resource in observed if resource.id not in taken]
    actions.extend(_orphans(left, records, policy))
    return tuple(actions)


def _former(
    wish: Wish,
    records: Mapping[str, Sequence[Record]],
    by_id: Mapping[ResourceId, ObservedResource],
) -> tuple[Record | None, ObservedResource | None]:
    """Find the object that this row was before it was renamed in the inventory."""
    for record in records.get(wish.key, ()):
        found = by_id.get(ResourceId(record.vtn_id)) if record.vtn_id else None
        if found and found.name == record.name:
            return record, found
    return None, None


def _by_key(records: Records) -> Mapping[str, Sequence[Record]]:
    """Group what is on record by the row that it was of, in an order that is always the same."""
    groups: dict[str, list[Record]] = {}
    for name in sorted(records.resources):
        record = records.resources[name]
        if record.key:
            groups.setdefault(record.key, []).append(record)
    return groups


def _decide(
    wish: Wish,
    found: ObservedResource | None,
    record: Record | None,
    policy: Policy,
) -> ResourceAction:
    kind, reason = Kind.CREATE, ""
    held = record is not None and record.status is Status.REJECTED and not policy.retry_rejected
    if held and record and record.applied == wish.in_full().fingerprint:
        kind, reason = Kind.CONFLICT, record.last_error or "rejected by the VTN"
    elif found is not None:
        kind = _compare(wish, found, record)
    return ResourceAction(kind, wish.name, wish, found, record, reason)


def _compare(wish: Wish, found: ObservedResource, record: Record | None) -> Kind:
    """Compare meanings first; then what we applied and what the VTN made of it.

    A VTN may show something else than it was told (it rounds, it normalises). While
    neither our wish nor its echo has changed since we applied it, that is no drift.
    """
    known = record is not None and record.vtn_id == found.id
    settled = Kind.NOTHING if known else Kind.ADOPT
    wanted = wish.in_full()
    if found.name == wanted.name and same(wanted.attributes, ours(found.attributes)):
        return settled
    if wish.row.problems:
        return settled  # what could not be read in full overwrites nothing
    if known and record and record.applied == wanted.fingerprint:
        return Kind.NOTHING if record.echoed == found.fingerprint else Kind.UPDATE
    return Kind.UPDATE


def _orphans(
    left: list[ObservedResource], records: Records, policy: Policy
) -> Iterable[ResourceAction]:
    """Speak of what is on record but not wanted; what is foreign is passed over."""
    for resource in left:
        record = records.resources.get(resource.name)
        if record is not None and record.vtn_id == resource.id:
            kind = _orphan_kind(record, policy)
            yield ResourceAction(kind, resource.name, None, resource, record)


def _orphan_kind(record: Record | None, policy: Policy) -> Kind:
    allowed = record is not None and (
        (record.origin is Origin.CREATED and policy.prune)
        or (record.origin is Origin.ADOPTED and policy.prune_adopted)
    )
    return Kind.DELETE if allowed else Kind.ORPHANED


_Named = TypeVar("_Named", ObservedVen, ObservedResource)


def _one_of(named: list[_Named], record: Record | None) -> _Named:
    """Choose among objects of one name: the one on record, else the least id."""
    recorded = record.vtn_id if record else None
    return min(named, key=lambda found: (found.id != recorded, found.id))


def without_unreadable(plan: VenPlan, unreadable: Mapping[str, str]) -> VenPlan:
    """Create nothing anew that the VTN shows, but in a way that cannot be read.

    *unreadable* gives the reasons by id; what is on record under one of these is there.
    """
    if plan.kind is Kind.CREATE and (why := _unread(plan.record, unreadable)) is not None:
        return replace(plan, kind=Kind.CONFLICT, reason=why, resources=())
    resources = tuple(
        action._replace(kind=Kind.CONFLICT, reason=why)
        if action.kind is Kind.CREATE and (why := _unread(action.record, unreadable)) is not None
        else action
        for action in plan.resources
    )
    return replace(plan, resources=resources)


def _unread(record: Record | None, unreadable: Mapping[str, str]) -> str | None:
    reason = unreadable.get(record.vtn_id or "") if record is not None else None
    return (
        None if reason is None else f"the VTN holds it, but what it shows is unreadable: {reason}"
    )
