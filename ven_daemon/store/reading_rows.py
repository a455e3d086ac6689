"""From a reading to the row that keeps it, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Quality, Quantity, Reading

SLOT = 15 * 60 * 1_000_000
"""Microseconds of a slot. Shorter ones scatter a resource's readings, longer ones the writes."""

Key: TypeAlias = tuple[int, int, int, int]
"""Slot, resource, quantity, at."""

Sample: TypeAlias = tuple[ResourceKey, Quantity, float, float | str | None, Quality]
"""A reading as a bare tuple, its instant in seconds since 1970."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# What a database has once been written with stays as it is: append, never renumber.
_QUANTITIES = (
    *(Quantity.POWER, Quantity.ENERGY, Quantity.SOC, Quantity.VOLTAGE, Quantity.CURRENT),
    *(Quantity.FREQUENCY, Quantity.STATE, Quantity.SETPOINT),
)
_QUALITIES = (Quality.OK, Quality.ESTIMATED, Quality.BAD, Quality.MISSING)
_CODES = {quantity: code for code, quantity in enumerate(_QUANTITIES)}
_QUALITY_CODES = {quality: code for code, quality in enumerate(_QUALITIES)}


class Row(NamedTuple):
    """One row of `readings`, in the order of its columns."""

    slot: int
    resource: int
    quantity: int
    at: int
    value: float | None
    word: str | None
    quality: int

    @property
    def key(self) -> Key:
        """What tells this reading from every other."""
        return self[:4]


def row(reading: Reading, number: int) -> Row:
    """Make the row of a reading whose resource has this number."""
    key, quantity, value, at, quality = reading
    del key
    since = micros(at)
    word = value if isinstance(value, str) else None
    return Row(
        since // SLOT,
        number,
        _CODES[quantity],
        since,
        None if word is not None else value,  # type: ignore[arg-type] # no text
        word,
        _QUALITY_CODES[quality],
    )


def reading(row: Row, key: ResourceKey) -> Reading:
    """Make the reading of a row."""
    _, _, quantity, at, value, word, quality = row
    measured = value if word is None else word
    return Reading(key, _QUANTITIES[quantity], measured, instant(at), _QUALITIES[quality])


def sample(row: Any, keys: Mapping[int, ResourceKey]) -> Sample:
    """Make a bare tuple of a row."""
    _, resource, quantity, at, value, word, quality = row
    measured = value if word is None else word
    return keys[resource], _QUANTITIES[quantity], at / 1e6, measured, _QUALITIES[quality]


def code(quantity: Quantity) -> int:
    """Give the number that stands for a quantity."""
    return _CODES[quantity]


def quality_code(quality: Quality) -> int:
    """Give the number that stands for a quality."""
    return _QUALITY_CODES[quality]


def micros(at: datetime) -> int:
    """Count microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def instant(since: int) -> datetime:
    """Give the instant so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=since)
