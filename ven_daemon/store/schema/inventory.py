"""The inventory's layout, fixed by its owner."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Table, Text

from ven_daemon.store.schema.metadata import INVENTORY

connections = Table(
    "connections",
    INVENTORY,
    Column("id", Integer, primary_key=True),
    Column("type", String),
    Column("actortype", String),
    Column("host", String),
    Column("port", Integer),
    Column("topic", String),
    Column("file", String),
    Column("username", String),
    Column("password", String),
    Column("created_at", DateTime),
)

resources = Table(
    "resources",
    INVENTORY,
    Column("id", Integer, primary_key=True),
    Column("resource_id", String, unique=True, nullable=False, index=True),
    Column("resource_name", String, nullable=False),
    Column("resource_type", String, index=True),
    Column("resource_sub_type", String),
    Column("meter_point_id", String, index=True),
    Column("connection_id", Integer, ForeignKey("connections.id")),
    Column("capacities", Text),
    Column("location", Text),
    Column("address", String),
    Column("ven", String, index=True),
    Column("enabled", Boolean, default=True),
    Column("reporting", Text),
    Column("created_at", DateTime),
    Column("updated_at", DateTime),
)
