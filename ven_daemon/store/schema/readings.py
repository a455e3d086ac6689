"""Readings: what was measured, what came late, how many there were; and tokens of devices."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
)

from ven_daemon.store.schema.metadata import STATE, Instant

reading_resources = Table(
    "reading_resources",
    STATE,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("resource_id", String(512), nullable=False, unique=True),
)
"""A number for each resource that was ever heard of: a reading carries it instead of the key."""

readings = Table(
    "readings",
    STATE,
    # The quarter of an hour, counted since 1970, that `at` lies in.
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("resource", Integer, primary_key=True, autoincrement=False),
    Column("quantity", SmallInteger, primary_key=True, autoincrement=False),
    # Microseconds since 1970.
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("word", String(128)),
    Column("quality", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Clustered by time first and resource second (docs/decisions/0005).

Writes meet at the end of the table, and one resource's quarter of an hour lies together.
"""

late_readings = Table(
    "late_readings",
    STATE,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("resource", Integer, primary_key=True, autoincrement=False),
    Column("earliest", BigInteger, nullable=False),
    Column("latest", BigInteger, nullable=False),
    # Rises with each further reading, so that one who settles it can tell.
    Column("revision", Integer, nullable=False),
)
"""Where readings came in for a time whose reports had been built."""

reading_totals = Table(
    "reading_totals",
    STATE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("accepted", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    Column("replaced", BigInteger, nullable=False),
    Column("contradicted", BigInteger, nullable=False),
    Column("late", BigInteger, nullable=False),
    Column("trimmed", BigInteger, nullable=False),
    # Reports up to this instant have been built (microseconds since 1970).
    Column("closed", BigInteger, nullable=False),
)
"""One row, written in the transaction that it counts."""

device_tokens = Table(
    "device_tokens",
    STATE,
    Column("name", String(128), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("ven", String(512)),
    Column("resource_id", String(512)),
    Column("created_at", Instant, nullable=False),
)
"""By what a device may bring readings of one VEN, or of one resource; the token is not kept."""

source_marks = Table(
    "source_marks",
    STATE,
    Column("source", String(128), primary_key=True),
    # As JSON: a number, or a text.
    Column("mark", Text, nullable=False),
)
"""How far somebody else's tables have been read."""
