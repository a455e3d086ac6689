"""Cutting what is too large for the VTN: before it is sent, once refused, or as it was before."""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import structlog

from ven_daemon.domain.errors import TooLargeError
from ven_daemon.domain.reporting.halving import (
    Shrunk,
    halves,
    shrunk,
    shrunk_before,
    stands_in_parts,
)
from ven_daemon.domain.reporting.outbox import Entry, halved, rest_of
from ven_daemon.domain.reporting.reports import Report
from ven_daemon.domain.reporting.sending import BODY_TOO_LARGE, Found, SizeLimit, looked_up
from ven_daemon.services.reporting.journal import Journal
from ven_daemon.store.outbox import Changed, Draft, OutboxStore
from ven_daemon.store.outbox_rows import Filed
from ven_daemon.vtn.client import VtnClient

_log = structlog.get_logger(__name__)


class Offer(NamedTuple):
    """What is sent of a report: all of it, or the first part of what the VTN has."""

    body: bytes
    shrunk: Shrunk | None = None

    @property
    def rests(self) -> Sequence[tuple[str, Report]]:
        """What is sent beside it, by its parts."""
        return self.shrunk.rests if self.shrunk else ()

    @property
    def cuts(self) -> int:
        """How often what the VTN has was halved."""
        return len(self.rests)


class Cutting:
    """Puts parts of a report in its place, and knows what the VTN said of sizes."""

    def __init__(
        self, outbox: OutboxStore, journal: Journal, clock: Callable[[], datetime]
    ) -> None:
        self.halved = 0
        """How often any was halved since the process began."""
        self._limit = SizeLimit()
        self._outbox = outbox
        self._journal = journal
        self._clock = clock

    @property
    def limit(self) -> SizeLimit:
        """What the VTN said of the size of reports, for as long as that is remembered."""
        return self._limit.remembered(self._clock())

    def learn(self, size: int, answer: TooLargeError) -> None:
        """Note that so many bytes were refused, where that was said of the body."""
        if answer.status == BODY_TOO_LARGE:
            self._limit = self.limit.learned(size, self._clock())
            _log.warning("report.too_large", bytes=size, error=str(answer))

    def offer(self, entry: Entry, body: bytes, cuts: int, client: VtnClient) -> Offer:
        """Write what is sent: all of it, or of what the VTN has no more than it may take."""
        offer = Offer(body)
        if not entry.vtn_id:
            return offer
        written: Report | None = None
        while offer.cuts < cuts or self.limit.excludes(len(offer.body)):
            written = written or client.profile.read_written(body)
            smaller = shrunk(written, entry.part, offer.cuts + 1)
            if smaller is None:
                break
            offer = Offer(client.profile.write_report(smaller.first), smaller)
        return offer

    async def halved_unsent(self, report: Filed, client: VtnClient) -> bool:
        """Halve what is known to be too large; False where it is not, or cannot be."""
        if not self.limit.excludes(report.size):
            return False
        held = await self._held(report.entry.name)
        if held is None or held.entry != report.entry:
            return False
        if halves(client.profile.read_written(held.body)) is None:
            return False
        await self.halve(report, held.body, client)
        return True

    async def halve(self, report: Filed, body: bytes, client: VtnClient) -> None:
        """Put two halves in its place; the lane finds them where it stood."""
        written = client.profile.read_written(body)
        parts: Sequence[Report] = halves(written, report.entry.part) or ()
        left, right = parts
        now = self._clock()
        entries = halved(report.entry, (left.name, right.name), now)
        drafts = [
            _draft(entry, report, client.profile.write_report(part))
            for entry, part in zip(entries, parts, strict=True)
        ]
        await self._outbox.halve(report.entry, drafts, now)
        self.halved += 1
        _log.warning("report.halved", ven=report.entry.ven, report=report.entry.name)

    async def as_before(
        self, report: Filed, found: Found | None, there: Container[str], client: VtnClient
    ) -> bool:
        """Cut what an earlier life has cut, whose parts are at the VTN; False where there are none.

        Whole it would say once more what they say. They are suspect, hence found one by one.
        """
        held = await self._held(report.entry.name)
        if held is None:
            return False
        report, written = report._replace(entry=held.entry), client.profile.read_written(held.body)
        if found is None:
            if cut := stands_in_parts(written, held.entry.part, there):
                await self.halve(report, held.body, client)
            return cut
        smaller = shrunk_before(written, held.entry.part, there)
        if smaller is None:
            return False
        adopted = replace(looked_up(held.entry, found, self._clock()), part=smaller.part)
        offer = Offer(client.profile.write_report(smaller.first), smaller)
        await self.shrink(report._replace(entry=adopted), offer, client)
        return True

    async def shrink(self, report: Filed, offer: Offer, client: VtnClient) -> bool:
        """Keep that the VTN has the first part, and file the rest; False where it changed since."""
        now, entry = self._clock(), report.entry
        rests = [
            _draft(rest_of(entry, rest.name, part, now), report, client.profile.write_report(rest))
            for part, rest in offer.rests
        ]
        kept = await self._outbox.shrink(_draft(entry, report, offer.body), rests, now)
        if kept:
            self.halved += offer.cuts
            _log.warning("report.shrunk", ven=entry.ven, report=entry.name, rests=len(rests))
        return kept

    async def _held(self, name: str) -> Changed | None:
        """Read a report as it stands once all that was to be kept before is kept."""
        return await self._journal.change(name, lambda entry: entry, with_body=True)


def _draft(entry: Entry, report: Filed, body: bytes) -> Draft:
    """Write one of the reports that are about the same as *report*."""
    return Draft(report._replace(entry=entry, size=len(body)), body)
