"""The tables: the inventory's layout (fixed by its owner) and our own state (alembic's).

The two live in two `MetaData`: what alembic compares and migrates is `STATE` only.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

INVENTORY = MetaData()
STATE = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A UTC instant: SQLite would hand it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive values: nobody knows what they mean."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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

instance = Table(
    "instance",
    STATE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("uuid", String(36), nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""One row: which database this is. Its uuid stands in the marker file too."""


def _what_the_vtn_holds() -> tuple[Column[Any], ...]:
    """Name the columns that registrations of vens and of resources share."""
    return (
        Column("vtn_id", String(128)),
        Column("status", String(16), nullable=False),
        # Whether the object was created by us, or found and adopted.
        Column("origin", String(16)),
        # Fingerprints of what we last sent and of what the VTN made of it, where they differ.
        Column("applied", String(32)),
        Column("echoed", String(32)),
        # As observed, as JSON.
        Column("targets", Text),
        Column("attempts", Integer, nullable=False),
        Column("last_error", Text),
        Column("updated_at", Instant, nullable=False),
    )


ven_registrations = Table(
    "ven_registrations",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("ven", String(512), primary_key=True),
    # While creates are under way: the instant from which the VTN can accept none of them.
    Column("settled_at", Instant),
    *_what_the_vtn_holds(),
)

resource_registrations = Table(
    "resource_registrations",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("ven", String(512), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("resource_id", String(512), nullable=False),
    *_what_the_vtn_holds(),
)
"""Keyed as the VTN keys them; `resource_id` is the row of the inventory."""

credentials = Table(
    "credentials",
    STATE,
    Column("ven", String(512), primary_key=True),
    Column("client_id", String(4096), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""One OAuth credential per VEN; `secret` is encrypted with the operator's key."""
