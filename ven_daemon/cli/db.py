"""`ven-daemon db`: the state database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.store import care, migrations
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
            copy = await migrations.upgrade(database)
            typer.echo(f"{database}: schema {migrations.head()}")
            if copy is not None:
                typer.echo(f"as it was before: {copy}")

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


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; it must not be there yet.")],
) -> None:
    """Copy a SQLite state database to FILE, also while the daemon runs.

    To restore: stop the daemon, remove the state file with its -wal and -shm, copy FILE there.

    Example: ven-daemon db backup /var/backups/state-monday.db
    """

    async def step() -> None:
        async with _opened() as database:
            size = await care.backup(database, file)
            typer.echo(f"{database} is copied to {file}: {size:,} bytes, whole")

    terminal.run(step)


@app.command()
def check() -> None:
    """Look whether the state database is whole and of our schema, also while the daemon runs.

    Example: ven-daemon db check
    """

    async def step() -> None:
        async with _opened() as database:
            if database.file is not None:
                await care.check(database.file)
            revision = await migrations.look(database)
            if revision is None:
                typer.echo(f"{database} is not there yet: it is made when it is needed")
            else:
                typer.echo(f"{database}: whole, schema {revision}")

    terminal.run(step)


@asynccontextmanager
async def _opened() -> AsyncIterator[Database]:
    """Open it beside whoever works with it."""
    database = open_database(load_settings().state_url, read_only=True)
    try:
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def _state() -> AsyncIterator[Database]:
    database = open_database(load_settings().state_url)
    try:
        async with lease(database, patient=True):
            yield database
    finally:
        await database.dispose()
