"""How far somebody else's tables have been read."""

from typing import Any

import orjson
from sqlalchemy import select

from ven_daemon.store import dialects
from ven_daemon.store.database import Database
from ven_daemon.store.schema import source_marks


class SourceMarks:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, source: str) -> Any:
        """Read a mark; None where there is none."""
        found = select(source_marks.c.mark).where(source_marks.c.source == source)
        async with self._database.read() as connection:
            mark = await connection.scalar(found)
        return None if mark is None else orjson.loads(mark)

    async def put(self, source: str, mark: object) -> None:
        """Keep a mark."""
        dialect = self._database.url.get_backend_name()
        row = dialects.insert(dialect, source_marks)
        row = row.values(source=source, mark=orjson.dumps(mark).decode())
        upsert = row.on_conflict_do_update(
            index_elements=["source"], set_={"mark": row.excluded.mark}
        )
        async with self._database.begin() as connection:
            await connection.execute(upsert)
