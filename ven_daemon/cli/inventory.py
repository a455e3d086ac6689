"""The commands around the inventory: `samples`, `import`, `stats`."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from ven_daemon.app import build_samples, open_inventory
from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.fleet import RESOURCE_TYPES, Fleet
from ven_daemon.services import samples as sample_files
from ven_daemon.services.importing import FIELDS, Importing, Layout, Request

DbPath = Annotated[
    str | None,
    typer.Option(
        "--db-path", metavar="FILE|URL", help="The inventory, if not that of VEN_INVENTORY_URL."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def inventory_url(db_path: str | None) -> str:
    """Take what `--db-path` says, a path or a URL, else the setting."""
    return load_settings({"inventory_url": terminal.database_url(db_path)}).inventory_url


def samples(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the eight CSV files go.")] = Path(
        "samples"
    ),
    db_path: DbPath = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another fleet.")] = (
        sample_files.DEFAULT_SEED
    ),
    scale: Annotated[
        int, typer.Option(min=1, max=1000, help="Make the fleet so many times as large.")
    ] = 1,
) -> None:
    """Make the sample fleet: eight CSV files, and the inventory built from them.

    Example: ven-daemon samples --out ./samples --db-path ./config/resources.db
    """

    async def make() -> None:
        built = await build_samples(out, inventory_url(db_path), seed, scale)
        counts = built.counts
        _say(f"{built.files} files in {out}")
        _say(
            f"{built.vens:,} VENs and {counts.total:,} resources in {built.inventory}: "
            f"{counts.added:,} added, {counts.changed:,} changed, {counts.unchanged:,} as they were"
        )
        if others := built.size - counts.total:
            _say(f"{others:,} other resources were there before and stay")

    terminal.run(make)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.csv...", help="What to import.")],
    type_: Annotated[
        str | None, typer.Option("--type", help=f"{', '.join(RESOURCE_TYPES)}; else by file name.")
    ] = None,
    sub_type: Annotated[
        str | None, typer.Option(help="Such as Bars; else from the file name.")
    ] = None,
    ven_column: Annotated[
        str | None, typer.Option(metavar="HEADER", help="The VEN, if not the address's town.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=HEADER", help="FIELD: title address longitude latitude."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="One character, or tab; else found out.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Such as latin-1; else found out.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing if a row is bad.")] = (
        False
    ),
    db_path: DbPath = None,
    json: Json = False,
) -> None:
    """Import CSV files into the inventory; a second time it updates what is there.

    Bad rows are named with file and line, and skipped (exit code 1).

    Example: ven-daemon import bars.csv --sub-type Bars --column title=Navn
    """

    async def store() -> int:
        layout = Layout(_columns(column or [], ven_column), _delimiter(delimiter), encoding)
        kind = _one_of_the_types(type_)
        importing = Importing(Request(tuple(dict.fromkeys(files)), layout, kind, sub_type))
        url = inventory_url(db_path)
        if strict and importing.check():
            return _report(importing, {"imported": False}, json=json)
        async with open_inventory(url, create=True) as inventory:
            counts = await importing.store(inventory)
        done = {"added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged}
        return _report(importing, {"imported": True, **done}, json=json)

    raise typer.Exit(terminal.run(store))


def stats(
    db_path: DbPath = None,
    top: Annotated[int, typer.Option(min=0, help="How many VENs to name.")] = 10,
    json: Json = False,
) -> None:
    """Count what the inventory holds, and say what is wrong with it.

    Example: ven-daemon stats --top 5
    """

    async def read() -> Fleet:
        async with open_inventory(inventory_url(db_path)) as inventory:
            return await inventory.fleet()

    document = _statistics(terminal.run(read), top)
    if json:
        terminal.print_json(document)
    else:
        _print_statistics(document)


def _say(words: str) -> None:
    terminal.notes().print(words, markup=False, emoji=False)


def _columns(given: list[str], ven_column: str | None) -> dict[str, str]:
    columns = {"ven": ven_column} if ven_column else {}
    for option in given:
        name, equals, header = option.partition("=")
        if name not in FIELDS or not equals:
            raise ConfigurationError(
                f"--column {option!r}: say FIELD=HEADER, FIELD being one of {', '.join(FIELDS)}"
            )
        columns[name] = header.strip()
    return columns


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    character = _DELIMITERS.get(given, given)
    if len(character) != 1 or character in '"\r\n':
        raise ConfigurationError(f"--delimiter {given!r}: must be one character, or tab")
    return character


def _one_of_the_types(given: str | None) -> str | None:
    if given is None:
        return None
    if given.upper() not in RESOURCE_TYPES:
        raise ConfigurationError(f"--type {given!r}: must be one of {', '.join(RESOURCE_TYPES)}")
    return given.upper()


def _report(importing: Importing, done: dict[str, Any], *, json: bool) -> int:
    """Name every row that was skipped, say what was done, and give the exit code."""
    skipped = [
        {"file": str(path), "line": row.line, "reason": row.reason}
        for path, rows in importing.skipped.items()
        for row in rows
    ]
    for row in skipped:
        _say(f"{row['file']}:{row['line']}: {row['reason']}")
    if json:
        terminal.print_json({**done, "skipped": skipped})
    elif done["imported"]:
        _say(
            f"{done['added']:,} added, {done['changed']:,} changed, {done['unchanged']:,} as they "
            f"were, {len(skipped):,} skipped"
        )
    else:
        _say(f"nothing imported: {len(skipped):,} bad rows (--strict)")
    return 1 if skipped else 0


def _statistics(fleet: Fleet, top: int) -> dict[str, Any]:
    rows = [*fleet.homeless, *(row for ven in fleet.vens for row in ven.resources)]
    return {
        "vens": len(fleet.vens),
        "resources": len(rows),
        "disabled": sum(not row.enabled for row in rows),
        "by_type": dict(Counter(row.resource_type or "none" for row in rows).most_common()),
        "by_sub_type": dict(Counter(row.resource_sub_type or "none" for row in rows).most_common()),
        "top_vens": [
            {"ven": ven.name, "resources": len(ven.resources)} for ven in fleet.vens[:top]
        ],
        "problems": list(fleet.problems()),
    }


def _print_statistics(document: dict[str, Any]) -> None:
    totals = {name: document[name] for name in ("vens", "resources", "disabled")}
    _print_counts("Inventory", "what", totals)
    _print_counts("By type", "type", document["by_type"])
    _print_counts("By sub-type", "sub-type", document["by_sub_type"])
    leading = {row["ven"]: row["resources"] for row in document["top_vens"]}
    _print_counts("Largest VENs", "VEN", leading)
    for problem in document["problems"]:
        _say(f"problem: {problem}")


def _print_counts(title: str, what: str, counts: dict[str, int]) -> None:
    rows: list[tuple[object, ...]] = [*counts.items()]
    terminal.print_table(title, (what, "count"), rows)
