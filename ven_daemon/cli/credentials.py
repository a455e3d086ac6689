"""`ven-daemon credentials`: what each VEN shows to the token endpoint."""

from pathlib import Path
from typing import Annotated

import typer

from ven_daemon.app import store_credentials
from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.services.credentials import read_file

app = typer.Typer(no_args_is_help=True, help="OAuth credentials of VENs.")


@app.callback()
def _group() -> None:
    """OAuth credentials of VENs."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: ven, client_id, client_secret.")],
) -> None:
    """Store the credentials of a CSV file, encrypted with VEN_CREDENTIALS_KEY.

    Credentials of the same VENs are replaced. Nothing is stored if a row is wrong.

    Example: ven-daemon credentials import credentials.csv
    """

    async def step() -> None:
        found = read_file(file)
        await store_credentials(load_settings(), found)
        typer.echo(f"{len(found)} credentials stored")

    terminal.run(step)
