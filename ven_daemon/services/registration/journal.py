"""Records on their way to the store: intents at once, results in batches."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from ven_daemon.domain.ids import VenName
from ven_daemon.domain.registration import Record
from ven_daemon.store.registrations import RegistrationStore

BATCH = 2000
"""Results that are written together. Losing some costs a look at the VTN, no object."""


class Journal:
    """What one run has to put on record.

    Before creates are sent, their VEN's record says from which instant on the VTN can
    accept none of them any more. Whoever finds such a record looks only then.
    """

    def __init__(
        self, store: RegistrationStore, time_limit: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self.clock = clock
        self.start_within = min(timedelta(seconds=5), time_limit / 2)
        """How soon after its intent a create must be sent, or its intent be renewed."""
        self._store = store
        self._time_limit = time_limit
        self._vens: dict[VenName, Record] = {}
        self._resources: dict[tuple[VenName, str], Record] = {}
        self._forgotten: list[tuple[VenName, str]] = []

    def settles_at(self) -> datetime:
        """Say from when on a create whose intent is written now can no longer be accepted."""
        return self.clock() + self.start_within + self._time_limit

    async def intend(self, vens: dict[VenName, Record]) -> None:
        """Commit intents before anything is sent."""
        await self._store.save(self.clock(), vens)

    async def note_ven(self, ven: VenName, record: Record) -> None:
        """Put a ven on record."""
        self._vens[ven] = record
        await self._flush_full()

    async def note(self, ven: VenName, record: Record) -> None:
        """Put a resource on record."""
        self._resources[ven, record.name] = record
        if len(self._resources) >= BATCH:
            await self.flush()

    async def forget(self, ven: VenName, names: Iterable[str]) -> None:
        """Take resources off the record."""
        self._forgotten.extend((ven, name) for name in names)
        await self._flush_full()

    async def forget_ven(self, ven: VenName) -> None:
        """Take a VEN and everything under it off the record."""
        await self.flush()
        await self._store.forget_ven(ven)

    async def flush(self) -> None:
        """Write what has gathered."""
        vens, self._vens = self._vens, {}
        resources, self._resources = self._resources, {}
        forgotten, self._forgotten = self._forgotten, []
        rows = [(ven, record) for (ven, _), record in resources.items()]
        await self._store.save(self.clock(), vens, rows, forgotten)

    async def _flush_full(self) -> None:
        if len(self._vens) + len(self._resources) + len(self._forgotten) >= BATCH:
            await self.flush()
