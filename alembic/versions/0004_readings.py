"""Readings, their totals, what came late, and tokens of devices."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_resources",
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("resource_id", sa.String(512), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reading_resources"),
        sa.UniqueConstraint("resource_id", name="uq_reading_resources_resource_id"),
    )
    op.create_table(
        "readings",
        sa.Column("slot", sa.Integer, autoincrement=False),
        sa.Column("resource", sa.Integer, autoincrement=False),
        sa.Column("quantity", sa.SmallInteger, autoincrement=False),
        sa.Column("at", sa.BigInteger, autoincrement=False),
        sa.Column("value", sa.Double),
        sa.Column("word", sa.String(128)),
        sa.Column("quality", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("slot", "resource", "quantity", "at", name="pk_readings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "late_readings",
        sa.Column("slot", sa.Integer, autoincrement=False),
        sa.Column("resource", sa.Integer, autoincrement=False),
        sa.Column("earliest", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("slot", "resource", name="pk_late_readings"),
    )
    totals = op.create_table(
        "reading_totals",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("repeated", sa.BigInteger, nullable=False),
        sa.Column("replaced", sa.BigInteger, nullable=False),
        sa.Column("contradicted", sa.BigInteger, nullable=False),
        sa.Column("late", sa.BigInteger, nullable=False),
        sa.Column("trimmed", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reading_totals"),
    )
    names = ("accepted", "repeated", "replaced", "contradicted", "late", "trimmed", "closed")
    op.bulk_insert(totals, [{"id": 1, **dict.fromkeys(names, 0)}])
    op.create_table(
        "device_tokens",
        sa.Column("name", sa.String(128)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ven", sa.String(512)),
        sa.Column("resource_id", sa.String(512)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_device_tokens"),
        sa.UniqueConstraint("digest", name="uq_device_tokens_digest"),
    )
