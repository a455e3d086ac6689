"""`ven-daemon reports`: what became of reports, and what is to become of them."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from ven_daemon import logs
from ven_daemon.app.reports import open_reports
from ven_daemon.cli import terminal
from ven_daemon.config import Settings, load_settings
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.reporting.outbox import State
from ven_daemon.ops import reports as shapes
from ven_daemon.store.outbox_listing import Asked

app = typer.Typer(help="Reports: in the outbox, sent, or set aside.")

_Ven = Annotated[str | None, typer.Option("--ven", help="Of this VEN.")]
_Event = Annotated[str | None, typer.Option("--event", help="About this event, by id.")]
_State = Annotated[State | None, typer.Option("--state", help="In this state.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Name = Annotated[str, typer.Argument(help="The report's name.")]

PAGE = 500


@app.callback(invoke_without_command=True)
def reports(
    context: typer.Context,
    ven: _Ven = None,
    event: _Event = None,
    state: _State = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=shapes.MOST)] = 100,
    as_document: _Json = False,
) -> None:
    """List reports, the newest first.

    Example: ven-daemon reports --state quarantined
    """
    if context.invoked_subcommand is not None:
        return

    async def step() -> dict[str, Any]:
        async with open_reports(_settings()) as front:
            wanted = Asked(ven, event, (state,) if state else (), limit)
            return shapes.listed(await front.reports(wanted), limit)

    found = terminal.run(step)
    if as_document:
        terminal.print_json(found)
        return
    names = ("due", "ven", "type", "start", "end", "state", "attempts", "reason", "name")
    rows: list[tuple[object, ...]] = [
        tuple(_cell(each[name]) for name in names) for each in found["reports"]
    ]
    terminal.print_table("Reports", names, rows)
    if found["before"]:
        terminal.notes().print(f"there are more than {limit}: narrow it, or give --limit")


@app.command()
def show(name: _Name) -> None:
    """Show one report with what is sent, as JSON.

    Example: ven-daemon reports show Aalborg.event-1.0a1b2c3d4e5f.7
    """

    async def step() -> dict[str, Any]:
        async with open_reports(_settings()) as front:
            found = await front.report(name)
        if found is None:
            raise ConfigurationError(f"there is no report {name!r}")
        return shapes.shown(*found)

    terminal.print_json(terminal.run(step))


@app.command()
def retry(name: _Name) -> None:
    """Try again now what waits after a failure.

    Example: ven-daemon reports retry Aalborg.event-1.0a1b2c3d4e5f.7
    """

    async def step() -> None:
        async with open_reports(_settings()) as front:
            if await front.retry(name) is None:
                raise ConfigurationError(f"no report {name!r} waits to be sent")

    terminal.run(step)
    typer.echo(f"queued: {name}")


@app.command()
def release(name: _Name) -> None:
    """Let a report out of quarantine: it is looked up, then sent.

    Example: ven-daemon reports release Aalborg.event-1.0a1b2c3d4e5f.7
    """

    async def step() -> None:
        async with open_reports(_settings()) as front:
            if await front.release(name) is None:
                raise ConfigurationError(f"no report {name!r} is quarantined")

    terminal.run(step)
    typer.echo(f"released: {name}")


@app.command()
def discard(name: _Name) -> None:
    """Let go of a quarantined report for good; it counts as trimmed.

    Example: ven-daemon reports discard Aalborg.event-1.0a1b2c3d4e5f.7
    """

    async def step() -> None:
        async with open_reports(_settings()) as front:
            if not await front.discard(name):
                raise ConfigurationError(f"no report {name!r} is quarantined")

    terminal.run(step)
    typer.echo(f"discarded: {name}")


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="The file to write, one report per line.")],
    ven: _Ven = None,
    event: _Event = None,
    state: _State = None,
) -> None:
    """Write reports with what is sent to a file, the newest first.

    Example: ven-daemon reports export reports.ndjson --state quarantined
    """

    async def step() -> int:
        count, before = 0, None
        async with open_reports(_settings()) as front:
            with to.open("wb") as file:
                while True:
                    wanted = Asked(ven, event, (state,) if state else (), PAGE, before)
                    page = (await front.reports(wanted))[:PAGE]
                    for each in page:
                        found = await front.report(each.entry.name)
                        if found is not None:
                            file.write(orjson.dumps(shapes.shown(*found)) + b"\n")
                            count += 1
                    if len(page) < PAGE:
                        return count
                    before = (page[-1].entry.due, page[-1].entry.name)

    typer.echo(f"reports written: {terminal.run(step)}")


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _settings() -> Settings:
    settings = terminal.settings(load_settings)
    logs.configure(settings.log_level, settings.log_format)
    return settings
