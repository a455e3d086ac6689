"""How far somebody else's tables of readings have been read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_marks",
        sa.Column("source", sa.String(128)),
        sa.Column("mark", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_source_marks"),
    )
