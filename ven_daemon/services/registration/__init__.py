"""Registration: the VTN's vens and resources made equal to the inventory.

One step, which can be repeated, cut short at any await, and run by hand.
"""

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.fleet import Fleet, Ven
from ven_daemon.domain.ids import ClientId, VenName
from ven_daemon.domain.outcome import Outcome, VenOutcome
from ven_daemon.domain.planning import want
from ven_daemon.domain.registration import Policy, Records, VenPlan, WantedVen
from ven_daemon.services.registration.journal import Journal
from ven_daemon.services.registration.rounds import Party, Rounds
from ven_daemon.services.registration.watching import NobodyWatches, Watcher
from ven_daemon.store.inventory import InventoryStore
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.vtn.client import VtnClient

PARTIES_AT_ONCE = 32
"""Credentials that are worked for at the same time."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Identities:
    """Who registers whom: one client for all VENs, or a client of each VEN's own."""

    shared: VtnClient | None = None
    own: Mapping[VenName, VtnClient] = field(default_factory=dict)
    client_ids: Mapping[VenName, ClientId] = field(default_factory=dict)
    """The clients that VENs have credentials of, where each has one."""
    need_credentials: bool = False
    """Whether a VEN without a credential of its own cannot be registered."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which VENs a run is about: all, the first *limit* in order, or some by name."""

    limit: int | None = None
    names: tuple[str, ...] = ()
    without: Container[VenName] = ()
    """VENs that are left alone, at the VTN and on record; asked when the run begins."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out, so that what is missing has left the inventory."""
        return self.limit is None and not self.names

    def of(self, fleet: Fleet) -> tuple[Ven, ...]:
        """Choose among the VENs of the inventory.

        Raises:
            ConfigurationError: a name is not in it.
        """
        known = {ven.name: ven for ven in fleet.vens}
        unknown = [name for name in self.names if VenName(name) not in known]
        if unknown:
            raise ConfigurationError(f"the inventory has no VEN {', '.join(map(repr, unknown))}")
        chosen = [known[VenName(name)] for name in self.names] if self.names else fleet.vens
        return tuple(ven for ven in chosen[: self.limit] if ven.name not in self.without)


@dataclass(frozen=True, slots=True)
class Targets:
    """Templates of the targets that new objects are given (`domain.naming.targets`)."""

    ven: tuple[str, ...] = ("{ven}",)
    resource: tuple[str, ...] = ("{type}", "{sub_type}")


class RegistrationService:
    """Compares the inventory with a VTN and makes the VTN follow."""

    def __init__(
        self,
        inventory: InventoryStore,
        store: RegistrationStore,
        identities: Identities,
        time_limit: timedelta,
        targets: Targets = Targets(),
        confirm_after: timedelta = timedelta(seconds=2),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._inventory = inventory
        self._store = store
        self._identities = identities
        self._targets = targets
        self._time_limit = time_limit
        self._confirm_after = confirm_after
        self._clock = clock

    async def plan(self, selection: Selection, policy: Policy) -> list[VenPlan]:
        """Say what `register` would do."""
        fleet = await self._fleet()
        runs, records, _ = await self._prepare(fleet, selection, policy, NobodyWatches())
        plans = await asyncio.gather(*(run.plan(records) for run in runs))
        return [each for some in plans for each in some]

    async def register(
        self,
        selection: Selection,
        policy: Policy,
        watcher: Watcher | None = None,
        *,
        put_off: bool = False,
    ) -> Outcome:
        """Do what is to be done; whatever fails is in the outcome, the rest goes on.

        With *put_off*, a VEN that cannot be looked at yet is not waited for.
        """
        watcher = watcher or NobodyWatches()
        fleet = await self._fleet()  # ours to the end: who asks meanwhile shares it
        runs, records, outcome = await self._prepare(fleet, selection, policy, watcher)
        places = asyncio.Semaphore(PARTIES_AT_ONCE)

        async def run_one(run: Rounds) -> None:
            async with places:
                await run.run(records, put_off=put_off)

        async with asyncio.TaskGroup() as group:
            for run in runs:
                group.create_task(run_one(run), name="registration")
        transports = {run.transport for run in runs}
        outcome.writes = sum(transport.writes for transport in transports)
        outcome.silent = any(transport.circuit.silent for transport in transports)
        by_name = {name: each for run in runs for name, each in run.outcomes.items()}
        barred = {each.ven: each for each in outcome.vens}
        order = [*by_name, *(name for name in barred if name not in by_name)]
        outcome.vens = [by_name.get(name) or barred[name] for name in order]
        return outcome

    async def _fleet(self) -> Fleet:
        """Read the inventory, while the token comes that is needed next."""
        if self._identities.shared is not None:
            self._identities.shared.fetch_ahead()
        return await self._inventory.fleet()

    async def _prepare(
        self, fleet: Fleet, selection: Selection, policy: Policy, watcher: Watcher
    ) -> tuple[list[Rounds], Mapping[VenName, Records], Outcome]:
        records = await self._store.records()
        outcome = Outcome(problems=fleet.problems())
        outcome.left_alone = [
            VenOutcome(ven.name, len(ven.enabled))
            for ven in fleet.vens
            if ven.name in selection.without
        ]
        wanted: dict[VenName, WantedVen | None] = {}
        for ven in selection.of(fleet):
            if not ven.enabled and ven.name not in records:
                outcome.skipped.append(ven.name)
                _log.warning("registration.skipped", ven=ven.name, why="it has no resources")
            else:
                wanted[ven.name] = self._want(ven, records.get(ven.name, Records()))
        if selection.is_whole:
            here = {ven.name for ven in fleet.vens}
            gone = (name for name in records if name not in here)
            wanted.update({name: None for name in gone if name not in selection.without})
        outcome.vens = self._without_credential(wanted)
        parties = self._parties({n: w for n, w in wanted.items() if n not in _names(outcome.vens)})
        journal = Journal(self._store, self._time_limit, self._clock)
        runs = [
            Rounds(party, self._store, journal, policy, watcher, self._confirm_after)
            for party in parties
        ]
        return runs, records, outcome

    def _want(self, ven: Ven, records: Records) -> WantedVen:
        client_id = self._identities.client_ids.get(ven.name)
        return want(ven, records, client_id, self._targets.ven, self._targets.resource)

    def _without_credential(self, wanted: Mapping[VenName, WantedVen | None]) -> list[VenOutcome]:
        if not self._identities.need_credentials:
            return []
        missing = [name for name in wanted if name not in self._identities.client_ids]
        reason = "it has no credential (ven-daemon credentials import FILE.csv)"
        return [
            VenOutcome(name, len(wish.resources), failures={None: reason})
            for name in missing
            if (wish := wanted[name]) is not None
        ]

    def _parties(self, wanted: Mapping[VenName, WantedVen | None]) -> Sequence[Party]:
        shared, own = self._identities.shared, self._identities.own
        if shared is not None:
            return [Party(shared, wanted)] if wanted else []
        return [Party(own[name], {name: wish}) for name, wish in wanted.items() if name in own]


def _names(outcomes: Iterable[VenOutcome]) -> set[VenName]:
    return {outcome.ven for outcome in outcomes}
