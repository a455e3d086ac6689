"""Reading programs and events again and again: what is known by its bytes is not parsed.

A page is known by a digest of its bytes, whoever is shown it; an element by a digest of
its words. So an unchanged answer costs a digest, and an event that a whole fleet may see
is read once (T-37).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from ven_daemon.domain.errors import TooLargeError
from ven_daemon.domain.sightings import Glimpse
from ven_daemon.vtn.paging import Paging
from ven_daemon.vtn.transport import Transport
from ven_daemon.wire.profile import Listing, Page, Shown

T = TypeVar("T")

Read: TypeAlias = Callable[[Container[str]], Awaitable[Listing[Shown[T]]]]
"""Reads a page, but for the elements whose digests are given."""

GLIMPSES_MOST = 200_000
"""Elements that the pages remembered may hold together."""

LOOK_BEYOND = 300.0
"""Seconds for which the end behind an unchanged short page is taken as read (T-22)."""


class Keeper(Protocol[T]):
    """Where elements are kept by their digest."""

    @property
    def known(self) -> Container[str]:
        """Digests of what is kept."""
        ...

    async def keep(self, shown: Sequence[Shown[T]]) -> None:
        """Keep what is not known yet, for good."""
        ...


class Looked(NamedTuple):
    """A page that was looked at."""

    digest: bytes
    listing: Listing[Glimpse]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A whole listing, as it was shown to one reader."""

    found: Mapping[str, Glimpse]
    """By id; unreadable ones too."""
    oversized: Mapping[int, str | None]
    """Those too large to be read: their ids, where these can be told, by their offsets."""
    nameless: int
    """Elements that have no id, and so are nothing to us."""
    mark: bytes
    """Digest of the pages: an equal one says that nothing changed."""
    first: bytes
    """Digest of the first page, where it held everything; else empty."""
    ended: float
    """When its end was seen, on the monotonic clock."""
    pages: Mapping[Page, bytes] = field(default_factory=dict)
    """Digests of its pages, where something was too large to be read."""
    measured: float = 0.0
    """When it was last seen that something is too large."""


Fetch: TypeAlias = Callable[[Page], Awaitable[Looked]]
"""Asks for a page, and looks at it."""


class Pages(Generic[T]):
    """What pages of one collection of one VTN held, for all who read it."""

    def __init__(self, keeper: Keeper[T]) -> None:
        self.parsed = 0
        """Pages that were new; others are known by their digest."""
        self._keeper: Keeper[T] = keeper
        self._held: OrderedDict[bytes, Listing[Glimpse]] = OrderedDict()
        self._glimpses = 0
        self._turn = asyncio.Lock()

    def forget(self) -> None:
        """Read everything again: what was kept is gone."""
        self._held.clear()
        self._glimpses = 0

    async def look(self, body: bytes, read: Read[T]) -> Looked:
        """Say what a page holds; *read* is asked where its bytes are new."""
        digest = blake2b(body, digest_size=16).digest()
        held = self._held.get(digest)
        if held is not None:
            self._held.move_to_end(digest)
            return Looked(digest, held)
        # One at a time: pages that come together would hold the loop up together.
        async with self._turn:
            known = self._keeper.known
            listing = await read(known)
            self.parsed += 1
            fresh = [each for each in listing.items if each.digest not in known]
            if fresh:
                await self._keeper.keep(fresh)
            return Looked(digest, self._hold(digest, listing))

    def _hold(self, digest: bytes, listing: Listing[Shown[T]]) -> Listing[Glimpse]:
        glimpses = tuple([Glimpse(each.id, each.digest, each.modified) for each in listing.items])
        held = Listing(glimpses, listing.unreadable, listing.size)
        self._held[digest] = held
        self._glimpses += len(glimpses)
        while self._glimpses > GLIMPSES_MOST and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._glimpses -= len(dropped.items)
        return held


async def sweep(fetch: Fetch, transport: Transport, last: Sweep | None = None) -> Sweep:
    """Read a listing to its end; *last* is how this reader saw it before.

    Where it was one page, and that page is unchanged, it has ended as it did before: a
    VTN that gives less than it is asked for is found out again within `LOOK_BEYOND`.
    """
    seen: dict[Page, Looked] = {}
    if last is not None and last.first and (first := await _first(fetch)) is not None:
        seen[Page()] = first
        if first.digest == last.first and time.monotonic() - last.ended < LOOK_BEYOND:
            return last
    before = last.oversized if last is not None else {}
    paging = Paging(_reading(fetch, seen), transport, newer, before, lambda: _still(last, seen))
    found = {each.id: each for each in await paging.collect()}
    filled = [seen[each] for each in sorted(seen, key=_offset) if seen[each].listing.size]
    now, oversized = time.monotonic(), paging.oversized
    return Sweep(
        found,
        oversized,
        sum(len(each.listing.unreadable) for each in filled),
        blake2b(b"".join(each.digest for each in filled), digest_size=16).digest(),
        filled[0].digest if len(filled) == 1 and not oversized else b"",
        now,
        {each: seen[each].digest for each in seen} if oversized else {},
        last.measured if last is not None and paging.unasked else now,
    )


def _reading(
    fetch: Fetch, seen: dict[Page, Looked]
) -> Callable[[Page], Awaitable[Listing[Glimpse]]]:
    """Fetch pages for a pass, and note in *seen* what was seen."""

    async def page(slice_: Page) -> Listing[Glimpse]:
        if slice_ not in seen:
            seen[slice_] = await fetch(slice_)
        return seen[slice_].listing

    return page


def _still(last: Sweep | None, seen: Mapping[Page, Looked]) -> bool:
    """Whether what was too large is so still: that was not long ago, and nothing moved."""
    if last is None or time.monotonic() - last.measured > LOOK_BEYOND:
        return False
    return all(last.pages.get(each) == looked.digest for each, looked in seen.items())


async def _first(fetch: Fetch) -> Looked | None:
    try:
        return await fetch(Page())
    except TooLargeError:
        return None  # the pass itself will ask for less


def _offset(page: Page) -> int:
    return page.skip


def newer(before: Glimpse, after: Glimpse) -> Glimpse:
    """Of one id twice, take the newer; of equal ones that on the later page (F26)."""
    if before.modified is None or after.modified is None or after.modified >= before.modified:
        return after
    return before
