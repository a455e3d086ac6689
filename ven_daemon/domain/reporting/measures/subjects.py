"""What reports are about: one resource with all that is known of it, and what is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ven_daemon.domain.attributes import Value
from ven_daemon.domain.events import ReportDescriptor
from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.measures.series import GAP, Rating, Series
from ven_daemon.domain.reporting.slots import Slot

NOTHING = Series()


class Measure(NamedTuple):
    """One value and how far it can be trusted; None exactly where it is missing."""

    value: Value | None
    quality: Quality = Quality.OK

    def times(self, factor: float) -> "Measure":
        """Multiply a number; a word stays what it is."""
        if isinstance(self.value, float):
            return Measure(self.value * factor, self.quality)
        return self


MISSING = Measure(None, Quality.MISSING)

_WORST_FIRST = (Quality.MISSING, Quality.BAD, Quality.ESTIMATED, Quality.OK)


def worst(*qualities: Quality) -> Quality:
    """Give the quality of what rests on several."""
    return next(quality for quality in _WORST_FIRST if quality in qualities)


class Stance(StrEnum):
    """What a resource was told to do with its consumption."""

    NORMAL = "NORMAL"
    CURTAILED = "CURTAILED"
    HEIGHTENED = "HEIGHTENED"


class Spell(NamedTuple):
    """A time in which a resource followed something, or declined to; `end` None is until now."""

    start: float
    end: float | None
    stance: Stance = Stance.NORMAL
    level: int = 0
    """As in SIMPLE: 0 is normal."""
    setpoint: float | None = None
    """kW that it was dispatched to."""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a resource would have drawn: a steady power, or what it drew on the days before."""

    kw: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource. Series reach a gap beyond what is reported, a week back for forecasts."""

    series: Mapping[Quantity, Series] = field(default_factory=dict)
    words: Sequence[tuple[float, str]] = ()
    """States that the device told of itself, in order of time."""
    capacities: Mapping[str, float] = field(default_factory=dict)
    """`P_max_kw`, `P_min_kw`, `E_max_kwh`, `E_min_kwh`, as in the inventory."""
    spells: Sequence[Spell] = ()
    baseline: Baseline | None = None
    reservations: Mapping[str, float] = field(default_factory=dict)
    """What it wants reserved, by report types (IMPORT_RESERVATION_CAPACITY, …)."""
    silent_after: float | None = GAP
    """Seconds without a reading after which it counts as not addressable; None is never."""

    def of(self, quantity: Quantity) -> Series:
        """Give the readings of one quantity."""
        return self.series.get(quantity, NOTHING)

    @property
    def rating(self) -> Rating:
        """What it can draw at most and at least."""
        return Rating(self.capacities.get("P_max_kw"), self.capacities.get("P_min_kw"))

    def spell(self, start: float, end: float) -> Spell:
        """Give what it last followed between two instants."""
        for spell in reversed(self.spells):
            if spell.start < max(end, start + 1e-6) and (spell.end is None or spell.end > start):
                return spell
        return Spell(start, end)


class Ask(NamedTuple):
    """What is asked of a resource: one payload type over one stretch of time."""

    type: str
    start: float
    end: float
    reading_type: str = "DIRECT_READ"
    units: str | None = None
    """In the words of `units.answered_in`."""
    ahead: bool = False
    """Whether it is a forecast."""
    gap: float = GAP

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 3600


def ask(
    descriptor: ReportDescriptor, slot: Slot, units: str | None, reading_type: str | None
) -> Ask:
    """Ask for a descriptor's values in one slot; a slot without end is asked at its start."""
    end: datetime = slot.end or slot.start
    return Ask(
        descriptor.payload_type,
        slot.start.timestamp(),
        end.timestamp(),
        reading_type or "DIRECT_READ",
        units,
        not descriptor.historical or reading_type == "FORECAST",
    )
