"""What values are measured in: the unit asked for where we can convert, else ours, and said."""

from typing import NamedTuple

from ven_daemon.domain.readings import Quantity

UNITS = {
    "USAGE": "KWH",
    "DEMAND": "KW",
    "BASELINE": "KWH",
    "DELTA_USAGE": "KWH",
    "USAGE_FORECAST": "KWH",
    "STORAGE_USABLE_CAPACITY": "KWH",
    "STORAGE_CHARGE_LEVEL": "PERCENT",
    "STORAGE_MAX_DISCHARGE_POWER": "KW",
    "STORAGE_MAX_CHARGE_POWER": "KW",
    "STORAGE_DISPATCH_FORECAST": "KWH",
    "LOAD_SHED_DELTA_AVAILABLE": "KW",
    "GENERATION_DELTA_AVAILABLE": "KW",
    "UP_REGULATION_AVAILABLE": "KW",
    "DOWN_REGULATION_AVAILABLE": "KW",
    "REGULATION_SETPOINT": "KW",
    "IMPORT_RESERVATION_CAPACITY": "KW",
    "EXPORT_RESERVATION_CAPACITY": "KW",
}
"""Units of payload types where nobody says any, and what we convert from."""

ALSO = {
    "LOAD_SHED_DELTA_AVAILABLE": "KWH",
    "GENERATION_DELTA_AVAILABLE": "KWH",
    "UP_REGULATION_AVAILABLE": "KWH",
    "DOWN_REGULATION_AVAILABLE": "KWH",
    "STORAGE_CHARGE_LEVEL": "KWH",
    "BASELINE": "KW",
}
"""Units of another kind that the values of a type can be given in too."""

READ_IN = {
    "KW": Quantity.POWER,
    "KWH": Quantity.ENERGY,
    "PERCENT": Quantity.SOC,
    "VOLTS": Quantity.VOLTAGE,
    "AMPS": Quantity.CURRENT,
    "HZ": Quantity.FREQUENCY,
}
"""Which quantity a READING in a unit is of."""


class Unit(NamedTuple):
    """A unit as a multiple of the one that we measure in."""

    of: str
    size: float


_KNOWN = {
    "KW": Unit("KW", 1.0),
    "W": Unit("KW", 1e-3),
    "MW": Unit("KW", 1e3),
    "KWH": Unit("KWH", 1.0),
    "WH": Unit("KWH", 1e-3),
    "MWH": Unit("KWH", 1e3),
    "VOLTS": Unit("VOLTS", 1.0),
    "VOLTAGE": Unit("VOLTS", 1.0),
    "V": Unit("VOLTS", 1.0),
    "AMPS": Unit("AMPS", 1.0),
    "A": Unit("AMPS", 1.0),
    "HZ": Unit("HZ", 1.0),
    "HERTZ": Unit("HZ", 1.0),
    "PERCENT": Unit("PERCENT", 1.0),
    "PERCENTAGE": Unit("PERCENT", 1.0),
}
"""Units by what VTNs write, spellings of the User Guide among them (T-08). PERCENT is a share."""


def known(said: str | None) -> Unit | None:
    """Look up a unit as somebody wrote it."""
    return _KNOWN.get(said.upper()) if said else None


def answered_in(payload_type: str, asked: str | None) -> str | None:
    """Say in which unit the values of a type are given, where *asked* was asked for.

    Types without a unit of their own are answered in whatever is asked for; a READING
    is of power, where nobody says.
    """
    ours = UNITS.get(payload_type)
    if payload_type == "READING":
        return asked or "KW"
    unit = known(asked)
    if ours is None or (unit and unit.of in (ours, ALSO.get(payload_type))):
        return asked
    return ours
