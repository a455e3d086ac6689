"""Reports on their way to the VTN, what was owed so far, and how many there were."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outbox()
    op.create_table(
        "report_bodies",
        sa.Column("name", sa.String(128)),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_report_bodies"),
    )
    op.create_table(
        "report_marks",
        sa.Column("vtn", sa.String(512)),
        sa.Column("ven", sa.String(512)),
        sa.Column("event", sa.String(128)),
        sa.Column("request", sa.String(32)),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("vtn", "ven", "event", "request", name="pk_report_marks"),
    )
    totals = op.create_table(
        "outbox_totals",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("reported_gone", sa.BigInteger, nullable=False),
        sa.Column("trimmed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_totals"),
    )
    op.execute(totals.insert().values(id=1, accepted=0, reported_gone=0, trimmed=0))


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("name", sa.String(128)),
        sa.Column("vtn", sa.String(512), nullable=False),
        sa.Column("ven", sa.String(512), nullable=False),
        sa.Column("event", sa.String(128), nullable=False),
        sa.Column("client", sa.String(128), nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
        sa.Column("k", sa.BigInteger, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("vtn_id", sa.String(128)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("offered", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("doubt", sa.String(16)),
        sa.Column("cause", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("first_failed", sa.DateTime(timezone=True)),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_outbox"),
    )
    op.create_index("ix_outbox_vtn_state_ven_due", "outbox", ["vtn", "state", "ven", "due"])
    op.create_index("ix_outbox_vtn_ven_due", "outbox", ["vtn", "ven", "due"])
    op.create_index("ix_outbox_due", "outbox", ["due"])
