"""Migrations of the state database: over a given connection, or the configured one."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from ven_daemon.config import load_settings
from ven_daemon.store.database import open_database
from ven_daemon.store.schema import STATE


def _is_ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Look at our own tables only: the inventory may live in the same database."""
    return kind != "table" or name in STATE.tables


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=STATE,
        render_as_batch=True,
        compare_type=True,
        include_object=_is_ours,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_migrate() -> None:
    database = open_database(load_settings().state_url)
    try:
        async with database.begin() as connection:
            await connection.run_sync(_migrate)
    finally:
        await database.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    asyncio.run(_connect_and_migrate())
