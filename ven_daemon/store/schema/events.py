"""Programs and events: what they say, who was shown them, and what became of them."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from ven_daemon.store.schema.metadata import STATE, Instant

versions = Table(
    "versions",
    STATE,
    # Of the words and the dialect: whoever is shown the same refers to the same row.
    Column("digest", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("object", String(128), nullable=False),
    Column("program", String(128)),
    Column("dialect", String(16), nullable=False),
    Column("words", Text, nullable=False),
    # Why it cannot be read; null where it can.
    Column("reason", Text),
    # Whether it takes its event back even where none was known before.
    Column("void", Boolean, nullable=False),
    Column("targeted", Boolean, nullable=False),
    Column("kept_at", Instant, nullable=False),
    Index("ix_versions_object", "object"),
)
"""Every version of every program and event, once, as JSON."""

sightings = Table(
    "sightings",
    STATE,
    Column("vtn", String(512), primary_key=True),
    # The VEN that polls; empty for the credential that polls for all.
    Column("reader", String(512), primary_key=True),
    Column("event", String(128), primary_key=True),
    # The version last shown; empty where it could not be read at all.
    Column("digest", String(32), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("first_seen", Instant, nullable=False),
    # What "now" in it means.
    Column("seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    # The last version that could be read; empty where none could.
    Column("read", String(32), nullable=False),
    Column("modified", Instant),
    Column("cancelled", Boolean, nullable=False),
    Column("reason", Text),
    Index("ix_sightings_event", "event"),
)
"""How each event stands with each reader."""

sighting_changes = Table(
    "sighting_changes",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("reader", String(512), primary_key=True),
    Column("event", String(128), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("digest", String(32), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("modified", Instant),
    # Whether the VTN showed an older version than before.
    Column("backwards", Boolean, nullable=False),
    Column("reason", Text),
)
"""What changed after the first sight, for whoever has to explain it later."""

program_sightings = Table(
    "program_sightings",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("reader", String(512), primary_key=True),
    Column("program", String(128), primary_key=True),
    Column("digest", String(32), nullable=False),
    Column("last_seen", Instant, nullable=False),
)
"""Which version of which program each reader may see."""

vtn_traits = Table(
    "vtn_traits",
    STATE,
    Column("vtn", String(512), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", String(128), nullable=False),
    Column("since", Instant, nullable=False),
)
"""What was found out about a VTN, such as whether it wants targets in queries."""
