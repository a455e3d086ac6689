"""Reading a collection to its end, whatever page size the VTN applies.

OpenADR pages have an offset and no order, total or cursor (T-22): rows move while we
read. Elements are de-duplicated by id; absence from a listing proves nothing and is
confirmed by those to whom it matters.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from ven_daemon.domain.errors import OutcomeUnknownError, TooLargeError, UnsupportedError
from ven_daemon.domain.registration import ObservedResource, ObservedVen
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import PAGE_LIMIT, Listing, Page

T = TypeVar("T", ObservedVen, ObservedResource)

PAGES_MOST = 100_000
"""Pages after which a listing is taken for endless (five million objects)."""

PAGES_AT_ONCE = 16
"""Pages of one listing asked for together, once their size is known."""

_log = structlog.get_logger(__name__)


class Paging(Generic[T]):
    """One pass over one collection."""

    def __init__(
        self, fetch: Callable[[Page], Awaitable[Listing[T]]], transport: Transport
    ) -> None:
        self._fetch: Callable[[Page], Awaitable[Listing[T]]] = fetch
        self._transport = transport
        self._found: dict[str, T] = {}
        self._bad: set[str | None] = {None}
        self._limit = PAGE_LIMIT
        self._skip = 0
        self._pages = 0
        self._at_once = 1

    async def collect(self) -> list[T]:
        """Read every page; what cannot be read of one is logged by its id and passed over."""
        while not await self._read_more():
            if self._pages > PAGES_MOST:
                raise OutcomeUnknownError(f"a listing of more than {PAGES_MOST} pages")
        return list(self._found.values())

    async def _read_more(self) -> bool:
        """Read the next page or pages; True at the end."""
        asked = [Page(self._skip + n * self._limit, self._limit) for n in range(self._at_once)]
        try:
            listings = await _gather([self._fetch(page) for page in asked])
        except TooLargeError:
            if self._limit == 1:
                raise
            self._limit //= 2
            self._at_once = 1
            return False
        self._pages += len(listings)
        fresh = sum(self._take(listing) for listing in listings)
        self._skip += sum(listing.size for listing in listings)
        return self._is_end(listings[-1].size, fresh)

    def _is_end(self, last: int, fresh: int) -> bool:
        if last >= self._limit:
            # One that is full at half the size says nothing of larger ones.
            self._transport.gives_full_pages |= self._limit == PAGE_LIMIT
            if not fresh:
                return self._repeats(last)
            # As many at once as were read so far: a wrong guess at the end costs little.
            self._at_once = min(self._pages, PAGES_AT_ONCE) if last == self._limit else 1
            return False
        if last == 0 or not fresh:
            return True
        # A short page is the last, unless this VTN always gives less than it is asked for.
        self._at_once = 1
        return self._transport.gives_full_pages

    def _repeats(self, last: int) -> bool:
        """A VTN that ignores `skip` has shown everything only if it ignores `limit` too."""
        if last > self._limit:
            return True
        raise UnsupportedError("the VTN ignores skip: its listings cannot be read to their end")

    def _take(self, listing: Listing[T]) -> int:
        before = len(self._found) + len(self._bad)
        for item in listing.items:
            self._found[item.id] = item
        for bad in listing.unreadable:
            if bad.id is None or bad.id not in self._bad:
                _log.warning("object.unreadable", id=bad.id, reason=bad.reason)
            self._bad.add(bad.id)
        return len(self._found) + len(self._bad) - before


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
