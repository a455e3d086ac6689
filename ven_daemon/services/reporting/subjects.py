"""What is known of resources, as far as reports need it: readings, and what they followed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quantity
from ven_daemon.domain.reporting.measures import GAP, Baseline, Series, Spell, Subject
from ven_daemon.domain.targets import Place
from ven_daemon.services.reporting.building import Owed
from ven_daemon.services.reporting.ports import Metered
from ven_daemon.store.reading_rows import Sample
from ven_daemon.store.readings import ReadingStore
from ven_daemon.store.spells import SpellStore

REACH = timedelta(seconds=GAP)
"""How far beyond what is reported readings are looked at: a line is drawn between two."""

HELD = timedelta(days=1)
"""How far back a setpoint is looked for: it holds until it changes."""

_DAY = timedelta(days=1)
_DAYS = 7

EXPECTING = frozenset(
    {
        "USAGE_FORECAST",
        "BASELINE",
        "DELTA_USAGE",
        "LOAD_SHED_DELTA_AVAILABLE",
        "GENERATION_DELTA_AVAILABLE",
        "UP_REGULATION_AVAILABLE",
        "DOWN_REGULATION_AVAILABLE",
    }
)
"""Types that rest on what was used at the same time on the days before."""

FOLLOWING = frozenset(
    {
        "OPERATING_STATE",
        "SIMPLE_LEVEL",
        "SETPOINT",
        "REGULATION_SETPOINT",
        "LOAD_SHED_DELTA_AVAILABLE",
        "GENERATION_DELTA_AVAILABLE",
        "UP_REGULATION_AVAILABLE",
        "DOWN_REGULATION_AVAILABLE",
    }
)
"""Types that rest on what a resource followed, or declined to."""

HOLDING = frozenset({"SETPOINT", "REGULATION_SETPOINT"})


class Span(NamedTuple):
    """A stretch of time."""

    start: datetime
    end: datetime


Rows = tuple[float, float | None, str]


class Subjects:
    """Reads what several reports need, together."""

    def __init__(
        self, readings: ReadingStore, spells: SpellStore, baseline: Baseline | None = None
    ) -> None:
        """Take the *baseline* of whoever has none of its own in the inventory."""
        self._readings = readings
        self._spells = spells
        self._baseline = baseline

    async def load(self, owed: Sequence[Owed], now: datetime) -> dict[Place, Subject]:
        """Give everybody that *owed* is about, with what is known of the times they cover."""
        members = {each.place: each for one in owed for each in one.members}
        if not members:
            return {}
        whole = _whole(owed, now)
        types = {d.payload_type for one in owed for d in one.obligation.request.descriptors}
        ahead = any(not d.historical for one in owed for d in one.obligation.request.descriptors)
        expecting = ahead or not EXPECTING.isdisjoint(types)
        spans = [*_spans(whole, now, expecting=expecting)]
        reach = HELD if not HOLDING.isdisjoint(types) else REACH
        known = await self._read(members, spans, whole, reach)
        spells: Mapping[Place, Sequence[Spell]] = {}
        if not FOLLOWING.isdisjoint(types):
            capacities = {place: each.capacities for place, each in members.items()}
            events = {one.obligation.event for one in owed}
            spells = await self._spells.between(capacities, *whole, events)
        return {
            place: self._subject(each, known.get(place.resource, _Heard()), spells.get(place, ()))
            for place, each in members.items()
        }

    async def _read(
        self, members: Iterable[Place], spans: Sequence[Span], whole: Span, held: timedelta
    ) -> dict[ResourceKey, "_Heard"]:
        known: defaultdict[ResourceKey, _Heard] = defaultdict(_Heard)
        keys = [place.resource for place in members]
        for span in spans:
            async for portion in self._readings.pages.samples(*span, keys):
                _take(known, portion)
        if held > REACH:
            only = [Quantity.SETPOINT]
            start = whole.start - held
            async for portion in self._readings.pages.samples(start, whole.start, keys, only):
                _take(known, portion)
        return known

    def _subject(self, member: Metered, heard: "_Heard", spells: Sequence[Spell]) -> Subject:
        baseline = self._baseline if member.baseline_kw is None else Baseline(member.baseline_kw)
        return Subject(
            {quantity: Series.of(rows) for quantity, rows in heard.rows.items()},
            sorted(heard.words),
            member.capacities,
            spells,
            baseline,
            member.reservations,
        )


class _Heard:
    """What one resource said."""

    __slots__ = ("rows", "words")

    def __init__(self) -> None:
        self.rows: defaultdict[Quantity, list[Rows]] = defaultdict(list)
        self.words: list[tuple[float, str]] = []


def _take(known: defaultdict[ResourceKey, _Heard], portion: Sequence[Sample]) -> None:
    """Take a portion in, run by run: it is in the order of resource and quantity."""
    for (resource, quantity), run in groupby(portion, itemgetter(0, 1)):
        heard = known[resource]
        if quantity is Quantity.STATE:
            heard.words += [(at, str(word)) for _, _, at, word, _ in run if word is not None]
        else:
            rows: Any = map(_PLAIN, run)
            heard.rows[quantity].extend(rows)


_PLAIN = itemgetter(2, 3, 4)


def _whole(owed: Sequence[Owed], now: datetime) -> Span:
    spans = [each.obligation.span for each in owed]
    starts, ends = [start for start, _ in spans], [end or start for start, end in spans]
    del now
    return Span(min(starts), max(ends))


def _spans(whole: Span, now: datetime, *, expecting: bool) -> Iterator[Span]:
    """Give the times to read, none twice: the readings of a week back are of the same hours."""
    latest = now + REACH
    wide = Span(whole.start - REACH, whole.end + REACH)
    if not expecting:
        yield Span(wide.start, min(wide.end, latest))
        return
    if wide.end - wide.start >= _DAY:
        yield Span(wide.start - _DAYS * _DAY, min(wide.end, latest))
        return
    for day in range(_DAYS + 1):
        start, end = wide.start - day * _DAY, min(wide.end - day * _DAY, latest)
        if start < end:
            yield Span(start, end)
