"""What a resource has to say to each payload type, in the unit that is asked for."""

from collections.abc import Callable, Mapping

from ven_daemon.domain.readings import Quality, Quantity
from ven_daemon.domain.reporting.measures.consumption import (
    demand,
    expected,
    forecast,
    reading,
    usage,
)
from ven_daemon.domain.reporting.measures.flexibility import (
    available,
    charge_level,
    dispatchable,
    rated,
)
from ven_daemon.domain.reporting.measures.states import operating_state, simple_level
from ven_daemon.domain.reporting.measures.subjects import MISSING, Ask, Measure, Subject, worst
from ven_daemon.domain.reporting.measures.units import known

RESERVATIONS = {
    "IMPORT_CAPACITY_RESERVATION": "IMPORT_RESERVATION_CAPACITY",
    "EXPORT_CAPACITY_RESERVATION": "EXPORT_RESERVATION_CAPACITY",
    "IMPORT_CAPACITY_RESERVATION_FEE": "IMPORT_RESERVATION_FEE",
    "EXPORT_CAPACITY_RESERVATION_FEE": "EXPORT_RESERVATION_FEE",
    "CAPACITY_RESERVATION": "IMPORT_RESERVATION_CAPACITY",
    "CAPACITY_RESERVATION_FEE": "IMPORT_RESERVATION_FEE",
}
"""Names of events, and of the User Guide, that requests bear for the reports' own (T-31)."""


def measure(subject: Subject, ask: Ask) -> Measure:
    """Answer one ask. A type that is nobody's but the VTN's own is missing."""
    kind = RESERVATIONS.get(ask.type, ask.type)
    value, quality = _MEASURES.get(kind, _reserved)(subject, ask._replace(type=kind))
    if isinstance(value, float):
        unit = known(ask.units)
        value = round(value / unit.size if unit else value, 6) + 0.0
    return Measure(value, quality)


def _setpoint(subject: Subject, ask: Ask) -> Measure:
    """Give what the device said, else what it was dispatched to: it holds until it changes."""
    found = subject.of(Quantity.SETPOINT).last(float("-inf"), ask.end)
    said = found[1] if found else subject.spell(ask.start, ask.end).setpoint
    return MISSING if said is None else Measure(said)


def _baseline(subject: Subject, ask: Ask) -> Measure:
    if subject.baseline is None:
        return MISSING
    unit = known(ask.units)
    hours = 1.0 if unit and unit.of == "KW" else ask.hours
    if subject.baseline.kw is not None:
        return Measure(subject.baseline.kw * hours)
    usual = expected(subject, ask.start, ask.end, ask.gap)
    if usual is None or ask.hours <= 0:
        return MISSING
    return Measure(usual / ask.hours * hours, Quality.ESTIMATED)


def _delta(subject: Subject, ask: Ask) -> Measure:
    used, baseline = usage(subject, ask), _baseline(subject, ask._replace(units=None))
    if not isinstance(used.value, float) or not isinstance(baseline.value, float):
        return MISSING
    return Measure(used.value - baseline.value, worst(used.quality, baseline.quality))


def _reserved(subject: Subject, ask: Ask) -> Measure:
    wanted = subject.reservations.get(ask.type)
    return MISSING if wanted is None else Measure(wanted + 0.0)


_MEASURES: Mapping[str, Callable[[Subject, Ask], Measure]] = {
    "READING": reading,
    "USAGE": usage,
    "DEMAND": demand,
    "SETPOINT": _setpoint,
    "REGULATION_SETPOINT": _setpoint,
    "BASELINE": _baseline,
    "DELTA_USAGE": _delta,
    "USAGE_FORECAST": forecast,
    "OPERATING_STATE": operating_state,
    "SIMPLE_LEVEL": simple_level,
    "STORAGE_USABLE_CAPACITY": rated("E_max_kwh", 1.0),
    "STORAGE_MAX_CHARGE_POWER": rated("P_max_kw", 1.0),
    "STORAGE_MAX_DISCHARGE_POWER": rated("P_min_kw", -1.0),
    "STORAGE_CHARGE_LEVEL": charge_level,
    "STORAGE_DISPATCH_FORECAST": dispatchable,
    "LOAD_SHED_DELTA_AVAILABLE": available(lambda kw, least, _: max(0.0, kw) - max(0.0, least)),
    "GENERATION_DELTA_AVAILABLE": available(lambda kw, least, _: min(0.0, kw) - min(0.0, least)),
    "UP_REGULATION_AVAILABLE": available(lambda kw, least, _: kw - least),
    "DOWN_REGULATION_AVAILABLE": available(lambda kw, _, most: most - kw),
}
