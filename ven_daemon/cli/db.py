"""`ven-daemon db`: the state database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer

from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.store import migrations
from ven_daemon.store.database import Database, open_database
from ven_daemon.store.lease import lease

app = typer.Typer(no_args_is_help=True, help="Look after the state database.")


@app.command()
def upgrade() -> None:
    """Make the state database, or bring its schema to that of this program.

    Example: ven-daemon db upgrade
    """

    async def step() -> None:
        async with _state() as database:
            await migrations.upgrade(database)
            typer.echo(f"{database}: schema {migrations.head()}")

    terminal.run(step)


@app.command()
def forget() -> None:
    """Go on without a state database that is missing or empty.

    The next command starts a new one; what stands at the VTN is found by its names.

    Example: ven-daemon db forget
    """

    async def step() -> None:
        async with _state() as database:
            if migrations.forget(database):
                typer.echo(f"{database} is forgotten; a new one is made when it is needed")
            else:
                typer.echo(f"{database} is not lost: nothing was done")

    terminal.run(step)


@asynccontextmanager
async def _state() -> AsyncIterator[Database]:
    database = open_database(load_settings().state_url)
    try:
        async with lease(database):
            yield database
    finally:
        await database.dispose()
