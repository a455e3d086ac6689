"""Names at the VTN: deterministic, distinct, within the limits of the wire.

A name is made from our own data only, so that whatever registered an object can
find it again with no memory at all (a create whose answer was lost, a state
database that is gone).
"""

import unicodedata
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from hashlib import sha256

from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ClientId, ResourceKey, ResourceName, VenName

NAME_BYTES = 128
"""Longest venName or resourceName. The YAML says characters; VTNs count bytes."""

_TRANSLITERATION = str.maketrans(
    {"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa", "ß": "ss"}
)


def wire_name(name: str) -> str:
    """Shorten *name* to 128 bytes; U+0000, which VTNs cannot store, is dropped.

    A name that is too long keeps its beginning and ends in `~` and 8 hex digits of
    the whole name's SHA-256, so that two long names stay two.
    """
    if len(name) <= NAME_BYTES // 4 and name.isprintable():
        return name  # as most are: it cannot be too long, nor hold what has no bytes
    clean = name.replace("\0", "") if "\0" in name else name
    if clean.isascii() and len(clean) <= NAME_BYTES:
        return clean
    raw = clean.encode("utf-8", "replace")
    if len(raw) <= NAME_BYTES:
        return raw.decode()
    return _cut(clean, NAME_BYTES - 9) + "~" + _hex8(clean)


def suffixed(name: str, key: ResourceKey) -> str:
    """Tell a second resource of the same name apart by its inventory key."""
    return _cut(name, NAME_BYTES - 9) + "#" + _hex8(key)


def resource_names(
    resources: Iterable[Resource], remembered: Mapping[ResourceKey, ResourceName]
) -> dict[ResourceKey, ResourceName]:
    """Name every resource of one VEN, disabled ones too, each name once.

    The first row of a name (by inventory id) bears it bare and later ones a suffix.
    A name *remembered* from an earlier registration is kept while it is still one of
    the two that the row could have, so that removing the first renames nobody.
    """
    rows = sorted(resources, key=_id)
    names: dict[ResourceKey, ResourceName] = {}
    taken: set[str] = set()
    for row in rows if remembered else ():
        before = remembered.get(row.resource_id)
        if before is None or before in taken:
            continue
        if before == _bare(row) or before == suffixed(_bare(row), row.resource_id):
            names[row.resource_id] = before
            taken.add(before)
    for row in rows:
        key = row.resource_id
        if key not in names:
            name = _bare(row)
            if name in taken:
                name = _distinct(name, key, taken)
            names[key] = name
            taken.add(name)
    return names


def _distinct(bare: str, key: ResourceKey, taken: Container[str]) -> ResourceName:
    """Suffix a name that is taken, anew for as long as that is taken too."""
    name, salt = suffixed(bare, key), "#"
    while name in taken:
        name, salt = suffixed(bare, ResourceKey(key + salt)), salt + "#"
    return ResourceName(name)


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """Spell *name* as an OpenADR identifier: `[A-Za-z0-9_-]`, 100 characters at most."""
    spelled = unicodedata.normalize("NFKD", name.translate(_TRANSLITERATION))
    ascii_only = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "-"
        for letter in spelled
        if not unicodedata.combining(letter)
    )
    return "-".join(part for part in ascii_only.split("-") if part)[:100]


def derived_client_id(ven: VenName) -> ClientId:
    """Make the clientID of a VEN that has no credential of its own."""
    return ClientId("-".join(part for part in ("ven", slug(ven), _hex8(ven)) if part))


@lru_cache(maxsize=4096)
def targets(
    templates: tuple[str, ...], fields: tuple[tuple[str, str | None], ...]
) -> tuple[str, ...]:
    """Fill target templates such as `{type}`; what has no value gives no target."""
    slugs = {name: slug(value or "") for name, value in fields}
    filled = (template.format_map(slugs) for template in templates)
    return tuple(dict.fromkeys(target for target in filled if target))


def _id(row: Resource) -> int:
    return row.id


def _bare(row: Resource) -> ResourceName:
    return ResourceName(wire_name(row.resource_name) or wire_name(row.resource_id))


def _cut(text: str, limit: int) -> str:
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _hex8(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
