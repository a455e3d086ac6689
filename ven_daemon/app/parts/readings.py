"""Taking readings: from devices over HTTP, into the store, and out again when they are old."""

from collections import Counter
from collections.abc import Awaitable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ven_daemon.app import reading_figures
from ven_daemon.app.parts.part import Part
from ven_daemon.app.sources import Sources
from ven_daemon.config import Settings
from ven_daemon.domain.readings import Sifted
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.loop import Loop
from ven_daemon.runtime.supervisor import Root
from ven_daemon.services.telemetry.bringing import Bringing
from ven_daemon.services.telemetry.intake import Intake
from ven_daemon.services.telemetry.keeping import Keeping
from ven_daemon.services.telemetry.roster import Roster
from ven_daemon.services.telemetry.taking import Taking
from ven_daemon.store.database import Database
from ven_daemon.store.device_tokens import DeviceToken, DeviceTokenStore, digest_of
from ven_daemon.store.guard import StoreGuard
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.readings import ReadingStore

WATCH = timedelta(seconds=5)
"""How soon a change of the inventory or of device tokens is taken up."""

KEEP = timedelta(seconds=30)
"""How often what is too old or too much is looked for."""


class ReadingsPart(Part):
    """Takes readings while the daemon runs."""

    name = "readings"

    def __init__(
        self,
        settings: Settings,
        inventory: InventoryStore,
        database: Database,
        guard: StoreGuard,
        sources: Sources,
    ) -> None:
        self.body_limit = int(settings.readings_body)
        self.post_limit = settings.readings_per_post
        self.refused: Counter[str] = Counter()
        self._inventory = inventory
        self._tokens = DeviceTokenStore(database)
        self.store = ReadingStore(database)
        self._intake = Intake(self.store, settings.readings_queue, guard.check)
        self._taking = Taking(self._intake, settings.readings_retention)
        self._keeping = Keeping(
            self.store,
            settings.readings_retention,
            int(settings.readings_size),
            database.is_sqlite,
        )
        self._roster = Roster()
        self._sources = sources
        self._bringing = Bringing(self._take_from)
        self._mark: str | None = None
        self._bearers: Mapping[str, Container[str]] = {}
        self._watching = Loop("readings roster", self._watch)
        self._housekeeping = Loop("readings keeping", self._keep)
        self._watching.wake()
        self._housekeeping.wake()

    def cadences(self) -> Sequence[tuple[Loop, timedelta]]:
        """Follow the inventory and the tokens; keep house."""
        return ((self._watching, WATCH), (self._housekeeping, KEEP))

    def roots(self) -> Mapping[str, Root]:
        """Write, and keep the sources at work."""
        return {"readings intake": self._intake.run, "sources": self._bringing.run}

    @property
    def is_open(self) -> bool:
        """Whether it is known whose readings are to be taken."""
        return self._mark is not None

    @property
    def everybody(self) -> Container[str]:
        """The resources that exist."""
        return self._roster.everybody

    def bearer(self, token: str) -> Container[str] | None:
        """Whose readings the bearer of a device's token may bring."""
        return self._bearers.get(digest_of(token))

    def take(self, items: Sequence[object], whose: Container[str]) -> Awaitable[Sifted]:
        """Keep what came over HTTP."""
        return self._taking.take("http", items, whose)

    def _take_from(self, source: str, items: Sequence[object]) -> Awaitable[Sifted]:
        """Keep what a source brought: it may speak for every resource."""
        return self._taking.take(source, items, self._roster.everybody)

    def figures(self) -> Iterable[Figure]:
        """Counts of this process, and of the store since it was made."""
        yield from reading_figures.kept(self.store.counted)
        yield from reading_figures.refused(self._taking.rejected, self.refused)
        yield from reading_figures.sources(self._bringing.states.values())
        yield from reading_figures.committed(self._intake)

    def summary(self) -> Mapping[str, Any]:
        """Say what the store holds and whether it keeps up."""
        totals = self.store.counted
        return {
            "accepted": totals.accepted,
            "held": totals.held,
            "trimmed": totals.trimmed,
            "rejected": self._taking.rejected.total(),
            "turned_away": self._intake.figures.turned_away,
            "queued": self._intake.queued,
        }

    async def _watch(self) -> None:
        """Follow the inventory and the tokens."""
        mark = await self._inventory.mark()
        if mark != self._mark:
            fleet, connections = await self._inventory.fleet(), await self._inventory.connections()
            self._roster.take(fleet)
            self._bringing.want(self._sources.wanted(fleet, connections))
            self._mark = mark
        self._bearers = {token.digest: self._whose(token) for token in await self._tokens.every()}

    def _whose(self, token: DeviceToken) -> Container[str]:
        if token.ven is not None:
            return self._roster.of(token.ven)
        return self._roster.only(token.resource) if token.resource is not None else ()

    async def _keep(self) -> None:
        """Trim what is too old or too much."""
        await self._keeping.keep(datetime.now(UTC))
