"""One credential's VENs, looked at and seen to in rounds until nothing is left unsettled."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from ven_daemon.domain.errors import GaveUpError, UnauthorizedError, VtnError
from ven_daemon.domain.ids import ClientId, VenName
from ven_daemon.domain.outcome import VenOutcome
from ven_daemon.domain.planning import plan, without_unreadable
from ven_daemon.domain.registration import Policy, Records, VenPlan, WantedVen
from ven_daemon.domain.retry import Backoff
from ven_daemon.services.registration.carrying_out import CarryingOut
from ven_daemon.services.registration.journal import Journal
from ven_daemon.services.registration.observation import Doubt, ask_by_name, observe
from ven_daemon.services.registration.watching import Watcher
from ven_daemon.store.registrations import RegistrationStore
from ven_daemon.vtn.client import VtnClient

ROUNDS = 8
"""Looks that a VEN gets in one run."""

REFUSED_ROUNDS = 2
"""Looks that a VEN gets whose credential is refused."""

REFUSED_PAUSE = 5.0
"""Seconds before a refused credential is tried again."""

VANISHED_SHARE = 0.2
"""From this share of what we know on, a VTN that shows it no longer is given a second (F04)."""

UNSETTLED = "the VTN may still accept what was sent before"

_PAUSE = Backoff(base=0.5, cap=10.0)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Party:
    """A credential and the VENs it registers; None is wanted of one that left the inventory."""

    client: VtnClient
    wanted: Mapping[VenName, WantedVen | None]


class Rounds:
    """One run over one party. Every round is the same level-triggered step.

    What was sent and not answered, what was refused because a name is taken, what a
    busy VTN put off: all of it is settled by looking again, never by remembering.
    """

    def __init__(
        self,
        party: Party,
        store: RegistrationStore,
        journal: Journal,
        policy: Policy,
        watcher: Watcher,
        confirm_after: timedelta,
    ) -> None:
        self.outcomes = {
            name: VenOutcome(name, len(wanted.resources) if wanted else 0)
            for name, wanted in party.wanted.items()
        }
        self.transport = party.client.transport
        self._party = party
        self._store = store
        self._journal = journal
        self._policy = policy
        self._watcher = watcher
        self._confirm_after = confirm_after
        self._conflicts: set[Doubt] = set()
        """What was refused because of its name once, by VEN and resource."""

    async def plan(self, records: Mapping[VenName, Records]) -> list[VenPlan]:
        """Look and decide, and do nothing."""
        return await self._plan(list(self._party.wanted), records)

    async def run(self, records: Mapping[VenName, Records], *, put_off: bool = False) -> None:
        """Go on until everything is settled, the rounds are used up, or the VTN is gone.

        With *put_off*, what the VTN may still accept from before is not waited for.
        """
        pending = list(self._party.wanted)
        looks = dict.fromkeys(pending, 0)
        while pending:
            if put_off and not (pending := self._without_unsettled(pending, records)):
                return
            ready = await self._settled(pending, records)
            again, refused = await self._round(ready, records)
            if self.transport.circuit.gave_up:
                again = set()
            # What the VTN rejects is offered once a run, whatever else needs another look.
            self._policy = replace(self._policy, retry_rejected=False)
            for name in ready:
                looks[name] += 1
            most = {name: REFUSED_ROUNDS if name in refused else ROUNDS for name in ready}
            over = dict.fromkeys(n for n in ready if n not in again or looks[n] >= most[n])
            for name in over:
                self._watcher.ven_done(self.outcomes[name])
            pending = [name for name in pending if name not in over]
            if pending:
                records = await self._store.records()
                await self._rest(looks, refused.intersection(pending))

    async def _round(
        self, names: Sequence[VenName], records: Mapping[VenName, Records]
    ) -> tuple[set[VenName], set[VenName]]:
        """Look and act once; give the VENs to look at again, and those whose token was refused."""
        try:
            plans = await self._plan(names, records)
            self._watcher.planned(plans)
            pass_ = CarryingOut(
                self._party.client, self._journal, self.outcomes, self._watcher, self._conflicts
            )
            await pass_.run(plans)
        except VtnError as error:
            return self._lost(names, error)
        return pass_.again, pass_.refused

    def _lost(self, names: Sequence[VenName], error: VtnError) -> tuple[set[VenName], set[VenName]]:
        """Note that a whole look failed, and whether another can help."""
        for name in names:
            self.outcomes[name].failures[None] = str(error)
        refused = set(names) if isinstance(error, UnauthorizedError) else set()
        later = error.transient and not isinstance(error, GaveUpError)
        return set(names) if later else refused, refused

    async def _rest(self, looks: Mapping[VenName, int], refused: set[VenName]) -> None:
        """Pause before the next round, longer where a credential was refused."""
        if refused:
            # Token endpoints also refuse while their own database is in trouble.
            await self._pause("a credential was refused", REFUSED_PAUSE)
        else:
            await self._pause("looking again", _PAUSE.delay(max(looks.values()), 0.75))

    async def _settled(
        self, names: Sequence[VenName], records: Mapping[VenName, Records]
    ) -> list[VenName]:
        """Give the VENs whose lost creates can no longer be accepted; wait if there are none."""
        opened = self._opened(names, records)
        while True:
            now = self._journal.clock()
            ready = [name for name in names if name not in opened or opened[name] <= now]
            if ready:
                return ready
            await self._pause(UNSETTLED, (min(opened.values()) - now).total_seconds())

    def _opened(
        self, names: Sequence[VenName], records: Mapping[VenName, Records]
    ) -> dict[VenName, datetime]:
        """Say until when creates of before may be accepted, where there are such."""
        # An intent dated by a clock that was wrong is no reason to wait for longer.
        latest, nothing = self._journal.settles_at(), Records()
        found = ((name, records.get(name, nothing).open_until) for name in names)
        return {name: min(until, latest) for name, until in found if until is not None}

    def _without_unsettled(
        self, names: Sequence[VenName], records: Mapping[VenName, Records]
    ) -> list[VenName]:
        """Leave those to a later run that cannot be looked at yet, and say so of each."""
        now = self._journal.clock()
        later = {name: at for name, at in self._opened(names, records).items() if at > now}
        for name, at in later.items():
            outcome = self.outcomes[name]
            outcome.put_off = at
            outcome.failures[None] = f"put off: {UNSETTLED}"
            self._watcher.ven_done(outcome)
        return [name for name in names if name not in later]

    async def _plan(
        self, names: Sequence[VenName], records: Mapping[VenName, Records]
    ) -> list[VenPlan]:
        plans = await self._look(names, records)
        lost = [each for each in plans if each.vanished]
        if not lost:
            return plans
        # Listings are unstable while others write: absence is confirmed by a second look.
        vanished, known = sum(p.vanished for p in plans), sum(p.known for p in plans)
        if vanished > known * VANISHED_SHARE:
            _log.warning("registration.vanished", vanished=vanished, known=known)
            await self._pause("objects on record are gone", self._confirm_after.total_seconds())
        missed = {(each.ven, name) for each in lost for name in each.lost}
        again = await self._look([each.ven for each in lost], records, missed)
        confirmed = {each.ven: each for each in again}
        return [confirmed.get(each.ven, each) for each in plans]

    async def _look(
        self,
        names: Sequence[VenName],
        records: Mapping[VenName, Records],
        missed: AbstractSet[Doubt] = frozenset(),
    ) -> list[VenPlan]:
        """Look, and decide; what must be there, by what we know, is asked for by its name too."""
        wanted = self._party.wanted
        clients = {name: _client_of(wanted[name]) for name in names}
        seen = await observe(self._party.client, clients, len(wanted))
        doubts = [doubt for doubt in self._conflicts | missed if doubt[0] in clients]
        seen = await ask_by_name(self._party.client, seen, doubts)
        nothing = Records()
        plans = [
            plan(
                wanted[name],
                seen[name].vens,
                seen[name].resources,
                records.get(name, nothing),
                self._policy,
                name,
            )
            for name in names
        ]
        unreadable = self._party.client.unreadable
        return [without_unreadable(each, unreadable) for each in plans] if unreadable else plans

    async def _pause(self, why: str, seconds: float) -> None:
        if seconds > 0:
            self._watcher.waiting(why, seconds)
            await asyncio.sleep(seconds)


def _client_of(wanted: WantedVen | None) -> ClientId | None:
    return wanted.client_id if wanted else None
