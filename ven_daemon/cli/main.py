"""The commands, by name."""

from importlib.metadata import version
from typing import Annotated

import typer

from ven_daemon.cli import (
    config,
    credentials,
    db,
    dispatches,
    doctor,
    events,
    inventory,
    readings,
    register,
    reports,
    run,
    sandbox,
    status,
)

app = typer.Typer(
    name="ven-daemon",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A fleet-grade OpenADR 3 client.",
)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("register")(register.register)
app.command("samples")(inventory.samples)
app.command("import")(inventory.import_)
app.command("stats")(inventory.stats)
app.command("sandbox")(sandbox.sandbox)

app.command("events")(events.events)
app.command("dispatches")(dispatches.dispatches)

app.add_typer(reports.app, name="reports")
app.add_typer(dispatches.app, name="opt-out")
app.add_typer(config.app, name="config")
app.add_typer(credentials.app, name="credentials")
app.add_typer(db.app, name="db")
app.add_typer(readings.app, name="readings")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ven-daemon {version('ven-daemon')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A fleet-grade OpenADR 3 client."""


def main() -> None:
    """Run the command line."""
    app()
