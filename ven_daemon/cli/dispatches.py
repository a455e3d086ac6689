"""`ven-daemon dispatches` and `opt-out`: what resources are to do, and who does not."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ven_daemon import logs
from ven_daemon.app.dispatching import open_dispatch
from ven_daemon.cli import terminal
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.optouts import Weekly
from ven_daemon.ops import dispatches as shapes
from ven_daemon.services.dispatch import Wish
from ven_daemon.store.dispatch_listing import MOST, Asked, Found

_Ven = Annotated[str | None, typer.Option("--ven", help="Of this VEN.")]
_Resource = Annotated[str | None, typer.Option("--resource", help="A resource, by name or key.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def dispatches(
    ven: _Ven = None,
    resource: _Resource = None,
    since: Annotated[str | None, typer.Option("--from", help="RFC 3339; an hour ago.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="RFC 3339; a day ahead.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST)] = 1000,
    as_document: _Json = False,
) -> None:
    """List what resources did, do and will do because of events.

    Example: ven-daemon dispatches --ven Aalborg --from 2026-06-01T12:00:00Z
    """

    async def step() -> Found:
        try:
            times = shapes.span(since, until, datetime.now(UTC))
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        async with open_dispatch(_settings()) as front:
            return await front.dispatches(Asked(*times, ven, resource, limit))

    found = terminal.run(step)
    shown = shapes.listed(found)
    if as_document:
        terminal.print_json(shown)
    if found.unknown:
        terminal.fail(ConfigurationError(found.unknown))
    if as_document:
        return
    names = ("start", "end", "ven", "resource", "type", "values", "kw", "state", "sink", "reason")
    rows = [tuple(_cell(each[name]) for name in names) for each in shown["dispatches"]]
    terminal.print_table("Dispatches", names, rows)
    if found.truncated:
        terminal.notes().print(f"there are more than {limit}: narrow it, or give --limit")


app = typer.Typer(no_args_is_help=True, help="Who follows nothing, and when.")


@app.command("add")
def add(
    ven: Annotated[str, typer.Argument(help="The VEN.")],
    resource: _Resource = None,
    event: Annotated[str | None, typer.Option("--event", help="Only this event, by id.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="RFC 3339; now.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="RFC 3339; for good.")] = None,
    weekly: Annotated[
        str | None, typer.Option("--weekly", help="Only at such hours: 'mon-fri 17:00-21:00'.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="Whose clock these hours are by.")] = "UTC",
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    as_document: _Json = False,
) -> None:
    """Opt a VEN, or one resource of it, out: it is released, and follows nothing meanwhile.

    Example: ven-daemon opt-out add Aalborg --resource 'Café Havn' --weekly 'mon-fri 17:00-21:00'
    """

    async def step() -> dict[str, Any]:
        try:
            wish = Wish(
                ven,
                resource,
                event,
                shapes.read_instant(since) if since else None,
                shapes.read_instant(until) if until else None,
                Weekly.parse(weekly, zone) if weekly else None,
                reason,
            )
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        async with open_dispatch(_settings()) as front:
            return shapes.opt_out(await front.opt_out(wish))

    made = terminal.run(step)
    if as_document:
        terminal.print_json(made)
    else:
        typer.echo(f"opted out: {made['id']}")


@app.command("list")
def list_(as_document: _Json = False) -> None:
    """List the opt-outs that hold now or will.

    Example: ven-daemon opt-out list
    """

    async def step() -> list[dict[str, Any]]:
        async with open_dispatch(_settings()) as front:
            return [shapes.opt_out(each) for each in await front.opt_outs()]

    found = terminal.run(step)
    if as_document:
        terminal.print_json({"opt_outs": found})
        return
    names = ("id", "ven", "resource", "event", "from", "until", "weekly", "zone", "reason")
    rows = [tuple(_cell(each[name]) for name in (*names, "resource_id")) for each in found]
    terminal.print_table("Opt-outs", (*names, "resource_id"), rows)


@app.command("end")
def end(id_: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]) -> None:
    """Take an opt-out back, from now on; exit 1 where none of that id holds.

    Example: ven-daemon opt-out end 0b7d2f4c-6a51-4a3e-9c55-2f1f0f6f3a90
    """

    async def step() -> bool:
        async with open_dispatch(_settings()) as front:
            return await front.opt_in(id_)

    if not terminal.run(step):
        terminal.notes().print(f"no opt-out {id_} holds", style="red", markup=False)
        raise typer.Exit(1)
    typer.echo(f"ended: {id_}")


def _settings() -> Settings:
    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    return settings


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    return "" if value is None else value
