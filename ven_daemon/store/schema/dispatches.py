"""What resources follow: schedules that many share, dispatches on record, opt-outs, draws."""

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from ven_daemon.store.schema.metadata import STATE, Instant

schedules = Table(
    "schedules",
    STATE,
    Column("id", String(32), primary_key=True),
    Column("entries", Text, nullable=False),
)
"""What is planned, as JSON; `id` is a digest of it. Written once, whoever follows it."""

assignments = Table(
    "assignments",
    STATE,
    Column("ven", String(512), primary_key=True),
    Column("resource", String(512), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("sink", String(128), nullable=False),
    Column("schedule", String(32), nullable=False),
)
"""Which schedule each resource follows; `resource` is its key in the inventory."""

entries = Table(
    "entries",
    STATE,
    Column("id", String(32), primary_key=True),
    Column("content", Text, nullable=False),
)
"""Lines of schedules that began, as JSON: what a dispatch says, shared by who is told alike."""

dispatches = Table(
    "dispatches",
    STATE,
    Column("key", String(32), primary_key=True),
    Column("ven", String(512), nullable=False),
    Column("resource", String(512), nullable=False),
    Column("name", String(128), nullable=False),
    Column("sink", String(128), nullable=False),
    Column("type", Text, nullable=False),
    Column("entry", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    # When the sink is to be told next; null where there is nothing to tell.
    Column("due", Instant),
    Column("attempts", Integer, nullable=False),
    # What the sink last said against it.
    Column("words", Text, nullable=False),
    # Of the entry, for queries.
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Index(None, "sink", "due"),
    Index(None, "ven", "resource", "state"),
    Index(None, "state", "updated_at"),
)
"""Every dispatch that began, until retention removes it; `key` is its idempotency key."""

opt_outs = Table(
    "opt_outs",
    STATE,
    Column("id", String(36), primary_key=True),
    Column("ven", String(512), nullable=False),
    # Null is every resource of the VEN, and every event.
    Column("resource", String(512)),
    Column("event", Text),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant),
    # Days, hours and their zone, as JSON.
    Column("weekly", Text),
    Column("reason", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""Who follows nothing, or not one event; ended, never deleted, so that reports stay true."""

draws = Table(
    "draws",
    STATE,
    Column("ven", String(512), primary_key=True),
    Column("event", Text, primary_key=True),
    Column("interval", Integer, primary_key=True, autoincrement=False),
    Column("fraction", Float, nullable=False),
)
"""What each VEN drew for randomizeStart, from -1 to 1: once, and before it is used."""
