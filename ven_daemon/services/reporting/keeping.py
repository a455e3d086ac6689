"""Keeping house in the outbox: what is too old or too much goes, and is counted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from ven_daemon.domain.reporting.outbox import State
from ven_daemon.domain.reporting.retention import KEPT, ROOM, Books, to_trim
from ven_daemon.store.outbox import OutboxStore
from ven_daemon.store.outbox_listing import OutboxListing

_PORTIONS_AT_ONCE = 100
"""Portions that one step removes; the next goes on, others write in between."""

_log = structlog.get_logger(__name__)


class Keeping:
    """One step: trim, then count."""

    def __init__(
        self,
        outbox: OutboxStore,
        listing: OutboxListing,
        kept: timedelta = KEPT,
        room: int = ROOM,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.books = Books()
        """As of the last step."""
        self._outbox = outbox
        self._listing = listing
        self._kept = kept
        self._room = room
        self._clock = clock

    async def step(self) -> int:
        """Remove what has to go; give how many reports went."""
        gone = 0
        for _ in range(_PORTIONS_AT_ONCE):
            some = await self._trim(self._clock())
            gone += some
            if not some:
                break
        self.books = await self._outbox.books()
        if self.books.missing:
            _log.error("outbox.books_do_not_balance", missing=self.books.missing)
        return gone

    async def _trim(self, now: datetime) -> int:
        total, old, first = await self._listing.weight(now - self._kept, self._room)
        chosen = [*to_trim(old, now, self._kept, self._room)]
        if not chosen and first:
            rest = total - sum(held.size for held in first)
            chosen = to_trim(first, now, self._kept, self._room - rest)
        if not chosen:
            return 0
        counts = await self._outbox.let_go(held.name for held in chosen)
        unsent = counts.total() - counts[State.SENT]
        (_log.warning if unsent else _log.info)(
            "outbox.trimmed", reports=counts.total(), never_sent=unsent
        )
        return counts.total()
