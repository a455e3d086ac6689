"""Reports on their way to the VTN, what was owed so far, and how many there were."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from ven_daemon.store.schema.metadata import STATE, Instant

outbox = Table(
    "outbox",
    STATE,
    Column("name", String(128), primary_key=True),
    Column("vtn", String(512), nullable=False),
    Column("ven", String(512), nullable=False),
    Column("event", String(128), nullable=False),
    # clientName at the VTN.
    Column("client", String(128), nullable=False),
    # What of the event it answers, and which of its reports it is.
    Column("request", String(32), nullable=False),
    Column("k", BigInteger, nullable=False),
    Column("types", Text, nullable=False),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("due", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("vtn_id", String(128)),
    Column("revision", Integer, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Null is at once.
    Column("next_at", Instant),
    Column("doubt", String(16)),
    Column("cause", String(16)),
    Column("reason", Text, nullable=False),
    Column("first_failed", Instant),
    Column("size", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # Which part of what was owed it is, where that was too large; all of it is "".
    Column("part", String(64), nullable=False),
    # Whether it, or parts of it, may have been sent before this state was begun.
    Column("suspect", Boolean, nullable=False),
    Index("ix_outbox_vtn_state_ven_due", "vtn", "state", "ven", "due"),
    Index("ix_outbox_vtn_ven_due", "vtn", "ven", "due"),
    Index("ix_outbox_due", "due"),
    # On PostgreSQL it is as partial (migration 0010): saying so here would load that dialect.
    Index("ix_outbox_parts", "vtn", "event", "ven", "k", sqlite_where=text("part <> ''")),
)
"""Every report that was owed, until retention removes it."""

report_bodies = Table(
    "report_bodies",
    STATE,
    Column("name", String(128), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""What is sent, byte for byte; apart, because a report's state changes more often than it."""

report_marks = Table(
    "report_marks",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("ven", String(512), primary_key=True),
    Column("event", String(128), primary_key=True),
    Column("request", String(32), primary_key=True),
    Column("until", Instant, nullable=False),
)
"""Up to when all that was owed has been put into the outbox, by what it is owed for."""

outbox_totals = Table(
    "outbox_totals",
    STATE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("accepted", BigInteger, nullable=False),
    # Let go of after the VTN had them, and before.
    Column("reported_gone", BigInteger, nullable=False),
    Column("trimmed", BigInteger, nullable=False),
)
"""One row, written in the transactions that it counts."""
