"""Who works with the state, by epochs, and which VENs are paused.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # On a server, whoever migrates holds the state already: `store.lease` made the table.
    if not sa.inspect(op.get_bind()).has_table("leases"):
        op.create_table(
            "leases",
            sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
            sa.Column("epoch", sa.BigInteger, nullable=False),
            sa.Column("owner", sa.String(64), nullable=False),
            sa.Column("held_until", sa.DateTime(timezone=True)),
            sa.PrimaryKeyConstraint("id", name="pk_leases"),
        )
    op.create_table(
        "paused_vens",
        sa.Column("ven", sa.String(512), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ven", name="pk_paused_vens"),
    )
