"""Whether a VTN wants granted targets in queries: found out, and remembered (T-11, T-12).

The Definition wants them, the User Guide does not, and some VTNs hide what has no targets
from whoever names some. So nothing is named first. Only where that shows nothing that has
targets, one granted target is tried; what it alone shows settles the question.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce

import structlog

from ven_daemon.domain.events import Event
from ven_daemon.domain.sightings import Glimpse
from ven_daemon.services.events.reader import Memory, Reader
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.sweeping import Pages, Sweep, newer

_log = structlog.get_logger(__name__)

TRAIT = "targets"

UNITED_MOST = 10_000
"""Events shown in several words of which it is remembered what they mean together."""


class Mode(StrEnum):
    """What a VTN wants."""

    UNKNOWN = "unknown"
    PLAIN = "plain"
    """It finds out itself what was granted."""
    EXPLICIT = "explicit"
    """It shows what has targets only to queries that name one of them."""


class Listing:
    """Lists events the way the VTN wants to be asked."""

    def __init__(
        self,
        store: SightingStore,
        versions: VersionStore[Event],
        pages: Pages[Event],
        intervals_most: int,
    ) -> None:
        self.mode = Mode.UNKNOWN
        self._store = store
        self._versions = versions
        self._pages = pages
        self._intervals_most = intervals_most
        self._united: dict[tuple[str, ...], str] = {}

    async def open(self) -> None:
        """Take in what was found out before."""
        self.mode = Mode(await self._store.trait(TRAIT) or Mode.UNKNOWN)

    async def read(self, reader: Reader, memory: Memory) -> Mapping[str | None, Sweep]:
        """Read everything that *reader* may see, by the target that was asked with."""
        plain = await self._sweep(reader, memory, None)
        sweeps: dict[str | None, Sweep] = {None: plain}
        if not reader.client.profile.hides_by_targets or not reader.granted:
            return sweeps
        if self.mode is Mode.UNKNOWN:
            await self._find_out(reader, memory, plain)
        if self.mode is Mode.EXPLICIT:
            for target in reader.granted:
                sweeps[target] = await self._sweep(reader, memory, target)
        return sweeps

    async def merged(self, sweeps: Iterable[Sweep]) -> dict[str, Glimpse]:
        """Put together what was shown; of one event in several words the newest count.

        A VTN shows of an event only the targets that were asked with, so two queries may
        show the same event with different ones: it means all of them.
        """
        shown: defaultdict[str, dict[str, Glimpse]] = defaultdict(dict)
        first, *others = sweeps
        if not others:
            return dict(first.found)
        for sweep in (first, *others):
            for id_, glimpse in sweep.found.items():
                shown[id_][glimpse.digest] = glimpse
        return {id_: await self._one_of([*each.values()]) for id_, each in shown.items()}

    async def _one_of(self, glimpses: list[Glimpse]) -> Glimpse:
        newest = reduce(newer, glimpses)
        same = [each for each in glimpses if each.modified == newest.modified]
        if len(same) == 1:
            return newest
        key = tuple(sorted(each.digest for each in same))
        if key not in self._united:
            shown = await self._versions.united(key)
            self._united[key] = shown or newest.digest
            if len(self._united) > UNITED_MOST:
                self._united.pop(next(iter(self._united)))
        return newest._replace(digest=self._united[key])

    async def _find_out(self, reader: Reader, memory: Memory, plain: Sweep) -> None:
        if any(self._is_targeted(each.digest) for each in plain.found.values()):
            await self._settle(Mode.PLAIN)
            return
        target = reader.granted[memory.probes % len(reader.granted)]
        memory.probes += 1
        probe = await self._sweep(reader, memory, target)
        if probe.found.keys() - plain.found.keys():
            await self._settle(Mode.EXPLICIT)

    def _is_targeted(self, digest: str) -> bool:
        reading = self._versions.known.get(digest)
        return reading is not None and reading.targeted

    async def _settle(self, mode: Mode) -> None:
        if self.mode is Mode.UNKNOWN:
            self.mode = mode
            _log.info("targets.mode_found", mode=mode.value)
            await self._store.note(TRAIT, mode, datetime.now(UTC))

    async def _sweep(self, reader: Reader, memory: Memory, target: str | None) -> Sweep:
        last = memory.sweeps.get(target)
        found = await reader.client.events(self._pages, target, last, self._intervals_most)
        memory.sweeps[target] = found
        return found
