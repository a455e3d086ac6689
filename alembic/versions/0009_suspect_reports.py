"""Which reports an earlier life may have sent, so that their halves are looked up too."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("suspect", sa.Boolean, nullable=False, server_default=sa.false())
    )
    outbox = sa.table(
        "outbox",
        sa.column("state", sa.String),
        sa.column("vtn_id", sa.String),
        sa.column("suspect", sa.Boolean),
    )
    # Which of them were owed late was not kept. To suspect one too many costs a look.
    unsettled = outbox.c.state.in_(("queued", "sending"))
    open_ = sa.and_(unsettled, outbox.c.vtn_id.is_(None))
    op.execute(outbox.update().where(open_).values(suspect=sa.true()))
