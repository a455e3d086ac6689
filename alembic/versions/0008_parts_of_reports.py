"""Which part of what was owed a report is, where that was too large for the VTN."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_HALVES = re.compile(r"(?:-[ab])+$")
"""What halves were named by; the name of a whole ends with a number."""


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("part", sa.String(64), nullable=False, server_default=sa.text("''"))
    )
    outbox = sa.table("outbox", sa.column("name", sa.String), sa.column("part", sa.String))
    connection = op.get_bind()
    marked = sa.or_(outbox.c.name.like("%-a"), outbox.c.name.like("%-b"))
    for name in connection.execute(sa.select(outbox.c.name).where(marked)).scalars().all():
        if found := _HALVES.search(name):
            mine = outbox.update().where(outbox.c.name == name)
            connection.execute(mine.values(part=found.group().replace("-", "")))
