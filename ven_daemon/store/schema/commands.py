"""The table of commands that others read; it may stand in a database of theirs."""

from sqlalchemy import Boolean, Column, Float, Index, MetaData, String, Table, Text

from ven_daemon.store.schema.metadata import Instant

COMMANDS = MetaData()
"""Of its own: it is created where it is wanted, and alembic does not migrate it."""

device_commands = Table(
    "device_commands",
    COMMANDS,
    Column("key", String(32), primary_key=True),
    # `apply`: follow this until `ends_at`. `release`: no longer.
    Column("do", String(16), nullable=False),
    Column("ven", String(512), nullable=False),
    Column("resource", String(128), nullable=False),
    Column("resource_id", String(512), nullable=False),
    Column("event", Text, nullable=False),
    Column("version", String(128), nullable=False),
    Column("type", Text, nullable=False),
    # As received, a JSON list.
    Column("payload", Text, nullable=False),
    Column("kw", Float),
    Column("kwh", Float),
    Column("begins_at", Instant, nullable=False),
    # Null is until told otherwise.
    Column("ends_at", Instant),
    Column("reason", Text, nullable=False),
    Column("repeated", Boolean, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_device_commands_updated_at", "updated_at"),
    Index("ix_device_commands_resource_id", "resource_id", "type"),
)
"""One row per command key: what was last said of it, and when."""
