"""Energy and power of one resource over a stretch of time, and how far they are known."""

from dataclasses import replace

from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.measures.series import Fold, counted, integrated
from ven_daemon.domain.reporting.measures.subjects import MISSING, Ask, Measure, Subject
from ven_daemon.domain.reporting.measures.units import READ_IN, known

FULL = 0.999
"""From this share of a stretch on it counts as known: a clock's jitter is no gap."""

LEAST = 0.5
"""Below this share nothing is said of a stretch."""

DAY = 86_400.0
DAYS = 7
"""How many days back what is expected is looked for."""

MEANS = frozenset({"MEAN", "AVERAGE", "SUMMED"})
"""Reading types that ask for more than the last reading."""


def energy(subject: Subject, start: float, end: float, gap: float) -> tuple[Fold, Quality]:
    """Fold what was consumed between two instants, from its counter or else its power.

    The counter is believed first, unless the power is known of more of the time.
    """
    counter, power = subject.of(Quantity.ENERGY), subject.of(Quantity.POWER)
    length = end - start
    fold, source = Fold(0.0, 0.0), counter
    if counter.times:
        fold = counted(counter, start, end, subject.rating, gap)
    if fold.known < FULL * length and power.times:
        other = integrated(power, start, end, gap)
        if other.known > fold.known:
            fold, source = other, power
    if length <= 0 or fold.known < LEAST * length:
        return _of_bad(subject, start, end, gap)
    sure = fold.known >= FULL * length and not fold.rough and not source.is_weak(start, end)
    return fold, Quality.OK if sure else Quality.ESTIMATED


def expected(subject: Subject, start: float, end: float, gap: float) -> float | None:
    """Expect, in kWh, what was used at the same time on the days before, as far as known."""
    found = []
    for day in range(1, DAYS + 1):
        fold, quality = energy(subject, start - day * DAY, end - day * DAY, gap)
        if quality is Quality.OK:
            found.append(fold.kwh)
    return sum(found) / len(found) if found else None


def _of_bad(subject: Subject, start: float, end: float, gap: float) -> tuple[Fold, Quality]:
    """Fold bad readings where there are none but these."""
    wrong = {q: series.bad for q, series in subject.series.items() if series.bad}
    if not wrong or end <= start:
        return Fold(0.0, 0.0), Quality.MISSING
    fold, quality = energy(replace(subject, series=wrong), start, end, gap)
    return fold, Quality.MISSING if quality is Quality.MISSING else Quality.BAD


def usage(subject: Subject, ask: Ask) -> Measure:
    """Give the energy of a stretch, measured or expected."""
    if ask.ahead:
        return forecast(subject, ask)
    fold, quality = energy(subject, ask.start, ask.end, ask.gap)
    return MISSING if quality is Quality.MISSING else Measure(fold.kwh, quality)


def forecast(subject: Subject, ask: Ask) -> Measure:
    """Give the energy that is expected."""
    kwh = expected(subject, ask.start, ask.end, ask.gap)
    return MISSING if kwh is None else Measure(kwh, Quality.ESTIMATED)


def demand(subject: Subject, ask: Ask) -> Measure:
    """Give the mean power of what is known of a stretch, or its peak."""
    if ask.reading_type == "PEAK" and not ask.ahead:
        return peak(subject, Quantity.POWER, ask)
    if ask.ahead:
        value, quality = forecast(subject, ask)
        return Measure(value / ask.hours if isinstance(value, float) else None, quality)
    fold, quality = energy(subject, ask.start, ask.end, ask.gap)
    if quality is Quality.MISSING:
        return MISSING
    return Measure(fold.kwh / (fold.known / 3600), quality)


def peak(subject: Subject, quantity: Quantity, ask: Ask) -> Measure:
    """Give the greatest reading of a stretch."""
    series = subject.of(quantity)
    most = series.most(ask.start, ask.end)
    if most is None:
        return MISSING
    fold = integrated(series, ask.start, ask.end, ask.gap)
    sure = fold.known >= FULL * (ask.end - ask.start) and not series.is_weak(ask.start, ask.end)
    return Measure(most, Quality.OK if sure else Quality.ESTIMATED)


def latest(subject: Subject, quantity: Quantity, ask: Ask) -> Measure:
    """Give the last reading in a stretch, or the one shortly before it, which is less sure."""
    series = subject.of(quantity)
    start = min(ask.start, ask.end - ask.gap)
    found = series.last(start, ask.end)
    if found:
        sure = found[0] >= ask.start and not series.is_weak(found[0], found[0])
        return Measure(found[1], Quality.OK if sure else Quality.ESTIMATED)
    wrong = series.bad.last(start, ask.end) if series.bad else None
    return Measure(wrong[1], Quality.BAD) if wrong else MISSING


def reading(subject: Subject, ask: Ask) -> Measure:
    """Give what its unit says a READING is of; power, where nobody says."""
    unit = known(ask.units or "KW")
    quantity = READ_IN.get(unit.of) if unit else None
    if quantity is None or ask.ahead:
        return MISSING
    if ask.reading_type in MEANS and quantity is not Quantity.ENERGY:
        series = subject.of(quantity)
        fold = integrated(series, ask.start, ask.end, ask.gap)
        if fold.known <= 0 or fold.known < LEAST * (ask.end - ask.start):
            return MISSING
        sure = fold.known >= FULL * (ask.end - ask.start)
        found = Measure(fold.kwh / (fold.known / 3600), Quality.OK if sure else Quality.ESTIMATED)
    elif ask.reading_type == "PEAK":
        found = peak(subject, quantity, ask)
    else:
        found = latest(subject, quantity, ask)
    return found.times(0.01) if quantity is Quantity.SOC else found
