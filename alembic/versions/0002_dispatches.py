"""Schedules, dispatches, opt-outs and draws."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(32)),
        sa.Column("entries", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
    )
    op.create_table(
        "assignments",
        sa.Column("ven", sa.String(512)),
        sa.Column("resource", sa.String(512)),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("sink", sa.String(128), nullable=False),
        sa.Column("schedule", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("ven", "resource", name="pk_assignments"),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.String(32)),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    _dispatches()
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.String(36)),
        sa.Column("ven", sa.String(512), nullable=False),
        sa.Column("resource", sa.String(512)),
        sa.Column("event", sa.Text),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("weekly", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opt_outs"),
    )
    op.create_table(
        "draws",
        sa.Column("ven", sa.String(512)),
        sa.Column("event", sa.Text),
        sa.Column("interval", sa.Integer, autoincrement=False),
        sa.Column("fraction", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("ven", "event", "interval", name="pk_draws"),
    )


def _dispatches() -> None:
    op.create_table(
        "dispatches",
        sa.Column("key", sa.String(32)),
        sa.Column("ven", sa.String(512), nullable=False),
        sa.Column("resource", sa.String(512), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("sink", sa.String(128), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("entry", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_dispatches"),
    )
    for columns in (["sink", "due"], ["ven", "resource", "state"], ["state", "updated_at"]):
        op.create_index(f"ix_dispatches_{'_'.join(columns)}", "dispatches", columns)
