"""Finding the few reports that are parts of others by the event that they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_part = sa.text("part <> ''")
    op.create_index(
        "ix_outbox_parts",
        "outbox",
        ["vtn", "event", "ven", "k"],
        sqlite_where=is_part,
        postgresql_where=is_part,
    )
