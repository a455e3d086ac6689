"""How far a resource could go from what it draws, and what a store holds."""

from collections.abc import Callable

from ven_daemon.domain.readings import Quantity
from ven_daemon.domain.reporting.measures.consumption import demand, latest
from ven_daemon.domain.reporting.measures.subjects import MISSING, Ask, Measure, Subject
from ven_daemon.domain.reporting.measures.units import known


def charge_level(subject: Subject, ask: Ask) -> Measure:
    """Give how full a store is: a share, or kWh where they are asked for."""
    share = latest(subject, Quantity.SOC, ask).times(0.01)
    unit = known(ask.units)
    if unit is None or unit.of != "KWH":
        return share
    full = subject.capacities.get("E_max_kwh")
    return MISSING if full is None else share.times(full)


def dispatchable(subject: Subject, ask: Ask) -> Measure:
    """Give what energy a store could give, down to its least."""
    level = charge_level(subject, ask._replace(units="KWH"))
    if not isinstance(level.value, float):
        return level
    return Measure(max(0.0, level.value - subject.capacities.get("E_min_kwh", 0.0)), level.quality)


def rated(key: str, sign: float) -> Callable[[Subject, Ask], Measure]:
    """Give what the inventory says a resource can do."""

    def known_of(subject: Subject, _: Ask) -> Measure:
        limit = subject.capacities.get(key)
        return MISSING if limit is None else Measure(max(0.0, float(sign * limit)))

    return known_of


def _drawn(subject: Subject, ask: Ask) -> Measure:
    """Give the power that a resource draws, or is expected to."""
    mean = demand(subject, ask._replace(reading_type="MEAN"))
    return mean if mean.value is not None or ask.ahead else latest(subject, Quantity.POWER, ask)


def available(
    room: Callable[[float, float, float], float],
) -> Callable[[Subject, Ask], Measure]:
    """Give how far a resource can go from what it draws; one that has opted out, nowhere."""

    def reachable(subject: Subject, ask: Ask) -> Measure:
        if subject.spell(ask.start, ask.end).opted_out:
            return Measure(0.0)
        drawn = _drawn(subject, ask)
        rating = subject.rating
        if not isinstance(drawn.value, float) or rating.most is None or rating.least is None:
            return MISSING
        unit = known(ask.units)
        hours = ask.hours if unit and unit.of == "KWH" else 1.0
        return Measure(
            max(0.0, room(drawn.value, rating.least, rating.most)) * hours, drawn.quality
        )

    return reachable
