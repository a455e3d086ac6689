"""Records as values: what each step of a registration leaves on record."""

from ven_daemon.domain.attributes import ours, same
from ven_daemon.domain.errors import RejectedError, TooLargeError, VtnError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.registration import (
    ObservedResource,
    ObservedVen,
    Origin,
    Record,
    ResourceAction,
    Status,
    WantedResource,
)


def origin_of(record: Record | None, ven: Record | None = None) -> Origin:
    """Say whose an object is that was found at the VTN.

    It is ours too where a create of it was under way: *ven* has an open intent, which
    was put on record only after everything present had been.
    """
    if record is not None and record.origin is not None:
        return record.origin
    tried = record is not None and record.vtn_id is None
    under_way = ven is not None and ven.settled_at is not None
    return Origin.CREATED if tried or under_way else Origin.ADOPTED


def sending(name: str, record: Record | None) -> Record:
    """Say that a ven is being created."""
    return Record(name, Status.SENDING, attempts=record.attempts if record else 0)


def held(
    name: str, observed: ObservedVen, record: Record | None, origin: Origin | None = None
) -> Record:
    """Say that the VTN holds a ven."""
    return Record(
        name,
        Status.REGISTERED,
        vtn_id=observed.id,
        origin=origin or origin_of(record),
        targets=observed.targets,
    )


def registered(
    key: ResourceKey, wanted: WantedResource, shown: ObservedResource, origin: Origin
) -> Record:
    """Say that the VTN holds a resource as wanted, and how it shows it where that differs."""
    as_sent = shown.name == wanted.name and (
        shown.attributes is wanted.attributes or same(wanted.attributes, ours(shown.attributes))
    )
    applied, echoed = (None, None) if as_sent else (wanted.fingerprint, shown.fingerprint)
    return Record(
        wanted.name, Status.REGISTERED, key, shown.id, origin, applied, echoed, shown.targets
    )


def settled(action: ResourceAction, origin: Origin) -> Record:
    """Say on record what was found as wanted; what is there already stays, to the letter."""
    record, found, wanted = action.record, action.observed, action.wanted
    if found is None or wanted is None:
        raise AssertionError("nothing was found")
    if (
        record is not None
        and record.status is Status.REGISTERED
        and (record.vtn_id, record.targets, record.key) == (found.id, found.targets, wanted.key)
    ):
        return record
    return registered(wanted.key, wanted.in_full(), found, origin)


def failed(record: Record, error: VtnError, digest: str | None = None) -> Record:
    """Say how a write failed.

    *digest* is the fingerprint of what was offered: what the VTN rejected is not
    offered again until it changes.
    """
    rejected = isinstance(error, RejectedError | TooLargeError)
    return record._replace(
        status=Status.REJECTED if rejected else Status.FAILED,
        applied=digest if rejected else record.applied,
        attempts=record.attempts + 1,
        last_error=str(error),
    )


def failed_resource(action: ResourceAction, error: VtnError) -> Record | None:
    """Say how a create or a replacement failed; a failed deletion changes no record."""
    wanted, found = action.wanted, action.observed
    if wanted is None:
        return None
    fresh = Record(action.name, Status.FAILED, wanted.key, found.id if found else None)
    return failed(
        action.record if action.record and found else fresh, error, wanted.in_full().fingerprint
    )
