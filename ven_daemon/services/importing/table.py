"""A CSV file as records with line numbers: delimiter, header, and what each column is."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TextIO

from ven_daemon.domain.errors import ConfigurationError

FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "name"),
    "address": ("address",),
    "longitude": ("longitude", "lng", "lon"),
    "latitude": ("latitude", "lat"),
    "ven": (),
}
"""What a column can be, and the headers that are taken for it unless told."""

_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 1 << 16
"""Characters within which the header must end."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the operator says about the files; what is not said is found out."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Headers by field, where they are not the usual ones; an empty one: there is none."""

    delimiter: str | None = None
    encoding: str | None = None


class Record(NamedTuple):
    """One row of a file: the physical line that it begins on, and its fields by name."""

    line: int
    values: dict[str, str]


class Skipped(NamedTuple):
    """One row that cannot be used, and why."""

    line: int
    reason: str


class Table:
    """A CSV text whose header is understood."""

    def __init__(self, text: TextIO, layout: Layout) -> None:
        """Read the header.

        Raises:
            ConfigurationError: there is none, or a column that is needed is not in it.
        """
        head = text.read(_HEAD)
        if not head.strip("\ufeff \t\r\n"):
            raise ConfigurationError("the file is empty")
        header, self._delimiter = _header(head, layout)
        self._width = len(header)
        self._places = _places(header, layout.columns)
        text.seek(0)
        self._text = text

    def records(self) -> Iterator[Record | Skipped]:
        """Yield what follows the header, in order; blank rows are passed over."""
        rows = _Rows(self._text, self._delimiter)
        below_header = False
        for row in rows:
            if isinstance(row, Skipped):
                yield row
            elif any(cell.strip() for cell in row):
                if below_header:
                    yield self._record(rows.first_line, row)
                below_header = True

    def _record(self, line: int, row: list[str]) -> Record | Skipped:
        if any(cell.strip() for cell in row[self._width :]):
            hint = " (is a delimiter inside an unquoted text?)"
            return Skipped(line, f"{len(row)} fields, the header has {self._width}{hint}")
        if len(row) <= max(self._places.values()):
            return Skipped(line, f"{len(row)} fields, the header has {self._width}")
        return Record(line, {name: row[place] for name, place in self._places.items()})


class _Rows:
    """The rows of a CSV text, each with the physical line it begins on.

    A quote that is never closed would swallow the rest of the file: then only its
    own line is given up, and reading goes on with the next one.
    """

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._reader = csv.reader(
            self._physical(), delimiter=delimiter, skipinitialspace=True, strict=True
        )
        self._delimiter = delimiter
        self.first_line = 0

    def __iter__(self) -> Iterator[list[str] | Skipped]:
        last = 0
        while True:
            self._taken.clear()
            self.first_line = last + 1
            try:
                row: list[str] | Skipped = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                row = self._give_up(error)
            last += len(self._taken)
            yield row

    def _physical(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def _give_up(self, error: csv.Error) -> Skipped:
        reason = f"not CSV: {error}"
        if len(self._taken) > 1:
            reason = "not CSV: a quoted text begins here that does not end as one"
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        # A generator that has ended, or a reader in the middle of a text, is of no more use.
        self._reader = csv.reader(
            self._physical(), delimiter=self._delimiter, skipinitialspace=True, strict=True
        )
        return Skipped(self.first_line, reason)


def _header(head: str, layout: Layout) -> tuple[list[str], str]:
    """Take the delimiter that makes most sense of the first row that is not blank."""
    candidates = (layout.delimiter,) if layout.delimiter else _DELIMITERS
    headers = [(_first_row(head, delimiter), delimiter) for delimiter in candidates]
    header, delimiter = max(headers, key=lambda found: _sense(found[0], layout.columns))
    if not header:
        raise ConfigurationError("the header cannot be read as CSV")
    return header, delimiter


def _first_row(head: str, delimiter: str) -> list[str]:
    """Read the header as if *delimiter* were right; nothing, where it cannot be."""
    for row in _Rows(io.StringIO(head, newline=""), delimiter):
        if isinstance(row, Skipped):
            break
        if any(cell.strip() for cell in row):
            return [cell.lstrip("\ufeff").strip() for cell in row]
    return []


def _sense(header: list[str], columns: Mapping[str, str]) -> tuple[int, int]:
    known = {alias for aliases in FIELDS.values() for alias in aliases}
    known.update(name.casefold() for name in columns.values())
    return sum(name.casefold() in known for name in header), len(header)


def _places(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Say where each field stands.

    Raises:
        ConfigurationError: every column that is missing or there twice, in one message.
    """
    places: dict[str, int] = {}
    problems: list[str] = []
    folded = [name.casefold() for name in header]
    for name, aliases in FIELDS.items():
        wanted = (columns[name].casefold(),) if name in columns else aliases
        there = next((alias for alias in wanted if alias and alias in folded), None)
        if there is None:
            problems.extend(_missing(name, columns))
        elif folded.count(there) > 1:
            problems.append(f"two columns are named {there!r}")
        else:
            places[name] = folded.index(there)
    if problems:
        names = ", ".join(repr(name) for name in header)
        raise ConfigurationError(f"{'; '.join(problems)} (the header is: {names})")
    return places


def _missing(name: str, columns: Mapping[str, str]) -> Iterator[str]:
    """Say what to do about a column that is not there, unless it can be done without."""
    if columns.get(name):
        yield f"no column is named {columns[name]!r}"
    elif name in ("longitude", "latitude") and name not in columns:
        yield f"no column for the {name}: say --column {name}=HEADER, or {name}= if there is none"
    elif name == "title" or (name == "address" and "ven" not in columns):
        yield f"no column for the {name}: say --column {name}=HEADER"
