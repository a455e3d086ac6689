"""Pages as elements: each in its own words, told apart by a digest, read once.

The same event is shown to many readers and again at every poll. Its digest is of what
it says and not of how a server orders its members, so what is known is not read again.
"""

import json
import re
from collections.abc import Callable, Container, Sequence
from hashlib import blake2b
from itertools import chain
from math import isfinite
from typing import Any, TypeVar

import orjson

from ven_daemon.wire import common
from ven_daemon.wire.common import Shape
from ven_daemon.wire.events import timestamp
from ven_daemon.wire.profile import Listing, Shown, Unreadable, WireError

T = TypeVar("T")


def read_elements(
    body: bytes, dialect: str, read: Callable[[Shape], T], known: Container[str] = ()
) -> Listing[Shown[T]]:
    """Read a page element by element; those whose digest is *known* are left unread.

    One that has an id and cannot be read is shown with the reason: it was seen (T-01).
    """
    shapes = _decode_page(body)
    shown: list[Shown[T]] = []
    nameless: list[Unreadable] = []
    for shape in shapes:
        try:
            shown.append(_show(common.as_object(shape), dialect, read, known))
        except WireError as error:
            nameless.append(Unreadable(None, str(error)))
    return Listing(tuple(shown), tuple(nameless), len(shapes))


def read_element(body: bytes, dialect: str, read: Callable[[Shape], T]) -> Shown[T]:
    """Read one element on its own."""
    shape = common.as_object(_decode(body))
    return _show(shape, dialect, read, ())


def united(words: Sequence[bytes]) -> bytes | None:
    """Write an event that was shown with different targets as one with all of them.

    None where the words differ in more than that: then they are not the same version.
    """
    shapes = [common.as_object(common.decode(each)) for each in words]
    targets = [each.pop("targets", None) or [] for each in shapes]
    if any(shape != shapes[0] for shape in shapes) or not all(map(_is_list, targets)):
        return None
    every: list[Any] = []
    for target in chain.from_iterable(targets):
        if target not in every:
            every.append(target)
    return common.encode({**shapes[0], "targets": every})


def _is_list(found: object) -> bool:
    return isinstance(found, list)


def first_id(head: bytes) -> str | None:
    """Find the id of a page's first element in the *head* of a page too large to be read."""
    depth, last, is_id = 0, b"", False
    for found in _TOKEN.finditer(head):
        token = found[0]
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        elif token == b":":
            is_id = depth == 2 and last == b'"id"'
            continue
        elif is_id and token[:1] == b'"':
            return _identified(token)
        last, is_id = token, False
    return None


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)


def _identified(token: bytes) -> str | None:
    try:
        return common.identifier({"id": orjson.loads(token)}, "id")
    except (WireError, ValueError):
        return None


def _show(
    shape: Shape, dialect: str, read: Callable[[Shape], T], known: Container[str]
) -> Shown[T]:
    id_ = common.identifier(shape, "id")
    modified = timestamp(shape, "modificationDateTime")
    try:
        words = orjson.dumps(shape, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        # What no JSON is, or no text; its digest is of all that can be said of it.
        words = ascii(shape).encode()
        digest = _digest(words, dialect)
        return Shown(id_, digest, b"", dialect, modified, None, f"not JSON: {_reason(error)}")
    digest = _digest(words, dialect)
    if digest in known:
        return Shown(id_, digest, words, dialect, modified)
    try:
        return Shown(id_, digest, words, dialect, modified, read(shape))
    except WireError as error:
        return Shown(id_, digest, words, dialect, modified, None, str(error))


def _digest(words: bytes, dialect: str) -> str:
    """The same words mean another time in another dialect."""
    return blake2b(words, digest_size=16, person=dialect.encode()).hexdigest()


def _decode_page(body: bytes) -> list[Any]:
    shapes = _decode(body)
    if not isinstance(shapes, list):
        raise WireError("a list was expected")
    if shapes and not any(isinstance(shape, dict) for shape in shapes):
        raise WireError("a list of objects was expected")
    return shapes


def _decode(body: bytes) -> Any:
    """Read JSON; where one value in it is none, it costs its element and not the page.

    orjson refuses a document for one lone surrogate or one NaN in it (F41, F42).
    """
    try:
        return common.decode(body)
    except WireError:
        if not body:
            raise
        return _decode_leniently(body)


class NoJson:
    """Stands where a value stood that JSON does not have; nothing can write it."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        """Give the words, of which a digest is made."""
        return self.words


def _decode_leniently(body: bytes) -> Any:
    try:
        text = body.decode()
        return json.loads(text, parse_constant=NoJson, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error


def _float(words: str) -> float | NoJson:
    value = float(words)
    return value if isfinite(value) else NoJson(words)


def _int(words: str) -> float | NoJson:
    return int(words) if len(words) < 19 else _float(words)


def _reason(error: TypeError) -> str:
    return "a number that is none" if "NoJson" in str(error) else str(error)[:100]
