"""Carrying out plans: creates, replacements and deletions at the VTN, and their records."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    GaveUpError,
    NotFoundError,
    StoppingError,
    UnauthorizedError,
    UnsupportedError,
    VtnError,
)
from ven_daemon.domain.ids import VenName
from ven_daemon.domain.outcome import VenOutcome
from ven_daemon.domain.registration import (
    Kind,
    ObservedVen,
    Origin,
    Record,
    ResourceAction,
    Status,
    VenPlan,
)
from ven_daemon.services.registration import records
from ven_daemon.services.registration.feed import Feed
from ven_daemon.services.registration.journal import Journal
from ven_daemon.services.registration.watching import Watcher
from ven_daemon.vtn.client import VtnClient

WORKERS = 64
"""Jobs in hand per credential; how many are in flight is the gate's affair."""

_WRITES = (Kind.CREATE, Kind.UPDATE, Kind.DELETE)
_LOOK_AGAIN = (ConflictError, NotFoundError, UnauthorizedError)
_WHOLE_VEN_IS_BARRED = (UnauthorizedError, ForbiddenError, UnsupportedError)


@dataclass(slots=True)
class Job:
    """One write about one object of one plan; without an action, about the ven itself."""

    plan: VenPlan
    announce: Callable[[Sequence["Job"]], Awaitable[None]]
    """Puts creates on record that are about to be sent."""
    action: ResourceAction | None = None
    start_by: float = 0.0
    """By when a create must have left, on the monotonic clock."""
    settles_at: datetime | None = None

    async def renew(self) -> None:
        """Announce it again: it had to wait for longer than was thought."""
        await self.announce([self])


class CarryingOut:
    """One pass over the plans of one credential."""

    def __init__(
        self,
        client: VtnClient,
        journal: Journal,
        outcomes: dict[VenName, VenOutcome],
        watcher: Watcher,
        conflicts: set[tuple[VenName, str | None]],
    ) -> None:
        self.again: set[VenName] = set()
        """VENs that must be looked at once more, because something is not settled."""
        self.refused: set[VenName] = set()
        """Those of them whose credential was refused."""
        self._client = client
        self._journal = journal
        self._outcomes = outcomes
        self._watcher = watcher
        self._conflicts = conflicts
        self._circuit = client.transport.circuit
        self._mass_rejections = self._circuit.mass_rejections
        self._rejected: list[tuple[VenName, Record]] = []
        self._vens: dict[VenName, ObservedVen] = {}
        self._coming: dict[VenName, asyncio.Event] = {}
        """Vens that are being created: set when they are there, or failed."""
        self._held: dict[VenName, Record] = {}
        self._announced: set[VenName] = set()
        self._unsettled: dict[VenName, datetime] = {}
        self._barred: dict[VenName, str] = {}

    async def run(self, plans: Sequence[VenPlan]) -> None:
        """Do what the plans say, vens first; results are on record at the end."""
        try:
            await self._settle_all(plans)
            # What was found is on record before an intent says that the rest was absent.
            await self._journal.flush()
            await Feed(self._writes(plans), self._announce).work(self._write, WORKERS)
            await self._delete_vens(plans)
            await self._note_rejections()
            await self._close_intents()
        finally:
            await self._journal.flush()

    async def _settle_all(self, plans: Sequence[VenPlan]) -> None:
        """Note what needs no write at the VTN."""
        for plan in plans:
            if plan.kind is Kind.CONFLICT:
                self._fail(plan.ven, None, plan.reason)
            elif plan.observed is not None:
                await self._hold(plan, plan.observed)
            for action in plan.resources:
                if action.kind not in _WRITES:
                    await self._settle(plan, action)
            await self._journal.forget(plan.ven, plan.forgotten)
            if plan.kind is Kind.NOTHING and plan.observed is None:
                await self._journal.forget_ven(plan.ven)

    async def _hold(self, plan: VenPlan, observed: ObservedVen) -> None:
        """Keep an observed ven for what stands under it, and record what changed about it."""
        self._vens[plan.ven] = observed
        held = self._held[plan.ven] = records.held(plan.ven, observed, plan.record)
        if plan.wanted is None:
            return
        outcome = self._outcomes[plan.ven]
        outcome.failures.pop(None, None)
        outcome.kind = outcome.kind or plan.kind
        if held != plan.record:
            await self._journal.note_ven(plan.ven, held)

    async def _settle(self, plan: VenPlan, action: ResourceAction) -> None:
        outcome = self._outcomes[plan.ven]
        match action.kind:
            case Kind.ADOPT | Kind.NOTHING:
                outcome.did(action.name, action.kind)
                record = records.settled(action, records.origin_of(action.record, plan.record))
                if record != action.record:
                    await self._journal.note(plan.ven, record)
                self._watcher.resource_done(plan.ven)
            case Kind.ORPHANED:
                outcome.did(action.name, action.kind)
            case Kind.CONFLICT:
                self._fail(plan.ven, action.name, action.reason)
                self._watcher.resource_done(plan.ven)
            case Kind.CREATE | Kind.UPDATE | Kind.DELETE:
                raise AssertionError("a write")

    def _writes(self, plans: Sequence[VenPlan]) -> Iterator[Job]:
        """Give the writes: vens first, so that what stands under them seldom waits for them."""
        missing = [plan for plan in plans if plan.kind is Kind.CREATE]
        for plan in missing:
            self._held[plan.ven] = records.sending(plan.ven, plan.record)
            self._coming[plan.ven] = asyncio.Event()
        yield from (Job(plan, self._announce) for plan in missing)
        for plan in plans:
            if plan.ven in self._held:
                writes = (each for each in plan.resources if each.kind in _WRITES)
                yield from (Job(plan, self._announce, each) for each in writes)

    def _write(self, job: Job) -> Awaitable[None]:
        if job.action is None:
            return self._create_ven(job)
        return self._write_resource(job, job.action)

    async def _create_ven(self, job: Job) -> None:
        ven, wanted = job.plan.ven, job.plan.wanted
        if wanted is None:
            raise AssertionError("a ven that nobody wants")
        try:
            created = await self._client.create_ven(wanted, job)
        except VtnError as error:
            self._judge(job, None, error)
            if not isinstance(error, StoppingError):
                self._held[ven] = records.failed(self._held[ven], error)
        else:
            self._outcomes[ven].kind = Kind.CREATE
            self._outcomes[ven].failures.pop(None, None)
            self._vens[ven] = created
            # On record by the next intent, or when intents are closed: never after a newer one.
            self._held[ven] = records.held(ven, created, None, Origin.CREATED)
        finally:
            self._coming.pop(ven).set()

    async def _write_resource(self, job: Job, action: ResourceAction) -> None:
        ven = job.plan.ven
        if ven in self._coming:
            await self._coming[ven].wait()
        if ven not in self._vens:
            return  # it is the ven that failed
        if ven in self._barred:
            self._fail(ven, action.name, self._barred[ven])
        else:
            try:
                await self._carry_out(job, action, self._vens[ven])
            except VtnError as error:
                self._judge(job, action.name, error)
                told = records.failed_resource(action, error)
                # What a stop kept from being sent is no failure to put on record.
                if told is not None and not isinstance(error, StoppingError):
                    await self._note_failure(ven, told)
            else:
                self._outcomes[ven].did(action.name, action.kind)
        self._watcher.resource_done(ven)

    async def _carry_out(self, job: Job, action: ResourceAction, under: ObservedVen) -> None:
        ven, wish, found = job.plan.ven, action.wanted, action.observed
        if wish is not None and found is not None:
            wanted = wish.in_full()
            shown = await self._client.update_resource(wanted, found, under)
            if action.record and action.record.name != action.name:
                await self._journal.forget(ven, [action.record.name])
            origin = records.origin_of(action.record, job.plan.record)
            await self._journal.note(ven, records.registered(wish.key, wanted, shown, origin))
        elif wish is not None:
            wanted = wish.in_full()
            shown = await self._client.create_resource(wanted, under, job)
            record = records.registered(wish.key, wanted, shown, Origin.CREATED)
            await self._journal.note(ven, record)
        elif found is not None:
            await self._client.delete_resource(found)
            await self._journal.forget(ven, [action.name])

    async def _delete_vens(self, plans: Iterable[VenPlan]) -> None:
        for plan in plans:
            if plan.kind is not Kind.DELETE or plan.observed is None:
                continue
            try:
                await self._client.delete_ven(plan.observed)
            except VtnError as error:
                self._judge(Job(plan, self._announce), None, error)
            else:
                self._outcomes[plan.ven].kind = Kind.DELETE
                await self._journal.forget_ven(plan.ven)

    async def _announce(self, jobs: Sequence[Job]) -> None:
        """Put on record, VEN by VEN, that creates are about to be sent."""
        settles_at = self._journal.settles_at()
        start_by = time.monotonic() + self._journal.start_within.total_seconds()
        creates = [job for job in jobs if job.action is None or job.action.kind is Kind.CREATE]
        for job in creates:
            job.settles_at, job.start_by = settles_at, start_by
        vens = {job.plan.ven for job in creates}
        self._announced |= vens
        intents = {ven: self._held[ven]._replace(settled_at=settles_at) for ven in vens}
        await self._journal.intend(intents)

    async def _note_failure(self, ven: VenName, told: Record) -> None:
        """Put a failure on record; a rejection only once the whole pass can be judged."""
        if told.status is Status.REJECTED:
            self._rejected.append((ven, told))
        else:
            await self._journal.note(ven, told)

    async def _note_rejections(self) -> None:
        """Hold back what was rejected, unless the VTN rejected everything (F09)."""
        everything = self._circuit.mass_rejections > self._mass_rejections
        for ven, told in self._rejected:
            record = told._replace(status=Status.FAILED, applied=None) if everything else told
            await self._journal.note(ven, record)
        if everything:
            self.again.update(ven for ven, _ in self._rejected)

    async def _close_intents(self) -> None:
        """Say from when on a VEN may be looked at again: at once where all is settled."""
        for ven in self._announced:
            record = self._held[ven]._replace(settled_at=self._unsettled.get(ven))
            await self._journal.note_ven(ven, record)

    def _judge(self, job: Job, resource: str | None, error: VtnError) -> None:
        """Note a failure, whether another look can help, and from when on."""
        ven = job.plan.ven
        reason = str(error)
        if isinstance(error, _WHOLE_VEN_IS_BARRED):
            self._barred[ven] = reason
        if isinstance(error, UnauthorizedError):
            self.refused.add(ven)
        if isinstance(error, ConflictError) and (ven, resource) in self._conflicts:
            reason = f"the name is taken by another client ({reason})"
        elif not isinstance(error, GaveUpError) and (
            error.transient or isinstance(error, _LOOK_AGAIN)
        ):
            self.again.add(ven)
        if isinstance(error, ConflictError):
            self._conflicts.add((ven, resource))
        if error.transient and not error.settled and job.settles_at is not None:
            self._unsettled[ven] = max(job.settles_at, self._unsettled.get(ven, job.settles_at))
        self._fail(ven, resource, reason)

    def _fail(self, ven: VenName, resource: str | None, reason: str) -> None:
        self._outcomes[ven].failures[resource] = reason
