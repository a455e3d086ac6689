"""Every version of every program and event, kept once however many readers are shown it."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ven_daemon.domain.events import Event, Program
from ven_daemon.domain.sightings import Reading
from ven_daemon.store import bulk
from ven_daemon.store.database import Database
from ven_daemon.store.failures import retried
from ven_daemon.store.schema import versions
from ven_daemon.wire.dialects import PROFILES
from ven_daemon.wire.elements import united
from ven_daemon.wire.profile import Shown

T = TypeVar("T", Event, Program)

WRITTEN_TOGETHER = 500
"""Versions that wait for a transaction, at the most."""

BYTES_TOGETHER = 4 * 1024 * 1024
"""Bytes of them, at the most."""

HELD_TOGETHER = 1024 * 1024
"""Bytes of versions that are held read; as values they take ten times that."""

READ_ASIDE = 64 * 1024
"""Bytes of a version from which on it is read in a thread."""

PAGE = 2000
"""Rows that are taken in at a time, so that a million of them hold nobody up."""


class Words(NamedTuple):
    """A version as it was sent."""

    dialect: str
    json: str


class VersionStore(Generic[T]):
    """Versions of one kind. Nothing of it is changed once it is kept, only forgotten."""

    def __init__(self, database: Database, kind: type[T]) -> None:
        self._database = database
        self._name = kind.__name__.lower()
        self._known: dict[str, Reading] = {}
        self._items: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._held = 0
        self._pending: list[tuple[Any, ...]] = []
        self._size = 0
        self._writing = asyncio.Lock()

    @property
    def known(self) -> Mapping[str, Reading]:
        """What is kept, or waits for the next transaction: by digest, what reading it came to."""
        return self._known

    async def open(self) -> None:
        """Take in what is kept, but for what could not be read: it is tried again."""
        last = ""
        names = ("digest", "reason", "program", "void", "targeted", "dialect")
        columns = [versions.c[name] for name in names]
        while True:
            wanted = (
                select(*columns)
                .where(
                    versions.c.kind == self._name,
                    versions.c.digest > last,
                    versions.c.reason.is_(None),
                )
                .order_by(versions.c.digest)
                .limit(PAGE)
            )
            async with self._database.read() as connection:
                rows = (await connection.execute(wanted)).all()
            for digest, *found in rows:
                self._known[digest] = _shared(Reading(*found))
            if len(rows) < PAGE:
                return
            last = rows[-1].digest
            await asyncio.sleep(0)

    async def keep(self, shown: Sequence[Shown[T]]) -> None:
        """Keep what is not known yet: at the latest with the next transaction."""
        at = bulk.instant(datetime.now(UTC))
        for each in shown:
            if each.digest in self._known:
                continue
            reading = self._reading_of(each)
            self._known[each.digest] = reading
            self._size += len(each.json)
            self._pending.append(
                (
                    each.digest,
                    self._name,
                    each.id,
                    reading.program,
                    each.dialect,
                    each.json.decode(),
                    reading.reason,
                    reading.void,
                    reading.targeted,
                    at,
                )
            )
        if len(self._pending) >= WRITTEN_TOGETHER or self._size >= BYTES_TOGETHER:
            await self.flush()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that also writes what waits; it waits on where that fails."""
        async with self._writing:
            pending, self._pending, self._size = self._pending, [], 0
            try:
                async with self._database.begin() as connection:
                    await bulk.upsert(connection, versions, pending)
                    yield connection
            except BaseException:
                self._pending[:0] = pending
                raise

    @retried
    async def flush(self) -> None:
        """Write what waits."""
        async with self.writing():
            pass

    async def items(self, digests: Iterable[str]) -> dict[str, T]:
        """Read versions; those that cannot be read, or are not kept, are left out."""
        wanted = set(digests)
        found = {digest: self._items[digest][0] for digest in wanted if digest in self._items}
        missing = [digest for digest in wanted if digest not in found]
        if any(row[0] not in found and row[0] in wanted for row in self._pending):
            await self.flush()
        for begin in range(0, len(missing), PAGE // 10):
            found.update(await self._load(missing[begin : begin + PAGE // 10]))
            await asyncio.sleep(0)
        return found

    async def words(self, digests: Iterable[str]) -> dict[str, Words]:
        """Give versions as they were sent, members sorted."""
        await self.flush()
        columns = (versions.c.digest, versions.c.dialect, versions.c.words)
        async with self._database.read() as connection:
            wanted = versions.c.digest.in_(bulk.texts(connection, digests))
            rows = (await connection.execute(select(*columns).where(wanted))).all()
        return {digest: Words(dialect, words) for digest, dialect, words in rows}

    async def united(self, digests: Sequence[str]) -> str | None:
        """Keep versions that differ in their targets as one with all of them; give its digest."""
        found = await self.words(digests)
        parts = [found[each] for each in digests if each in found and found[each].json]
        if len(parts) < len(digests):
            return None
        body = united([each.json.encode() for each in parts])
        if body is None:
            return None
        shown: Any = PROFILES[parts[0].dialect].read_event(body)
        await self.keep([shown])
        return str(shown.digest)

    def forget(self, digests: Iterable[str]) -> None:
        """Take in that versions were removed."""
        for digest in digests:
            self._known.pop(digest, None)
            _, size = self._items.pop(digest, (None, 0))
            self._held -= size

    async def _load(self, digests: Sequence[str]) -> dict[str, T]:
        found: dict[str, T] = {}
        columns = (versions.c.digest, versions.c.dialect, versions.c.words)
        async with self._database.read() as connection:
            wanted = versions.c.digest.in_(bulk.texts(connection, digests))
            rows = (await connection.execute(select(*columns).where(wanted))).all()
        for digest, dialect, words in rows:
            item = await self._read(dialect, words)
            if item is not None:
                found[digest] = item
                self._hold(digest, item, len(words))
        return found

    async def _read(self, dialect: str, words: str) -> T | None:
        if not words:
            return None
        body, profile = words.encode(), PROFILES[dialect]
        read: Any = profile.read_event if self._name == "event" else profile.read_program
        if len(body) < READ_ASIDE:
            item: T | None = read(body).item
        else:
            item = (await asyncio.to_thread(read, body)).item
        return item

    def _reading_of(self, shown: Shown[T]) -> Reading:
        if shown.item is None:
            return Reading(shown.reason, dialect=shown.dialect)
        self._hold(shown.digest, shown.item, len(shown.json))
        return _shared(Reading.of(shown.item, shown.dialect))

    def _hold(self, digest: str, item: T, size: int) -> None:
        if digest in self._items:
            return
        self._items[digest] = (item, size)
        self._held += size
        while self._held > HELD_TOGETHER and len(self._items) > 1:
            _, (_, dropped) = self._items.popitem(last=False)
            self._held -= dropped


@lru_cache(maxsize=1024)
def _shared(reading: Reading) -> Reading:
    """Give one value for all that are equal: nearly all events of a program are."""
    return reading
