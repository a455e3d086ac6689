"""`ven-daemon readings`: what was measured last, history, and tokens for devices."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ven_daemon.app.readings import (
    Latest,
    import_readings,
    insist_on_place,
    latest_readings,
    open_tokens,
)
from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.ops.views import instant

_SHOWN_MOST = 20
"""Refused rows of a file that are named; the others are counted."""

app = typer.Typer(help="What was measured.")
token = typer.Typer(no_args_is_help=True, help="Tokens by which devices bring readings.")
app.add_typer(token, name="token")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback(invoke_without_command=True)
def readings(
    context: typer.Context,
    ven: Annotated[str | None, typer.Option(help="Of this VEN only.")] = None,
    resource: Annotated[str | None, typer.Option(help="Of this resource_id only.")] = None,
    hours: Annotated[float, typer.Option(min=0, help="How far to look back.")] = 24.0,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 100,
    as_document: Json = False,
) -> None:
    """Show the last reading of each resource and quantity.

    Example: ven-daemon readings --ven Aalborg
    """
    if context.invoked_subcommand is not None:
        return

    async def step() -> list[Latest]:
        return await latest_readings(load_settings(), ven, resource, timedelta(hours=hours))

    found = terminal.run(step)
    if as_document:
        terminal.print_json({"readings": [_document(row) for row in found[:limit]]})
        return
    columns = ("VEN", "resource", "quantity", "value", "at", "quality")
    rows: list[tuple[object, ...]] = [tuple(_document(row).values()) for row in found[:limit]]
    terminal.print_table("Readings", columns, rows)
    if len(found) > limit:
        terminal.notes().print(f"{len(found) - limit:,} more: --limit")


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.csv...", help="What to import.")],
) -> None:
    """Import history from CSV files: resource_id or meter_point_id, quantity, value, at.

    A second time it changes nothing. While the daemon runs, put the files into its
    folder instead (VEN_SOURCE_FOLDER). Bad rows are named with file and line (exit 1).

    Example: ven-daemon readings import october.csv
    """

    async def step() -> int:
        refused = 0
        for file, brought in await import_readings(load_settings(), files):
            typer.echo(f"{file}: {brought.accepted:,} readings")
            for row in brought.refused[:_SHOWN_MOST]:
                terminal.notes().print(f"{file}:{row.line}: {row.reason}", markup=False)
            if more := len(brought.refused[_SHOWN_MOST:]):
                terminal.notes().print(f"{file}: {more:,} more rows were refused")
            refused += len(brought.refused)
        return refused

    raise typer.Exit(1 if terminal.run(step) else 0)


@token.command("add")
def add(
    name: Annotated[str, typer.Argument(help="By which it is listed and revoked.")],
    ven: Annotated[str | None, typer.Option(help="May bring readings of this VEN.")] = None,
    resource: Annotated[str | None, typer.Option(help="Only of this resource_id.")] = None,
) -> None:
    """Make a token and print it, this once: only a digest of it is kept.

    Example: ven-daemon readings token add gateway-7 --ven Aalborg
    """

    async def step() -> None:
        if (ven is None) == (resource is None):
            raise ConfigurationError("say either --ven or --resource")
        settings = load_settings()
        await insist_on_place(settings, ven, resource)
        async with open_tokens(settings) as tokens:
            made = await tokens.add(
                name,
                ven=VenName(ven) if ven is not None else None,
                resource=ResourceKey(resource) if resource is not None else None,
            )
        typer.echo(made.get_secret_value())

    terminal.run(step)


@token.command("list")
def list_(as_document: Json = False) -> None:
    """List the tokens by name, and whose readings they may bring.

    Example: ven-daemon readings token list
    """

    async def step() -> list[dict[str, object]]:
        async with open_tokens(load_settings()) as tokens:
            return [
                {
                    "name": each.name,
                    "ven": each.ven,
                    "resource_id": each.resource,
                    "created_at": instant(each.created_at),
                }
                for each in await tokens.every()
            ]

    found = terminal.run(step)
    if as_document:
        terminal.print_json({"tokens": found})
        return
    columns = ("name", "VEN", "resource", "since")
    terminal.print_table("Tokens", columns, [tuple(row.values()) for row in found])


@token.command("revoke")
def revoke(name: Annotated[str, typer.Argument(help="Which one.")]) -> None:
    """Make a token void, within seconds also for a running daemon.

    Example: ven-daemon readings token revoke gateway-7
    """

    async def step() -> None:
        async with open_tokens(load_settings()) as tokens:
            if not await tokens.revoke(name):
                raise ConfigurationError(f"there is no token named {name}")
        typer.echo(f"{name} is void")

    terminal.run(step)


def _document(row: Latest) -> dict[str, object]:
    reading = row.reading
    return {
        "ven": row.ven,
        "resource_id": reading.resource,
        "quantity": reading.quantity.value,
        "value": reading.value,
        "at": instant(reading.at),
        "quality": reading.quality.value,
    }
