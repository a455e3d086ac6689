"""Reading a collection to its end, whatever page size the VTN applies.

OpenADR pages have an offset and no order, total or cursor (T-22): rows move while we
read. Elements are de-duplicated by id; absence from a listing proves nothing and is
confirmed by those to whom it matters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Protocol, TypeVar

import structlog

from ven_daemon.domain.errors import OutcomeUnknownError, TooLargeError, UnsupportedError
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.elements import first_id
from ven_daemon.wire.profile import PAGE_LIMIT, Listing, Page


class HasId(Protocol):
    """Whatever a collection holds."""

    @property
    def id(self) -> str:
        """What the VTN calls it."""
        ...


T = TypeVar("T", bound=HasId)

PAGES_MOST = 100_000
"""Pages after which a listing is taken for endless (five million objects)."""

PAGES_AT_ONCE = 16
"""Pages of one listing asked for together, once their size is known."""

OVERSIZED_MOST = 100
"""Elements of one listing that may be too large to be read; a VTN that refuses all has more."""

STALE_MOST = 3
"""Small pages in a row that may hold nothing new."""

_log = structlog.get_logger(__name__)


def _later(before: T, after: T) -> T:
    """Of one id twice, take the one on the later page."""
    del before
    return after


class Paging(Generic[T]):
    """One pass over one collection."""

    def __init__(
        self,
        fetch: Callable[[Page], Awaitable[Listing[T]]],
        transport: Transport,
        choose: Callable[[T, T], T] = _later,
        oversized: Mapping[int, str | None] | None = None,
        still: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make a pass.

        *choose* is asked where an id is there twice. *oversized* lets elements that are
        too large to be read be passed over, and says at which offsets some were before;
        *still* whether one is there still, going by what was read up to it.
        """
        self.oversized: dict[int, str | None] = {}
        """Elements passed over: their ids, where these can be told, by their offsets."""
        self.unasked = 0
        """Those of them that were not asked for again."""
        self.unreadable: dict[str, str] = {}
        """Why elements cannot be read, by their ids, of those that have one."""
        self._fetch: Callable[[Page], Awaitable[Listing[T]]] = fetch
        self._transport = transport
        self._choose: Callable[[T, T], T] = choose
        self._passes_over = oversized is not None
        self._expected = sorted((oversized or {}).items())
        self._still = still
        self._found: dict[str, T] = {}
        self._bad: set[str | None] = {None}
        self._limit = PAGE_LIMIT
        self._skip = 0
        self._pages = 0
        self._at_once = 1
        self._most_at_once = PAGES_AT_ONCE
        self._stale = 0
        self._last: Listing[T] | None = None

    async def collect(self) -> list[T]:
        """Read every page; what cannot be read of one is logged by its id and passed over."""
        while not await self._read_more():
            if self._pages > PAGES_MOST:
                raise OutcomeUnknownError(f"a listing of more than {PAGES_MOST} pages")
        return list(self._found.values())

    async def _read_more(self) -> bool:
        """Read the next page or pages; True at the end."""
        limit = self._next_limit()
        asked = [Page(self._skip + n * limit, limit) for n in range(self._at_once)]
        try:
            listings = await _gather([self._fetch(page) for page in asked])
        except TooLargeError as error:
            self._at_once = 1
            if self._passes_over:
                self._most_at_once = 1  # to learn which of them it is
            if limit > 1:
                self._limit = limit // 2
            elif len(asked) == 1:
                self._pass_over(error)
            return False
        self._pages += len(listings)
        fresh = sum(self._take(listing) for listing in listings)
        self._skip += sum(listing.size for listing in listings)
        self._stale = 0 if fresh else self._stale + 1
        before, self._last = self._last, listings[-1]
        repeats = not fresh and before is not None and _ids(before) == _ids(self._last)
        return self._is_end(self._last.size, limit, repeats=repeats)

    def _next_limit(self) -> int:
        """Ask for as much as goes, short of where something was too large before, then for that."""
        while self._expected and self._expected[0][0] <= self._skip:
            offset, id_ = self._expected.pop(0)
            if offset == self._skip:
                if not self._still():
                    self._at_once = 1
                    return 1
                self.oversized[offset] = id_
                self.unasked += 1
                self._skip += 1
        if self._expected and self._expected[0][0] - self._skip < self._limit * self._at_once:
            self._at_once = 1
            return min(self._expected[0][0] - self._skip, self._limit)
        return self._limit

    def _pass_over(self, error: TooLargeError) -> None:
        """Go on behind one element that is too large on its own (F34), back to larger pages."""
        if not self._passes_over or len(self.oversized) == OVERSIZED_MOST:
            raise error
        self.oversized[self._skip] = first_id(error.head)
        self._skip += 1
        self._limit = PAGE_LIMIT
        self._most_at_once = PAGES_AT_ONCE

    def _is_end(self, last: int, limit: int, *, repeats: bool) -> bool:
        # A row that moved fills a small page with what is known, which proves nothing yet.
        over = repeats or self._stale > STALE_MOST
        if last >= limit:
            # One that is full at half the size says nothing of larger ones.
            self._transport.gives_full_pages |= limit == PAGE_LIMIT
            if over or (self._stale and limit == PAGE_LIMIT):
                return self._repeats(last, limit)
            # As many at once as were read so far: a wrong guess at the end costs little.
            self._at_once = min(self._pages, self._most_at_once) if last == limit else 1
            return False
        if last == 0 or over:
            return True
        # A short page is the last, unless this VTN always gives less than it is asked for.
        self._at_once = 1
        return self._transport.gives_full_pages

    def _repeats(self, last: int, limit: int) -> bool:
        """A VTN that ignores `skip` has shown everything only if it ignores `limit` too."""
        if last > limit:
            return True
        raise UnsupportedError("the VTN ignores skip: its listings cannot be read to their end")

    def _take(self, listing: Listing[T]) -> int:
        known = len(self._found) + len(self._bad)
        for item in listing.items:
            before = self._found.get(item.id)
            self._found[item.id] = item if before is None else self._choose(before, item)
        for bad in listing.unreadable:
            if bad.id is None or bad.id not in self._bad:
                _log.warning("object.unreadable", id=bad.id, reason=bad.reason)
            self._bad.add(bad.id)
            if bad.id is not None:
                self.unreadable[bad.id] = bad.reason
        return len(self._found) + len(self._bad) - known


def _ids(listing: Listing[T]) -> list[str]:
    return [item.id for item in listing.items]


async def _gather(pages: list[Awaitable[Listing[T]]]) -> list[Listing[T]]:
    """Wait for all; one that fails ends the others before its error goes on."""
    if len(pages) == 1:
        return [await pages[0]]
    tasks = [asyncio.ensure_future(page) for page in pages]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
