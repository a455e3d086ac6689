"""Every payload type of the event enumeration: its values, its unit (Definition, Table 1).

A type that is not here is private, and means what a VTN and its clients agreed on.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import isfinite
from typing import NamedTuple

from ven_daemon.domain.attributes import Opaque, Point, Value
from ven_daemon.domain.events import Payload, PayloadDescriptor


class Shape(StrEnum):
    """What the values of a payload type are."""

    INTEGER = "an integer"
    NUMBER = "a number"
    TEXT = "a text"
    POINTS = "points"
    ANY = "a value"


class PayloadType(NamedTuple):
    """One entry of the enumeration."""

    name: str
    shape: Shape
    units: str | None = None
    """What its values are measured in where no descriptor says; money has no default."""
    least: int | None = None
    """Of an enumerated integer. Numbers are clamped where they are used, not refused."""
    most: int | None = None
    several: bool = False
    """Whether one interval may hold several values that are not parts of its time."""

    @property
    def rule(self) -> str:
        """Say what it takes."""
        bounds = "" if self.most is None else f" {self.least}..{self.most}"
        return f"{'one or more of ' if self.several else ''}{self.shape.value}{bounds}"


def _money(*names: str) -> list[PayloadType]:
    return [PayloadType(name, Shape.NUMBER, "KWH") for name in names]


def _power(*names: str) -> list[PayloadType]:
    return [PayloadType(name, Shape.NUMBER, "KW") for name in names]


def _both_ways(name: str) -> tuple[str, str]:
    return f"IMPORT_CAPACITY_{name}", f"EXPORT_CAPACITY_{name}"


_ALERTS = (
    "GRID_EMERGENCY",
    "BLACK_START",
    "POSSIBLE_OUTAGE",
    "FLEX_ALERT",
    "FIRE",
    "FREEZING",
    "WIND",
    "TSUNAMI",
    "AIR_QUALITY",
    "OTHER",
)

PAYLOAD_TYPES = {
    each.name: each
    for each in (
        PayloadType("SIMPLE", Shape.INTEGER, None, 0, 3),
        *_money("PRICE", "PRICE_ALTERNATE", "EXPORT_PRICE"),
        PayloadType("GHG", Shape.NUMBER, "GHG"),
        PayloadType("CHARGE_STATE_SETPOINT", Shape.NUMBER, "PERCENT"),
        *_power("DISPATCH_SETPOINT", "DISPATCH_SETPOINT_RELATIVE"),
        PayloadType("DISPATCH_INSTRUCTION", Shape.TEXT, several=True),
        PayloadType("CONTROL_SETPOINT", Shape.ANY),
        PayloadType("CONTROL_LEVEL_OFFSET", Shape.INTEGER, None, -10, 10),
        PayloadType("CONTROL_LEVEL_OFFSET_PERCENT", Shape.NUMBER, "PERCENT"),
        PayloadType("CURVE", Shape.POINTS, several=True),
        PayloadType("OLS", Shape.NUMBER, several=True),
        *_power(*_both_ways("SUBSCRIPTION"), *_both_ways("RESERVATION")),
        *_money(*_both_ways("RESERVATION_FEE"), *_both_ways("AVAILABLE_PRICE")),
        *_power(*_both_ways("AVAILABLE"), *_both_ways("LIMIT")),
        *(PayloadType(f"ALERT_{name}", Shape.TEXT) for name in _ALERTS),
        PayloadType("CTA2045_REBOOT", Shape.INTEGER, None, 0, 1),
        PayloadType("CTA2045_SET_OVERRIDE_STATUS", Shape.INTEGER, None, 0, 1),
    )
}


def problem(payload: Payload) -> str | None:
    """Say why nothing can be made of *payload*, or None.

    The unit, and how far a number may sensibly reach, are for those who use it.
    """
    known = PAYLOAD_TYPES.get(payload.type)
    if known is None:
        return None
    if not payload.values or (len(payload.values) > 1 and not known.several):
        return f"{payload.type} takes {known.rule}, not {len(payload.values)} values"
    for value in payload.values:
        if not _fits(value, known):
            return f"{payload.type} takes {known.rule}, not {_shown(value)}"
    return None


def number(value: Value) -> float | None:
    """Read a finite number; Python takes True for one, and nobody else does."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isfinite(value) else None


def descriptor(
    type_: str, event: Iterable[PayloadDescriptor], program: Iterable[PayloadDescriptor] = ()
) -> PayloadDescriptor:
    """Find what describes a payload: the event's, the program's, the enumeration's (4.5)."""
    for each in (*event, *program):
        if each.payload_type == type_ and not each.is_report:
            return each
    known = PAYLOAD_TYPES.get(type_)
    return PayloadDescriptor(type_, units=known.units if known else None)


def _fits(value: Value, known: PayloadType) -> bool:
    match known.shape:
        case Shape.INTEGER:
            read = number(value)
            if read is None or read != int(read):
                return False
            return (known.least is None or read >= known.least) and (
                known.most is None or read <= known.most
            )
        case Shape.NUMBER:
            return number(value) is not None
        case Shape.TEXT:
            return isinstance(value, str)
        case Shape.POINTS:
            return isinstance(value, Point | Opaque)
        case Shape.ANY:
            return True


def _shown(value: Value) -> str:
    return repr(value)[:40]
