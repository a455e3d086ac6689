"""Registrations of vens and resources, credentials, and which database this is."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _what_the_vtn_holds() -> tuple[sa.Column, ...]:
    return (
        sa.Column("vtn_id", sa.String(128)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(16)),
        sa.Column("applied", sa.String(32)),
        sa.Column("echoed", sa.String(32)),
        sa.Column("targets", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
    )
    op.create_table(
        "ven_registrations",
        sa.Column("vtn", sa.String(512)),
        sa.Column("ven", sa.String(512)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        *_what_the_vtn_holds(),
        sa.PrimaryKeyConstraint("vtn", "ven", name="pk_ven_registrations"),
    )
    op.create_table(
        "resource_registrations",
        sa.Column("vtn", sa.String(512)),
        sa.Column("ven", sa.String(512)),
        sa.Column("name", sa.String(128)),
        sa.Column("resource_id", sa.String(512), nullable=False),
        *_what_the_vtn_holds(),
        sa.PrimaryKeyConstraint("vtn", "ven", "name", name="pk_resource_registrations"),
    )
    op.create_table(
        "credentials",
        sa.Column("ven", sa.String(512)),
        sa.Column("client_id", sa.String(4096), nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ven", name="pk_credentials"),
    )
