"""What the running service keeps about itself: who works with this state, and who is paused."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from ven_daemon.store.schema.metadata import STATE, Instant

leases = Table(
    "leases",
    STATE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Counts the holders; a write of an earlier one is refused.
    Column("epoch", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False),
    # By the server's clock; none in a file, where a lock that ends with its process says it.
    Column("held_until", Instant),
)
"""One row: the process that may write."""

paused_vens = Table(
    "paused_vens",
    STATE,
    Column("ven", String(512), primary_key=True),
    Column("since", Instant, nullable=False),
)
"""VENs that an operator has paused."""
