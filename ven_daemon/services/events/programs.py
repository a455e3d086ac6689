"""Programs: rarely refreshed, and asked for at once where an event names an unknown one."""

import asyncio
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.domain.errors import VtnError
from ven_daemon.domain.events import Program
from ven_daemon.domain.ids import ProgramId
from ven_daemon.services.events.reader import Memory, Reader
from ven_daemon.store.sightings import SightingStore
from ven_daemon.store.versions import VersionStore
from ven_daemon.vtn.sweeping import Pages

ASK_AGAIN = 300.0
"""Seconds after which a program that could not be seen is asked for again (T-15)."""

ASKED_TOGETHER = 20
"""Programs that one poll asks for by id."""

_log = structlog.get_logger(__name__)


class Programs:
    """Keeps what each reader may see of programs (T-15, T-38)."""

    def __init__(
        self, store: SightingStore, versions: VersionStore[Program], period: timedelta
    ) -> None:
        self._store = store
        self._versions = versions
        self.period = period
        self._pages = Pages[Program](versions)

    def forget(self) -> None:
        """Read everything again."""
        self._pages.forget()

    async def refresh(self, reader: Reader, memory: Memory) -> bool:
        """List the programs where that is due; True says that something changed.

        A list that cannot be read leaves everything as it was, and is asked for again
        with the next poll.
        """
        if time.monotonic() < memory.programs_due:
            return False
        try:
            sweep = await reader.client.programs(self._pages, memory.programs_sweep)
        except VtnError as error:
            _log.warning("programs.unreadable", reader=reader.name, error=str(error))
            return False
        memory.programs_due = time.monotonic() + self.period.total_seconds()
        last, memory.programs_sweep = memory.programs_sweep, sweep
        if last is not None and last.mark == sweep.mark:
            return False
        memory.without.clear()
        shown = {ProgramId(id_): each.digest for id_, each in sweep.found.items()}
        return await self._take(reader, memory, shown, memory.programs.keys() - shown.keys())

    async def resolve(self, reader: Reader, memory: Memory, wanted: Collection[ProgramId]) -> bool:
        """Ask for programs that events name and that the reader was not shown yet."""
        now, known = time.monotonic(), memory.programs
        unknown = [
            id_ for id_ in wanted if id_ not in known and memory.without.get(id_, 0.0) <= now
        ]
        memory.without = {id_: at for id_, at in memory.without.items() if id_ in wanted}
        asked = unknown[:ASKED_TOGETHER]
        found = await asyncio.gather(*(self._ask(reader, id_) for id_ in asked))
        memory.without.update(
            {id_: now + ASK_AGAIN for id_, each in zip(asked, found, strict=True) if each is None}
        )
        shown = {id_: each for id_, each in zip(asked, found, strict=True) if each is not None}
        return await self._take(reader, memory, shown, ()) if shown else False

    async def _ask(self, reader: Reader, id_: ProgramId) -> str | None:
        try:
            shown = await reader.client.program(id_)
        except VtnError as error:
            # An event may be shown to who may not see its program: it goes without defaults.
            _log.info("program.not_shown", reader=reader.name, program=id_, error=str(error))
            return None
        if shown.digest not in self._versions.known:
            await self._versions.keep([shown])
        return shown.digest

    async def _take(
        self,
        reader: Reader,
        memory: Memory,
        shown: dict[ProgramId, str],
        gone: Collection[ProgramId],
    ) -> bool:
        known = memory.programs
        fresh = {id_: digest for id_, digest in shown.items() if known.get(id_) != digest}
        if not fresh and not gone:
            return False
        now = datetime.now(UTC)
        await self._store.save_programs(reader.name, fresh, gone, now, self._versions)
        kept = {id_: digest for id_, digest in known.items() if id_ not in gone}
        memory.programs = {**kept, **fresh}
        return True
