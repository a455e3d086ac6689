"""One record becomes one resource, or a reason why it cannot."""

import re
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey, VenName

NAMESPACE = UUID("6b0f5a52-7d0c-5b7e-9c55-6f6d1b0f2a34")
"""Ours, for ever: another one would make every re-import a new fleet."""

TEXT_LIMIT = 512
"""Characters of a title, an address or a VEN's name; PostgreSQL can index so many."""

METER_POINT_PREFIX = "707057500"
_METER_POINTS = 10**9

_CAPACITY_NAMES = ("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh")
_EV = (22.0, 0.0, 100.0, 0.0)
_LARGE = (100.0, -40.0, 400.0, 0.0)
_MIDDLE = (50.0, -20.0, 200.0, 0.0)
_SMALL = (25.0, -10.0, 100.0, 0.0)
_BY_SUB_TYPE = {
    "industries": _LARGE,
    "schools": _LARGE,
    "hotels": _MIDDLE,
    "swimmingpools": _MIDDLE,
}

_SAMPLE_FILES = {
    f"{name}-in-denmark": name.capitalize()
    for name in (
        *("bars", "bakeries", "hotels", "schools"),
        *("restaurants", "industries", "swimmingpools", "chargingstations"),
    )
}

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,2})?")

_CODE = r"(?:[A-Z]{1,2}[- ])?(?:[0-9]{4,5}|[0-9]{3} [0-9]{2})\s+"
_TOWN_OF_PART = re.compile(_CODE + r"(\S.*)")
_TOWN_OF_LINE = re.compile(r"(?:.*\s)?" + _CODE + r"(\D.*)")
"""The town of an address without commas: what follows its last postcode."""

_COUNTRIES = frozenset(
    {
        *("denmark", "danmark", "dk", "dänemark", "sweden", "sverige", "norway", "norge"),
        *("germany", "deutschland", "finland", "suomi", "iceland", "netherlands", "nederland"),
    }
)


class RowError(ValueError):
    """What is wrong with a row, in words for the one who wrote it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What all the rows of a file are, and so what they can do."""

    type: str
    sub_type: str

    @property
    def capacities(self) -> dict[str, float]:
        """The power and energy limits of this kind."""
        limits = _EV if self.type == "EV" else _BY_SUB_TYPE.get(self.sub_type.casefold(), _SMALL)
        return dict(zip(_CAPACITY_NAMES, limits, strict=True))


def kind_of(stem: str, resource_type: str | None, sub_type: str | None) -> Kind:
    """Go by what was said, else by the name of the file."""
    words = re.sub(r"[-_\s]+", " ", stem)
    sub_type = sub_type or _SAMPLE_FILES.get(stem.casefold()) or string.capwords(words)
    default = "EV" if sub_type.casefold() == "chargingstations" else "DSR"
    return Kind(resource_type or default, sub_type)


def resource_of(values: Mapping[str, str], kind: Kind) -> Resource:
    """Make a resource of a record; its meter point is given later, with an eye on the others.

    Raises:
        RowError: the record cannot be used.
    """
    title = _line("title", values["title"], " ")
    address = _line("address", values.get("address", ""), ", ")
    if not title:
        raise RowError("the title is empty")
    ven = _line("ven", values["ven"], " ") if "ven" in values else town_of(address)
    if not ven:
        raise RowError("the column of the VEN is empty")
    # Where there is no address, the VEN tells two of one title apart.
    key = uuid5(NAMESPACE, f"{kind.sub_type}\n{title}\n{address or ven}")
    return Resource(
        id=0,
        resource_id=ResourceKey(str(key)),
        resource_name=title,
        resource_type=kind.type,
        resource_sub_type=kind.sub_type,
        capacities=kind.capacities,
        location=_location(values.get("longitude", ""), values.get("latitude", "")),
        address=address or None,
        ven=VenName(ven),
    )


def town_of(address: str) -> str:
    """Take the town out of an address, whole: `Algade 12, 4800 Nykøbing Falster, Denmark`.

    It is what follows the last postcode, up to the next comma; without a postcode
    it is the last part that is no country.

    Raises:
        RowError: there is no town.
    """
    parts = [part.strip() for part in address.split(",") if part.strip()]
    while parts and parts[-1].casefold() in _COUNTRIES:
        parts.pop()
    # The first part of several is a street: `1234 Main Street` begins with no postcode.
    patterns = [(_TOWN_OF_PART, part) for part in reversed(parts[1:])]
    patterns += [(_TOWN_OF_LINE, part) for part in parts if len(parts) == 1]
    for pattern, part in patterns:
        if found := pattern.fullmatch(part):
            return " ".join(found[1].split())
    # A floor or a door (`st. tv.`, `2. sal`) is no town.
    if len(parts) > 1 and parts[-1][0].isalpha() and not parts[-1][0].islower():
        return parts[-1]
    raise RowError(f"no town in the address {address!r}")


def meter_point_of(key: ResourceKey, taken: set[int]) -> str:
    """Derive 18 digits from *key* that no other of *taken* has, and take them."""
    number = UUID(key).int % _METER_POINTS
    while number in taken:
        number = (number + 1) % _METER_POINTS
    taken.add(number)
    return f"{METER_POINT_PREFIX}{number:09d}"


def _line(name: str, value: str, joint: str) -> str:
    """Make one line of a text: line breaks inside it become *joint*, tabs become spaces."""
    found = _FORBIDDEN.search(value)
    if found:
        raise RowError(f"the {name} holds {_named(found[0])}")
    parts = (part.strip() for part in re.split("[\r\n]+", value.replace("\t", " ")))
    line = joint.join(part for part in parts if part).replace(",, ", ", ")
    if len(line) > TEXT_LIMIT:
        raise RowError(f"the {name} is longer than {TEXT_LIMIT} characters")
    return line


def _named(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"the byte 0x{code - 0xDC00:02X}, which is not in the file's encoding"
    if unicodedata.category(character) == "Cs":
        return f"half of a character (the lone surrogate U+{code:04X})"
    return f"the control character U+{code:04X}"


def _location(longitude: str, latitude: str) -> dict[str, float]:
    """Read a pair of coordinates; a place may have none."""
    if not longitude.strip() and not latitude.strip():
        return {}
    return {
        "latitude": _degrees("latitude", latitude, 90),
        "longitude": _degrees("longitude", longitude, 180),
    }


def _degrees(name: str, value: str, limit: int) -> float:
    """Read degrees with a decimal point, or a decimal comma."""
    text = value.strip()
    if not text:
        raise RowError(f"the {name} is empty")
    if not _NUMBER.fullmatch(text):
        raise RowError(f"the {name} {text[:40]!r} is not a number")
    degrees = float(text.replace(",", "."))
    if not -limit <= degrees <= limit:
        raise RowError(f"the {name} {text[:40]} is not between -{limit} and {limit}")
    return degrees
