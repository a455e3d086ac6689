"""Registrations, credentials, and which database this is."""

from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from ven_daemon.store.schema.metadata import STATE, Instant

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
