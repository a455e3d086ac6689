"""Readings: what was measured, and what is let in.

Powers are kW, energies kWh; consumption is positive, export negative (docs/telemetry.md).
Whatever a source brings goes through one `Gate`: nothing is guessed, nothing is mended,
and what is refused is refused by its index and with a reason that names the field.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar

from ven_daemon.domain.ids import ResourceKey


class Quantity(StrEnum):
    """What a reading is a reading of, with its unit."""

    POWER = "power"
    """kW; negative is export."""
    ENERGY = "energy"
    """kWh, the state of a counter."""
    SOC = "soc"
    """Percent of the usable capacity."""
    VOLTAGE = "voltage"
    """V."""
    CURRENT = "current"
    """A; negative is export."""
    FREQUENCY = "frequency"
    """Hz."""
    STATE = "state"
    """A word."""
    SETPOINT = "setpoint"
    """What the device is set to, in the device's own unit (kW where it is a power)."""


class Quality(StrEnum):
    """How far a value can be trusted, in the words of DATA_QUALITY."""

    OK = "OK"
    ESTIMATED = "ESTIMATED"
    BAD = "BAD"
    MISSING = "MISSING"


class Reading(NamedTuple):
    """One value of one quantity of one resource at one instant (UTC)."""

    resource: ResourceKey
    quantity: Quantity
    value: float | str | None
    """A word where the quantity is STATE; None exactly where the quality is MISSING."""
    at: datetime
    quality: Quality = Quality.OK


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the item of this index was not let in."""

    index: int
    reason: str


class UnfitError(ValueError):
    """An item cannot be let in; the words name the field."""


class Sifted(NamedTuple):
    """A batch after the gate: nothing of it is in neither list."""

    accepted: list[Reading]
    refused: list[Refusal]


RANGES: Mapping[Quantity, tuple[float, float]] = {
    Quantity.POWER: (-1e7, 1e7),
    Quantity.ENERGY: (-1e12, 1e12),
    Quantity.SOC: (0.0, 100.0),
    Quantity.VOLTAGE: (-1e6, 1e6),
    Quantity.CURRENT: (-1e6, 1e6),
    Quantity.FREQUENCY: (0.0, 1e3),
    Quantity.SETPOINT: (-1e9, 1e9),
}
"""The least and most that is believed: what lies outside is in another unit, or nonsense."""

AHEAD = timedelta(minutes=5)
"""How far the clock of a device may be ahead of ours."""

RETENTION = timedelta(days=30)
"""How old a reading may be."""

WORD_LIMIT = 128
"""Characters of a state."""

_MILLISECONDS = 1e11
"""An epoch beyond this is no count of seconds: the year would be 5138."""


class Gate(NamedTuple):
    """What is let in at one moment: known resources, sane times, finite values."""

    known: Container[str]
    earliest: datetime
    latest: datetime

    @classmethod
    def at(
        cls,
        now: datetime,
        known: Container[str],
        ahead: timedelta = AHEAD,
        retention: timedelta = RETENTION,
    ) -> "Gate":
        """Let in what was measured from *retention* ago to *ahead* of now."""
        return cls(known, now - retention, now + ahead)

    def sift(self, items: Iterable[object]) -> Sifted:
        """Part the good from the bad: one bad item costs nothing but itself (F47)."""
        accepted: list[Reading] = []
        refused: list[Refusal] = []
        for index, item in enumerate(items):
            try:
                accepted.append(self.read(item))
            except UnfitError as wrong:
                refused.append(Refusal(index, str(wrong)))
        return Sifted(accepted, refused)

    def read(self, item: object) -> Reading:
        """Take one JSON object for a reading; UnfitError says what is wrong with it."""
        if not isinstance(item, (dict, Mapping)):  # dict first: it is told at a glance
            raise UnfitError("not an object")
        resource = item.get("resource_id")
        if not isinstance(resource, str):
            raise UnfitError("resource_id: must be a string")
        if resource not in self.known:
            raise UnfitError("resource_id: not in the inventory")
        quantity = _member(_QUANTITIES, "quantity", item.get("quantity"))
        quality = _member(_QUALITIES, "quality", item.get("quality", "OK"))
        at = instant(item.get("at"))
        if at > self.latest:
            raise UnfitError("at: too far ahead of now")
        if at < self.earliest:
            raise UnfitError("at: older than what is kept")
        value = None if quality is Quality.MISSING else fit(quantity, item.get("value"))
        return Reading(ResourceKey(resource), quantity, value, at, quality)


def fit(quantity: Quantity, value: object) -> float | str:
    """Take *value* for one of *quantity*; UnfitError says what is wrong with it."""
    if quantity is Quantity.STATE:
        return _word(value)
    # A bool is an int to Python, and a number in a string is a string (F41).
    if type(value) is not float and type(value) is not int:
        raise UnfitError("value: must be a number")
    least, most = RANGES[quantity]
    if least <= value <= most:
        return value + 0.0  # zero, where it was minus zero (F41)
    if value - value != 0:
        raise UnfitError("value: must be finite")
    raise UnfitError(f"value: not within {least:g} and {most:g}")


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError("value: must be a word")
    if not 0 < len(value) <= WORD_LIMIT:
        raise UnfitError(f"value: must have 1 to {WORD_LIMIT} characters")
    if not value.isprintable():
        raise UnfitError("value: has characters that cannot be shown")
    return value


def instant(said: object) -> datetime:
    """Read RFC 3339 with a zone, or seconds since 1970.

    Milliseconds are told from seconds by their size, and refused: a source that sends
    them is to be mended, for nobody can tell what else it means by its numbers (F47).
    """
    try:
        if isinstance(said, str):
            at = datetime.fromisoformat(said)
            if at.tzinfo is None:
                raise UnfitError("at: has no zone")
            return at.astimezone(UTC)
        if type(said) is int or type(said) is float:
            if abs(said) >= _MILLISECONDS:
                raise UnfitError("at: must be in seconds (these look like milliseconds)")
            return datetime.fromtimestamp(said, UTC)
    except UnfitError:
        raise
    except (ValueError, OverflowError, OSError) as error:
        raise UnfitError("at: is no instant") from error
    raise UnfitError("at: must be RFC 3339 or seconds since 1970")


_Member = TypeVar("_Member", bound=StrEnum)


def _member(members: Mapping[str, _Member], name: str, said: object) -> _Member:
    found = members.get(said) if isinstance(said, str) else None
    if found is None:
        raise UnfitError(f"{name}: must be one of {', '.join(members)}")
    return found


_QUANTITIES: Mapping[str, Quantity] = {quantity.value: quantity for quantity in Quantity}
_QUALITIES: Mapping[str, Quality] = {quality.value: quality for quality in Quality}
