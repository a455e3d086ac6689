"""Putting on record what a list says that was not known."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from ven_daemon.domain.events import Event
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.sightings import (
    Glimpse,
    Lost,
    Reading,
    Revision,
    Sighting,
    goes_back,
    lose,
    oversee,
    revises,
    sight,
)
from ven_daemon.services.events.reader import Memory, Reader
from ven_daemon.store.sightings import PAGE, Change, SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.exchange import BODY_LIMIT

OVERSIZED = f"it takes more than {BODY_LIMIT} bytes"

_log = structlog.get_logger(__name__)


class Recording:
    """Decides what each change means to a reader, and writes it."""

    def __init__(self, store: SightingStore, events: VersionStore[Event]) -> None:
        self._store = store
        self._events = events

    async def record(
        self,
        reader: Reader,
        memory: Memory,
        shown: Sequence[Glimpse],
        answers: Mapping[EventId, Glimpse | Lost],
        oversized: Iterable[EventId],
    ) -> frozenset[EventId]:
        """Write the changes, in one transaction unless there are thousands."""
        known, now = memory.known, datetime.now(UTC)
        lost: list[tuple[Sighting | None, Sighting]] = [
            (known[id_], lose(known[id_], each, now))
            for id_, each in answers.items()
            if isinstance(each, Lost)
        ]
        lost += [
            (known.get(id_), oversee(id_, known.get(id_), now, OVERSIZED)) for id_ in oversized
        ]
        changes = [Change(new, held is None) for held, new in lost if new is not held]
        changed: set[EventId] = set()
        for begin in range(0, max(len(shown), 1), PAGE):
            some = shown[begin : begin + PAGE]
            changes += await self._sighted(some, known, now)
            await self._store.save(reader.name, changes)
            known.update({each.sighting.event: each.sighting for each in changes})
            changed.update(each.sighting.event for each in changes)
            _say(reader, changes)
            changes = []
            await asyncio.sleep(0)
        return frozenset(changed)

    async def _sighted(
        self, shown: Sequence[Glimpse], known: Mapping[EventId, Sighting], now: datetime
    ) -> list[Change]:
        """Decide what each version that was shown means to the reader."""
        readings = [self._events.known.get(each.digest, Reading()) for each in shown]
        held = [known.get(EventId(each.id)) for each in shown]
        revised = [
            (before.read, glimpse.digest)
            for glimpse, before, reading in zip(shown, held, readings, strict=True)
            if before is not None and revises(before, glimpse, reading)
        ]
        items = await self._events.items(digest for pair in revised for digest in pair)
        revisions = {
            (old, new): Revision(items[new], items[old])
            for old, new in revised
            if old in items and new in items
        }
        return [
            Change(
                sight(glimpse, before, now, reading, _revision(before, glimpse, revisions)),
                before is None,
                goes_back(before, glimpse),
            )
            for glimpse, before, reading in zip(shown, held, readings, strict=True)
        ]


def _say(reader: Reader, changes: Sequence[Change]) -> None:
    """Log what an operator may have to explain later."""
    if not changes:
        return
    counted: defaultdict[str, int] = defaultdict(int)
    for each in changes:
        counted[each.sighting.standing.value.replace("-", "_")] += 1
        if each.backwards:
            _log.warning("event.went_backwards", reader=reader.name, id=each.sighting.event)
        if each.sighting.reason is not None:
            _log.warning(
                f"event.{each.sighting.standing.value.replace('-', '_')}",
                reader=reader.name,
                id=each.sighting.event,
                reason=each.sighting.reason,
            )
    _log.info("events.changed", reader=reader.name, **counted)


def _revision(
    held: Sighting | None, glimpse: Glimpse, revisions: Mapping[tuple[str, str], Revision]
) -> Revision | None:
    return revisions.get((held.read, glimpse.digest)) if held is not None else None
