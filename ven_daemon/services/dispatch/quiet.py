"""Who is not heard of: a VTN that is silent, and resources whose readings stopped."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ven_daemon.domain.dispatching.claims import Silence
from ven_daemon.domain.dispatching.telemetry import unmeasured
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.domain.optouts import Absence
from ven_daemon.services.dispatch.book import EventBook
from ven_daemon.services.dispatch.choices import Choices
from ven_daemon.store.reading_pages import ReadingPages

LOOK_AGE = timedelta(seconds=30)
"""How long what was seen of the readings serves: ten thousand resources take a moment."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """For whom the fail-safe holds (decision 10)."""

    vens: Mapping[VenName, Silence]
    """To whom the VTN has been silent for too long, and since when."""
    resources: Mapping[ResourceKey, Absence]
    """Who is left alone because its readings stopped."""

    def is_like(self, other: "Quiet") -> bool:
        """Whether the same are meant: since when a VTN is silent does not change while it is."""
        return self.vens.keys() == other.vens.keys() and self.resources == other.resources


class Listening:
    """Notices who is not heard of; a restart begins to count readings anew."""

    def __init__(
        self, book: EventBook, readings: ReadingPages, clock: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._readings = readings
        self._began = clock()
        self._seen: tuple[datetime, timedelta, Mapping[ResourceKey, Absence]] | None = None

    async def quiet(self, vens: Iterable[VenName], choices: Choices, now: datetime) -> Quiet:
        """Say who of *vens*, and of all resources, is not heard of for longer than is chosen."""
        within = choices.measured_within
        return Quiet(
            await self._silent(vens, choices, now),
            {} if within is None else await self._unmeasured(within, now),
        )

    async def _silent(
        self, vens: Iterable[VenName], choices: Choices, now: datetime
    ) -> dict[VenName, Silence]:
        heard = await self._book.heard()
        before = heard.get(None, self._began)
        after, releases = choices.silent_after, choices.silence_releases
        return {
            ven: Silence(last + after, releases)
            for ven in vens
            if now - (last := heard.get(ven, before)) >= after
        }

    async def _unmeasured(self, within: timedelta, now: datetime) -> Mapping[ResourceKey, Absence]:
        seen = self._seen
        if seen is None or seen[1] != within or not now - LOOK_AGE < seen[0] <= now:
            last = await self._readings.last_heard(now - within)
            self._seen = seen = now, within, unmeasured(last, within, self._began, now)
        return seen[2]
