"""Programs and events: what they say, who was shown them, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "versions",
        sa.Column("digest", sa.String(32)),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("object", sa.String(128), nullable=False),
        sa.Column("program", sa.String(128)),
        sa.Column("dialect", sa.String(16), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("void", sa.Boolean, nullable=False),
        sa.Column("targeted", sa.Boolean, nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_versions"),
    )
    op.create_index("ix_versions_object", "versions", ["object"])
    op.create_table(
        "sightings",
        sa.Column("vtn", sa.String(512)),
        sa.Column("reader", sa.String(512)),
        sa.Column("event", sa.String(128)),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("seen", INSTANT, nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("read", sa.String(32), nullable=False),
        sa.Column("modified", INSTANT),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("vtn", "reader", "event", name="pk_sightings"),
    )
    op.create_index("ix_sightings_event", "sightings", ["event"])
    op.create_table(
        "sighting_changes",
        sa.Column("vtn", sa.String(512)),
        sa.Column("reader", sa.String(512)),
        sa.Column("event", sa.String(128)),
        sa.Column("at", INSTANT),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("modified", INSTANT),
        sa.Column("backwards", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("vtn", "reader", "event", "at", name="pk_sighting_changes"),
    )
    op.create_table(
        "program_sightings",
        sa.Column("vtn", sa.String(512)),
        sa.Column("reader", sa.String(512)),
        sa.Column("program", sa.String(128)),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("vtn", "reader", "program", name="pk_program_sightings"),
    )
    op.create_table(
        "vtn_traits",
        sa.Column("vtn", sa.String(512)),
        sa.Column("name", sa.String(32)),
        sa.Column("value", sa.String(128), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("vtn", "name", name="pk_vtn_traits"),
    )
