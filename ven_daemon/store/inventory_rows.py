"""From a row as the driver gives it to a `Resource`, and back.

A file of the sample client may hold anything in any column: what cannot be read is
left out of the resource and said in its `problems`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any

import orjson

from ven_daemon.domain.fleet import RESOURCE_TYPES, Resource
from ven_daemon.domain.ids import ResourceKey, VenName

REQUIRED = ("resource_id", "resource_name", "ven")
"""Columns without which a table is no inventory; the others are optional."""

COLUMNS = (
    *("id", "resource_id", "resource_name", "resource_type", "resource_sub_type"),
    *("meter_point_id", "connection_id", "capacities", "location", "address", "ven"),
    *("enabled", "reporting", "created_at", "updated_at"),
)
"""In the order of the fields of `Resource`, and of the values that `read_row` takes."""

_NONE = type(None)
_USUAL = {
    (int, *(str,) * 5, connection, *(str,) * 4, enabled, _NONE, str, str)
    for connection in (int, _NONE)
    for enabled in (int, bool)
}
"""The types of the values of a row in which everything is there and nothing is odd."""

_LIMITS = {
    "capacities": dict.fromkeys(("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh"), math.inf),
    "location": {"latitude": 90.0, "longitude": 180.0},
}
"""The members that are read of two columns of JSON, and how far from zero they may be."""

_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 40


class UnreadableRow(ValueError):  # noqa: N818 - a row without a key is no resource, but no failure
    """There is nothing to know this row by."""


def read_row(row: Sequence[Any], ordinal: int) -> Resource:
    """Read one row; *ordinal* stands in where it has no id.

    Raises:
        UnreadableRow: its `resource_id` is empty.
    """
    return _read_usual(row) or _read_any(row, ordinal)


def _read_usual(row: Sequence[Any]) -> Resource | None:
    """Read a row in which nothing is odd, as nearly all are, in a third of the time."""
    if tuple(map(type, row)) not in _USUAL:
        return None
    number, key, name, kind, sub_kind, meter_point, connection, *rest = row
    limits, where, address, ven, enabled, _, created, updated = rest
    texts = (key, name, kind, sub_kind, meter_point, address, ven)
    if not "".join(texts).isprintable() or not all(map(str.strip, texts)):
        return None
    capacities, said = _parse_capacities(limits)
    place = _usual_place(where)
    if said or place is None or kind not in RESOURCE_TYPES:
        return None
    try:
        times = _parse_instant(created), _parse_instant(updated)
    except ValueError:
        return None
    # A fleet has few types and VENs, and many who keep a resource's.
    head = number, key, name, intern(kind), intern(sub_kind), meter_point, connection
    tail = capacities, place, address, VenName(intern(ven)), bool(enabled), _NOTHING
    return Resource(*head, *tail, *times)


def _usual_place(text: str) -> Mapping[str, float] | None:
    try:
        place = orjson.loads(text)
        latitude, longitude = place["latitude"], place["longitude"]
    except (ValueError, TypeError, KeyError):
        return None
    usual = type(latitude) is float is type(longitude) and len(place) == 2
    # JSON of orjson's is finite; what is out of bounds is somebody else's to say.
    return place if usual and abs(latitude) <= 90.0 and abs(longitude) <= 180.0 else None


def _read_any(row: Sequence[Any], ordinal: int) -> Resource:
    """Read a row that may hold anything, and say what is wrong with it."""
    number = row[0] if type(row[0]) is int else ordinal
    problems: list[str] = []
    key = _text("resource_id", row[1], problems)
    if key is None:
        said = f" ({problems[0]})" if problems else ""
        raise UnreadableRow(f"row {number}: has no resource_id{said}: left out")
    return Resource(
        number,
        ResourceKey(key),
        _name(row[2], key, problems),
        _type(row[3], problems),
        _text("resource_sub_type", row[4], problems),
        _text("meter_point_id", row[5], problems),
        _integer("connection_id", row[6], problems),
        _capacities(row[7], problems),
        _location(row[8], problems),
        _text("address", row[9], problems),
        read_ven(row[10], problems),
        read_enabled(row[11], problems),
        _object("reporting", row[12], problems),
        _instant("created_at", row[13], problems),
        _instant("updated_at", row[14], problems),
        tuple(problems),
    )


def read_ven(value: object, problems: list[str]) -> VenName | None:
    """Read the name of a VEN, exactly as it stands; a blank one is none."""
    name = _text("ven", value, problems)
    return VenName(name) if name is not None else None


def read_enabled(value: object, problems: list[str]) -> bool:
    """Read a yes or a no, NULL being yes.

    What is neither counts as no: nobody's device is switched on a guess.
    """
    if value is None:
        return True
    if isinstance(value, bool | int | float):
        return bool(value)
    word = str(value).strip().casefold()
    if word in _YES:
        return True
    if word not in _NO:
        problems.append(f"enabled: neither yes nor no: {_shown(value)}; taken for no")
    return False


def write_row(resource: Resource, now: datetime) -> dict[str, Any]:
    """Make the bound parameters of one row, as the sample client's own columns take them."""
    return {
        "resource_id": resource.resource_id,
        "resource_name": resource.resource_name,
        "resource_type": resource.resource_type,
        "resource_sub_type": resource.resource_sub_type,
        "meter_point_id": resource.meter_point_id,
        "connection_id": resource.connection_id,
        "capacities": _json(resource.capacities),
        "location": _json(resource.location),
        "address": resource.address,
        "ven": resource.ven,
        "enabled": resource.enabled,
        "reporting": _json(resource.reporting),
        "created_at": now,
        "updated_at": now,
    }


def _json(values: Mapping[str, object]) -> str | None:
    return json.dumps(dict(values), ensure_ascii=False) if values else None


def _name(value: object, key: str, problems: list[str]) -> str:
    before = len(problems)
    name = _text("resource_name", value, problems)
    if name is None:
        said = "" if len(problems) > before else "resource_name: empty; "
        problems.append(f"{said}the resource_id stands in for the name")
        return key
    return name


def _type(value: object, problems: list[str]) -> str | None:
    kind = _text("resource_type", value, problems)
    if kind is not None and kind not in RESOURCE_TYPES:
        problems.append(f"resource_type: {_shown(kind)} is none of {', '.join(RESOURCE_TYPES)}")
    return kind


def _text(column: str, value: object, problems: list[str]) -> str | None:
    """Read a text exactly, a number as its digits; blank is None."""
    if type(value) is str and value.isprintable() and value.strip():
        return value  # as nearly all are
    if value is None:
        return None
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"{column}: not text: {_shown(value)}")
            return None
        value = str(value)
    if not value or value.isspace():
        return None
    # No other database, and no VTN, can hold NUL or half a character; most rows show at
    # once that they hold neither.
    if not value.isprintable() and ("\0" in value or not _is_unicode(value)):
        problems.append(f"{column}: not readable as text: {_shown(value)}")
        return None
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(column: str, value: object, problems: list[str]) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    problems.append(f"{column}: not a whole number: {_shown(value)}")
    return None


def _instant(column: str, value: object, problems: list[str]) -> datetime | None:
    """Read a time; without a zone it is UTC, as the sample client writes it."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return _parse_instant(value)
        if isinstance(value, datetime):
            return _in_utc(value)
    except (ValueError, OverflowError):
        pass
    problems.append(f"{column}: not a time: {_shown(value)}")
    return None


# Rows that were written together share their instants; so can the values.
@lru_cache(maxsize=256)
def _parse_instant(text: str) -> datetime:
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _capacities(value: object, problems: list[str]) -> Mapping[str, float]:
    if isinstance(value, str):
        numbers, said = _parse_capacities(value)
        problems.extend(said)
        return numbers
    return _numbers("capacities", _object("capacities", value, problems), problems)


# Most rows of a fleet share a few texts; the values are read-only, so they can be shared.
@lru_cache(maxsize=256)
def _parse_capacities(text: str) -> tuple[Mapping[str, float], tuple[str, ...]]:
    problems: list[str] = []
    numbers = _numbers("capacities", _object("capacities", text, problems), problems)
    return MappingProxyType(dict(numbers)), tuple(problems)


def _location(value: object, problems: list[str]) -> Mapping[str, float]:
    return _numbers("location", _object("location", value, problems), problems)


def _object(column: str, value: object, problems: list[str]) -> Mapping[str, Any]:
    """Read a JSON object from text; a JSON type of PostgreSQL gives it read already."""
    if isinstance(value, str):
        try:
            value = _loads(value)
        except ValueError as error:
            problems.append(f"{column}: not JSON: {error}")
            return _NOTHING
    if isinstance(value, dict):
        return value
    if value is not None:
        problems.append(f"{column}: not a JSON object: {_shown(value)}")
    return _NOTHING


def _loads(text: str) -> object:
    """Parse JSON, and what Python's own writer makes of NaN, to name the member that is wrong."""
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _numbers(column: str, values: Mapping[str, Any], problems: list[str]) -> Mapping[str, float]:
    """Keep the members that this column is for, where they are numbers within its limits."""
    numbers = {}
    for name, limit in _LIMITS[column].items():
        value = values.get(name)
        if value is None:
            continue
        number = _finite(value)
        if number is None:
            problems.append(f"{column}.{name}: not a finite number")
        elif not -limit <= number <= limit:
            problems.append(f"{column}.{name}: {number} is not between -{limit:g} and {limit:g}")
        else:
            numbers[name] = number
    return numbers


def _finite(value: object) -> float | None:
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
