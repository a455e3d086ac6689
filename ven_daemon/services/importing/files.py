"""Go through the files: check their headers, make resources, hand them to the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.services.importing.rows import Kind, RowError, kind_of, meter_point_of, resource_of
from ven_daemon.services.importing.table import Layout, Skipped, Table
from ven_daemon.services.importing.text import decode
from ven_daemon.store.inventory import Counts, InventoryStore


@dataclass(frozen=True, slots=True)
class Request:
    """What to import, and what the operator says about it."""

    paths: tuple[Path, ...]
    layout: Layout = field(default_factory=Layout)
    type: str | None = None
    sub_type: str | None = None

    def kind(self, path: Path) -> Kind:
        """Say what the rows of *path* are."""
        return kind_of(path.stem, self.type, self.sub_type)


class Importing:
    """One import of some files; `skipped` grows while their rows go by."""

    def __init__(self, request: Request) -> None:
        """Check every file's header before a row of any is taken.

        Raises:
            ConfigurationError: what is wrong with the files, all of it in one message.
        """
        self._request = request
        self.skipped: dict[Path, list[Skipped]] = {}
        problems = [*_problems(request)]
        if problems:
            raise ConfigurationError("\n".join(problems))

    def check(self) -> int:
        """Go through all rows and store none; say how many would be skipped."""
        for _ in self._resources():
            pass
        return self.skipped_rows

    async def store(self, inventory: InventoryStore) -> Counts:
        """Insert or update every usable row, all of them or, where that fails, none."""
        return await inventory.upsert(self._resources())

    @property
    def skipped_rows(self) -> int:
        """How many rows were not used."""
        return sum(len(rows) for rows in self.skipped.values())

    def _resources(self) -> Iterator[Resource]:
        self.skipped = {path: [] for path in self._request.paths}
        seen: dict[ResourceKey, tuple[Path, int]] = {}
        meter_points: set[int] = set()
        for path, skipped in self.skipped.items():
            for line, row in _rows(path, self._request):
                if isinstance(row, str):
                    skipped.append(Skipped(line, row))
                elif row.resource_id in seen:
                    skipped.append(Skipped(line, _repeats(path, *seen[row.resource_id])))
                else:
                    seen[row.resource_id] = path, line
                    number = meter_point_of(row.resource_id, meter_points)
                    yield row._replace(meter_point_id=number)


def _rows(path: Path, request: Request) -> Iterator[tuple[int, Resource | str]]:
    """Yield line and resource, or line and what is wrong with it."""
    kind = request.kind(path)
    with _opened(path, request.layout) as table:
        for record in table.records():
            if isinstance(record, Skipped):
                yield record
                continue
            try:
                yield record.line, resource_of(record.values, kind)
            except RowError as error:
                yield record.line, str(error)


@contextmanager
def _opened(path: Path, layout: Layout) -> Iterator[Table]:
    try:
        with path.open("rb") as stream:
            yield Table(decode(stream, layout.encoding), layout)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ConfigurationError(f"{path}: cannot be decoded: {error}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _problems(request: Request) -> Iterator[str]:
    for path in request.paths:
        try:
            with _opened(path, request.layout) as table:
                if next(table.records(), None) is None:
                    yield f"{path}: there is a header and no row below it"
        except ConfigurationError as error:
            yield str(error)


def _repeats(path: Path, first: Path, line: int) -> str:
    where = f"line {line}" if first == path else f"{first} line {line}"
    return f"a duplicate of {where} (same sub-type, title and address)"
