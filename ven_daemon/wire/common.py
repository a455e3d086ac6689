"""What the dialects share: JSON, elements read one by one, valuesMaps."""

import re
from collections.abc import Callable, Iterable
from sys import intern
from typing import Any, TypeVar

import orjson

from ven_daemon.domain.attributes import Attribute, Opaque, Point, Value
from ven_daemon.wire.profile import Listing, Unreadable, WireError

T = TypeVar("T")
Shape = dict[str, Any]


def encode(shape: Shape) -> bytes:
    """Write JSON; a member that is None is left out."""
    present = {name: value for name, value in shape.items() if value is not None}
    return orjson.dumps(present, default=_write_named)


def _write_named(value: object) -> Shape | orjson.Fragment:
    """Write what orjson cannot: it takes plain tuples for lists, but not named ones."""
    if isinstance(value, Point):
        return {"x": value.x, "y": value.y}
    if isinstance(value, Opaque):
        return orjson.Fragment(value.json)
    raise TypeError(type(value).__name__)


def decode(body: bytes) -> Any:
    """Read JSON. orjson refuses NaN, infinities and bottomless nesting."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError("not JSON" if body else "an empty body") from error


def decode_object(body: bytes) -> Shape:
    """Read a JSON object."""
    return as_object(decode(body))


def as_object(shape: object) -> Shape:
    """Insist on an object."""
    if not isinstance(shape, dict):
        raise WireError("an object was expected")
    return shape


def decode_echo(body: bytes, written: bytes | None) -> tuple[Shape, bool]:
    """Read what was just sent; True says that its attributes came back as *written*.

    They are most of an answer: where they stand in it letter for letter, it is read
    without them.
    """
    if written is not None and (at := body.find(_ATTRIBUTES)) >= 0:
        begin = at + len(_ATTRIBUTES)
        if body.startswith(written, begin):
            shape = decode_object(body[:begin] + b"null" + body[begin + len(written) :])
            if "attributes" in shape and shape["attributes"] is None:
                return shape, True
    return decode_object(body), False


_ATTRIBUTES = b'"attributes":'


def read_listing(body: bytes, read: Callable[[Shape], T]) -> Listing[T]:
    """Read a page element by element: a bad one never hides its neighbours (T-01)."""
    shapes = decode(body)
    if not isinstance(shapes, list):
        raise WireError("a list was expected")
    if shapes and not any(isinstance(shape, dict) for shape in shapes):
        raise WireError("a list of objects was expected")
    items: list[T] = []
    unreadable: list[Unreadable] = []
    for shape in shapes:
        try:
            items.append(read(as_object(shape)))
        except WireError as error:
            found = shape.get("id") if isinstance(shape, dict) else None
            unreadable.append(Unreadable(found if isinstance(found, str) else None, str(error)))
    return Listing(tuple(items), tuple(unreadable), len(shapes))


def text(shape: Shape, name: str) -> str:
    """Take a member that must be a non-empty string."""
    value = shape.get(name)
    if type(value) is not str or not value:
        raise WireError(f"{name}: a string was expected")
    return value


def identifier(shape: Shape, name: str) -> str:
    """Take an object id, which must fit into a path and a column (objectID, 1..128)."""
    value = shape.get(name)
    if type(value) is str and _PLAIN_ID.fullmatch(value):
        return value
    value = text(shape, name)
    if len(value) > 128 or not value.isprintable() or not _PATH_MARKS.isdisjoint(value):
        raise WireError(f"{name}: an object id was expected")
    return value


_PLAIN_ID = re.compile(r"[0-9A-Za-z_.:~-]{1,128}")
"""What nearly every id is: one look tells, and two ids are read of every answer."""

_PATH_MARKS = frozenset("/?#%\\ ")


def optional_text(shape: Shape, name: str) -> str | None:
    """Take a member that may be absent, null or a string."""
    value = shape.get(name)
    return value if isinstance(value, str) and value else None


def elements(shape: Shape, name: str) -> list[Any]:
    """Take a list that may be absent or null."""
    value = shape.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise WireError(f"{name}: a list was expected")
    return value


def attributes(shape: Shape, sent: tuple[Attribute, ...] = ()) -> tuple[Attribute, ...]:
    """Read the attributes of a ven or resource; *sent* is what they most likely are."""
    found = elements(shape, "attributes")
    if sent and _are(found, sent):
        return sent
    return tuple([_attribute(each) for each in found])


def _are(found: list[Any], sent: tuple[Attribute, ...]) -> bool:
    """Tell an exact echo, which is what most answers are, without reading it in full."""
    if len(found) != len(sent):
        return False
    for each, (kind, values) in zip(found, sent, strict=True):
        if type(each) is not dict or each.get("type") != kind or each.get("values") != list(values):
            return False
    return True


def write_attributes(pairs: Iterable[Attribute]) -> bytes:
    """Write attributes as valuesMaps, to be put into a body as a `Fragment`."""
    shapes = [{"type": kind, "values": values} for kind, values in pairs]
    return orjson.dumps(shapes, default=_write_named)


def _attribute(shape: object) -> Attribute:
    shape = as_object(shape)
    # There are a dozen types in a hundred thousand attributes: one text of each will do.
    return Attribute(intern(text(shape, "type")), values(shape))


def values(shape: Shape) -> tuple[Value, ...]:
    """Take the values of a valuesMap, in their order."""
    found = elements(shape, "values")
    # Points apart, what JSON gives is what we keep: this runs a dozen times a resource.
    plain = all([type(value) in _PLAIN for value in found])  # noqa: C419 - a list is faster here
    return tuple(found if plain else map(_value, found))


_PLAIN = frozenset((str, int, float, bool))


def _value(value: object) -> Value:
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        x, y = value.get("x"), value.get("y")
        if isinstance(x, int | float) and isinstance(y, int | float):
            return Point(float(x), float(y))
    # Somebody else's, and not ours to lose: unreadable it would count as absent.
    return Opaque(orjson.dumps(value).decode())
