"""Query parameters: pages and filters. Those that nobody knows are passed over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.problems import DATABASE_ERROR, Problem, bad_request
from ven_daemon.sandbox.shelf import Row

LARGEST_PAGE = 50
_INT32_MAX = 2**31 - 1


class Query:
    """The parameters of one request; a repeated key is a list."""

    def __init__(self, raw: str) -> None:
        self._values: Mapping[str, list[str]] = parse_qs(raw, keep_blank_values=True) if raw else {}

    def one(self, key: str) -> str | None:
        """Fetch a parameter that can be given once."""
        values = self._values.get(key)
        if values is None:
            return None
        if len(values) > 1:
            raise bad_request(f"Failed to deserialize query string: duplicate field `{key}`")
        if "\0" in values[0]:
            raise Problem(500, DATABASE_ERROR)
        return values[0]

    def identifier(self, key: str) -> str | None:
        """Fetch an id, which has to look like one."""
        value = self.one(key)
        return None if value is None else fields.identifier(value, key)

    def name(self, key: str) -> str | None:
        """Fetch a name, which has to be of a name's length."""
        value = self.one(key)
        return None if value is None else fields.sized(value, key)

    def every(self, key: str) -> Sequence[str]:
        """Fetch a parameter that can be repeated."""
        return self._values.get(key, ())

    def flag(self, key: str) -> bool:
        """Fetch a truth value; nothing said is no."""
        text = self.one(key)
        if text not in (None, "true", "false"):
            raise bad_request(f"Failed to deserialize query string: {key}: not true or false")
        return text == "true"

    def integer(self, key: str, *, least: int, most: int, default: int) -> int:
        """Fetch a number within bounds."""
        text = self.one(key)
        if text is None:
            return default
        if not (text.isascii() and text.removeprefix("-").isdigit()):
            raise bad_request(f"Failed to deserialize query string: {key}: invalid digit")
        # Longer than any number in bounds, and int() refuses to read thousands of digits.
        value = int(text) if len(text) < 20 else _INT32_MAX + 1
        if not least <= value <= most:
            raise bad_request(f"{key}: must be between {least} and {most}")
        return value


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a listing to send."""

    skip: int
    limit: int
    blind_spot: str | None = None
    """The name of a row that is passed over for its neighbour, as unordered pages do (T-22)."""

    def answer(
        self, rows: Sequence[Row], wire: Callable[[Row], bytes], *, backwards: bool = False
    ) -> Answer:
        """Cut the page out of a listing, read from its end where *backwards*."""
        if self.blind_spot is not None:
            rows = [
                rows[n - 1] if row.name == self.blind_spot else row for n, row in enumerate(rows)
            ]
        if backwards:
            end = max(len(rows) - self.skip, 0)
            page = rows[max(end - self.limit, 0) : end][::-1]
        else:
            page = rows[self.skip : self.skip + self.limit]
        return Answer(200, b"[" + b",".join(map(wire, page)) + b"]", compressible=True)


def read_page(call: Call, query: Query) -> Page:
    """Read skip and limit: 50 rows unless told, never more, never none."""
    skip = query.integer("skip", least=0, most=_INT32_MAX, default=0)
    limit = query.integer("limit", least=1, most=LARGEST_PAGE, default=LARGEST_PAGE)
    if call.page_cap is not None:
        limit = min(limit, call.page_cap)
    return Page(0 if call.ignore_skip else skip, limit, call.blind_spot)
