"""`ven-daemon config`: the settings in force, and all there are."""

from datetime import timedelta
from typing import Annotated

import typer

from ven_daemon.cli import terminal
from ven_daemon.config import SAMPLE_CLIENT, Settings, load_settings, misspelt
from ven_daemon.domain.durations import Duration

app = typer.Typer(no_args_is_help=True, help="Settings.")


@app.command()
def check() -> None:
    """Read the settings; every problem is said at once, and then exit 2.

    Example: ven-daemon config check
    """
    terminal.settings(load_settings)
    for given, meant in misspelt(Settings.model_fields).items():
        terminal.notes().print(f"{given} is no setting: {meant}?", markup=False)
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


def reference() -> str:
    """Write the reference of all settings, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Environment variables as below; the same names in lower case and without `VEN_` in",
        "`ven-daemon.toml` (or the file that `VEN_CONFIG` names), with `VEN_` in a `.env` file or",
        "as files of the directory that `VEN_SECRETS_DIR` names.",
        "Later wins: defaults, TOML, `.env`, environment, secrets directory, command line.",
        "Durations are ISO 8601 (`PT30S`) or seconds.",
        "",
        "This page is written by `ven-daemon config reference`.",
        "",
        "| name | default | for |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        others = [theirs for theirs, ours in SAMPLE_CLIENT.items() if ours == name]
        also = f" Also `{others[0]}`." if others else ""
        words = " ".join((field.description or "").split())
        lines.append(f"| `VEN_{name.upper()}` | {_default(field.default)} | {words}{also} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, timedelta):
        return f"`{Duration(length=value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"
