"""`ven-daemon config`: the settings in force, and all there are."""

from typing import Annotated

import typer

from ven_daemon.cli import terminal
from ven_daemon.config import load_settings, reference

app = typer.Typer(no_args_is_help=True, help="Settings.")


@app.command()
def check() -> None:
    """Read the settings; every problem is said at once, and then exit 2.

    Example: ven-daemon config check
    """
    terminal.settings(load_settings)
    typer.echo("the settings are usable")


@app.command()
def show(
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the settings in force, secrets masked.

    Example: ven-daemon config show
    """
    shown = terminal.settings(load_settings).shown()
    if as_document:
        terminal.print_json(shown)
        return
    rows: list[tuple[object, ...]] = [(f"VEN_{name.upper()}", shown[name]) for name in shown]
    terminal.print_table("Settings", ("name", "value"), rows)


@app.command("reference")
def print_reference() -> None:
    """Write the reference of all settings, as Markdown.

    Example: ven-daemon config reference > docs/configuration.md
    """
    typer.echo(reference(), nl=False)
