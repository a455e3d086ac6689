"""Readings from CSV files: a folder that is watched, or files that are given once.

A file's first row names its columns: `resource_id` or `meter_point_id`, `value`, `at`,
and if it likes `quantity` (else `power`) and `quality`.
"""

import asyncio
import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import structlog

from ven_daemon.devices.sources import MeterPoints, Take, named
from ven_daemon.domain.errors import SourceError

ROWS_AT_ONCE = 1000

LOOK_EVERY = 2.0
"""Seconds between two looks into the folder."""

STILL_FOR = 2.0
"""Seconds for which a file must not have changed: whoever writes it may not be done."""

_COLUMNS = ("resource_id", "meter_point_id", "quantity", "value", "at", "quality")
_DELIMITERS = ",;\t|"

_log = structlog.get_logger(__name__)


class BadRow(NamedTuple):
    """A row that was refused: the line that it ends on, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Brought:
    """What became of the rows of a file."""

    accepted: int = 0
    refused: list[BadRow] = field(default_factory=list)


async def bring(file: Path, meter_points: MeterPoints, take: Take) -> Brought:
    """Bring all rows of *file*; bringing them again is harmless.

    Raises:
        SourceError: it cannot be read, or has not the columns that it must have.
        StoreError: not all could be kept.
    """
    brought = Brought()
    portions = _portions(file, meter_points)
    while portion := await asyncio.to_thread(next, portions, None):
        lines, items = zip(*portion, strict=True)
        sifted = await take(items)
        brought.accepted += len(sifted.accepted)
        brought.refused += [BadRow(lines[each.index], each.reason) for each in sifted.refused]
    return brought


def _portions(
    file: Path, meter_points: MeterPoints
) -> Iterator[Sequence[tuple[int, Mapping[str, object]]]]:
    portion: list[tuple[int, Mapping[str, object]]] = []
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            for line, cells in _rows(text, file):
                portion.append((line, named(_item(cells), meter_points)))
                if len(portion) >= ROWS_AT_ONCE:
                    yield portion
                    portion = []
    except (OSError, csv.Error) as error:
        raise SourceError(f"{file}: {error}") from error
    if portion:
        yield portion


def _rows(text: Iterator[str], file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    head = next(text, "")
    delimiter = max(_DELIMITERS, key=head.count)
    columns = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
    if not {"value", "at"} <= set(columns) or not {"resource_id", "meter_point_id"} & set(columns):
        raise SourceError(f"{file}: the first row must name resource_id, value and at")
    rows = csv.reader(text, delimiter=delimiter)
    for cells in rows:
        if any(cells):
            yield rows.line_num + 1, dict(zip(columns, cells, strict=False))


def _item(cells: Mapping[str, str]) -> Mapping[str, object]:
    """Make an item of texts: numbers are numbers here, and what is left empty is not said."""
    said = {name: cells[name].strip() for name in _COLUMNS if cells.get(name, "").strip()}
    quantity = said.setdefault("quantity", "power")
    item: dict[str, object] = {**said, "at": _number(said.get("at", ""))}
    if quantity != "state" and "value" in said:
        item["value"] = _number(said["value"])
    return item


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class CsvFolder:
    """A folder that is watched: files that were read are moved to `done`, others to `failed`.

    Rows that were refused are listed beside the file, by line and reason.
    """

    folder: Path
    meter_points: MeterPoints = field(default_factory=dict, hash=False)
    kind: str = "csv"

    async def run(self, take: Take) -> None:
        """Look for files that lie still, the oldest first, for ever."""
        while True:
            for file in await asyncio.to_thread(self._ready):
                await self._read(file, take)
            await asyncio.sleep(LOOK_EVERY)

    def _ready(self) -> list[Path]:
        try:
            files = [(each.stat().st_mtime, each) for each in self.folder.glob("*.csv")]
        except OSError as error:
            raise SourceError(f"{self.folder}: {error.strerror}") from error
        if not self.folder.is_dir():
            raise SourceError(f"{self.folder} is no folder")
        now = time.time()
        return [file for changed, file in sorted(files) if abs(now - changed) >= STILL_FOR]

    async def _read(self, file: Path, take: Take) -> None:
        try:
            brought = await bring(file, self.meter_points, take)
        except SourceError as error:
            _log.error("readings.file_failed", file=str(file), error=str(error))
            await asyncio.to_thread(_move, file, "failed", [f"{error}\n"])
            return
        _log.info(
            "readings.file_read",
            file=str(file),
            accepted=brought.accepted,
            refused=len(brought.refused),
        )
        rows = [f"{file.name}:{row.line}: {row.reason}\n" for row in brought.refused]
        await asyncio.to_thread(_move, file, "done", rows)


def _move(file: Path, where: str, said: Sequence[str]) -> None:
    """Move a file out of the way, and put beside it what is to be said of it."""
    folder = file.parent / where
    try:
        folder.mkdir(exist_ok=True)
        target = folder / file.name
        if target.exists():
            target = folder / f"{file.stem}-{time.time_ns()}{file.suffix}"
        if said:
            target.with_suffix(".refused.txt").write_text("".join(said))
        file.rename(target)
    except OSError as error:
        raise SourceError(f"{file} cannot be moved to {where}: {error.strerror}") from error
