"""What a body of readings holds: one object, an array, or an object per line.

What cannot be told apart from what was meant is not guessed: a member that is given
twice is refused with its item, where every JSON parser would take the last in silence.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

_NAME_SHOWN = 40
_SPACED = re.compile(rb'"[ \t\r\n]+:')


class UnreadableBodyError(ValueError):
    """Nothing could be read."""


class NoItem:
    """Stands where an item should, and says why there is none."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


_NOT_JSON = NoItem("not JSON")


def items_of(body: bytes) -> Sequence[object]:
    """Take a body apart.

    Raises:
        UnreadableBodyError: it is empty, or no JSON at all.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _listed(_forgiving(body)) if body.lstrip()[:1] == b"[" else _lines(body)
    items = _listed(document)
    members = len(document) if type(document) is dict else _members(items)
    if members == body.count(b'":') and not _is_spaced(body):
        return items
    return _listed(_forgiving(body))


def _listed(document: object) -> Sequence[object]:
    return document if isinstance(document, list) else (document,)


def _is_spaced(body: bytes) -> bool:
    """Whether a name is told from its colon, which counting names does not see."""
    # Nobody writes so. Looking for one byte takes a tenth of what looking for two does.
    may_be = (
        (0x20 in body and b" :" in body)
        or (0x0A in body and b"\n:" in body)
        or (0x09 in body and b"\t:" in body)
        or (0x0D in body and b"\r:" in body)
    )
    return may_be and _SPACED.search(body) is not None


def _members(items: Sequence[object]) -> int:
    return sum([len(item) for item in items if type(item) is dict])


def _lines(body: bytes) -> Sequence[object]:
    """Read an object per line; a line that is none costs itself. Or a document of many lines."""
    items = [_line(line) for line in body.splitlines() if line.strip()]
    if all(item is _NOT_JSON for item in items):
        return _listed(_forgiving(body))
    return items


def _line(line: bytes) -> object:
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    else:
        if type(item) is dict and len(item) == line.count(b'":') and not _is_spaced(line):
            return item
    try:
        return _forgiving(line)
    except UnreadableBodyError:
        return _NOT_JSON


def _forgiving(body: bytes) -> object:
    """Read what orjson refuses as a whole, so that the item that is wrong can be named.

    That is NaN, half a character, a number beyond all bounds: the item's own business.
    """
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_int=_whole)
    except (ValueError, RecursionError):
        raise UnreadableBodyError("the body is no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    return NoItem(f"{twice[:_NAME_SHOWN]!r} is given twice")


def _whole(digits: str) -> int | float:
    """Read a whole number; one of thousands of digits costs a second in Python."""
    return int(digits) if len(digits) < 20 else float(digits)
