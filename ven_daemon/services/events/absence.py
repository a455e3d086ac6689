"""Events that are no longer listed: asked for by id before anything is cancelled."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from ven_daemon.domain.errors import (
    ForbiddenError,
    NotFoundError,
    TooLargeError,
    VtnError,
)
from ven_daemon.domain.events import Event
from ven_daemon.domain.ids import EventId
from ven_daemon.domain.registration import Target
from ven_daemon.domain.sightings import Glimpse, Lost, Sighting, Standing, why_gone
from ven_daemon.services.events.reader import EVERYBODY, Memory, Reader
from ven_daemon.store.versions import VersionStore

CONFIRMED_TOGETHER = 100
"""Events that one poll asks for by id; the others wait for the next one."""

LOOK_AGAIN = 300.0
"""Seconds after which one that is there and not listed is asked for again (T-21)."""

SHARED = 60.0
"""Seconds for which one reader's "not found" holds for all, where an event has no targets."""

GONE_MOST = 1000
"""Events for which that is remembered."""

Answer: TypeAlias = Glimpse | Lost
"""It is there, as shown; or what became of it."""


class Absence:
    """Says what became of events that a reader knew and is no longer shown."""

    def __init__(self, versions: VersionStore[Event], intervals_most: int) -> None:
        self.asked = 0
        """Events that were asked for by id."""
        self._versions = versions
        self._intervals_most = intervals_most
        self._gone: dict[EventId, float] = {}

    async def explain(
        self, reader: Reader, memory: Memory, absent: Sequence[Sighting]
    ) -> Mapping[EventId, Answer]:
        """Ask for as many of *absent* as one poll may; the others are unconfirmed."""
        now = time.monotonic()
        due = [each for each in absent if memory.hidden.get(each.event, 0.0) <= now]
        answers: dict[EventId, Answer] = {
            each.event: Lost(Standing.UNCONFIRMED, "not listed; the VTN was not asked yet")
            for each in due[CONFIRMED_TOGETHER:]
        }
        asked = due[:CONFIRMED_TOGETHER]
        targets = await self._targets(asked)
        looks = [self._look(reader, each, targets.get(each.event, ())) for each in asked]
        found = dict(zip((each.event for each in asked), await asyncio.gather(*looks), strict=True))
        memory.hidden = {
            **{id_: at for id_, at in memory.hidden.items() if at > now},
            **{id_: now + LOOK_AGAIN for id_, each in found.items() if _is_there(each)},
        }
        missing = {id_: each for id_, each in found.items() if isinstance(each, VtnError)}
        told = [id_ for id_ in missing if targets.get(id_)]
        granted = await self._granted(reader) if told and _is_private(reader) else frozenset()
        answers.update({id_: e for id_, e in found.items() if not isinstance(e, VtnError)})
        for id_, error in missing.items():
            answers[id_] = self._conclude(reader, id_, targets.get(id_, ()), error, granted)
        return answers

    async def _look(
        self, reader: Reader, held: Sighting, targets: tuple[Target, ...]
    ) -> Answer | VtnError:
        """Ask for one event; an error says that it was not found, or may not be seen."""
        if not targets and self._gone.get(held.event, 0.0) > time.monotonic():
            return NotFoundError("another reader was told so")
        self.asked += 1
        try:
            shown = await reader.client.event(held.event, self._intervals_most)
        except (NotFoundError, ForbiddenError) as error:
            return error
        except TooLargeError as error:
            return Lost(Standing.QUARANTINED, str(error))
        except VtnError as error:
            return Lost(Standing.UNCONFIRMED, str(error))
        if shown.id != held.event:
            return Lost(Standing.UNCONFIRMED, f"the VTN shows {shown.id} for it")
        if shown.digest not in self._versions.known:
            await self._versions.keep([shown])
        return Glimpse(shown.id, shown.digest, shown.modified)

    async def _targets(self, absent: Sequence[Sighting]) -> dict[EventId, tuple[Target, ...]]:
        items = await self._versions.items(each.read for each in absent if each.read)
        return {each.event: items[each.read].targets for each in absent if each.read in items}

    async def _granted(self, reader: Reader) -> frozenset[str] | Lost:
        """Look at what the reader's ven and resources bear now (T-13, T-14)."""
        try:
            vens = await reader.client.vens()
            resources = [await reader.client.resources(ven.id) for ven in vens]
        except VtnError as error:
            return Lost(Standing.UNCONFIRMED, f"its targets cannot be looked up: {error}")
        if not vens:
            return Lost(Standing.UNCONFIRMED, "the VTN shows no ven of this reader")
        borne = [ven.targets for ven in vens]
        borne += [resource.targets for resource in chain.from_iterable(resources)]
        return frozenset(target.value for targets in borne for target in targets)

    def _conclude(
        self,
        reader: Reader,
        id_: EventId,
        targets: tuple[Target, ...],
        error: VtnError,
        granted: frozenset[str] | Lost,
    ) -> Lost:
        """Say why an event was not found, or may not be seen."""
        if isinstance(granted, Lost) and targets:
            return granted
        lost = Lost(Standing.DELETED)
        if isinstance(granted, frozenset) and _is_private(reader):
            lost = why_gone(targets, granted)
        if isinstance(error, ForbiddenError) and lost.standing is Standing.DELETED:
            return Lost(Standing.UNCONFIRMED, str(error))
        if not targets:
            self._gone[id_] = time.monotonic() + SHARED
            if len(self._gone) > GONE_MOST:
                self._gone.pop(next(iter(self._gone)))
        return lost


def _is_there(answer: Answer | VtnError) -> bool:
    """Whether it exists, listed or not; such need not be asked for at every poll."""
    if isinstance(answer, Lost):
        return answer.standing is Standing.QUARANTINED
    return isinstance(answer, Glimpse)


def _is_private(reader: Reader) -> bool:
    """Whether what it may see follows from targets of a ven of its own."""
    return reader.name != EVERYBODY and reader.client.profile.hides_by_targets
