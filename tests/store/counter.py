"""A table of one number, to write to and to look at."""

from sqlalchemy import text

from ven_daemon.store.database import Database


async def counter(database: Database) -> None:
    if database.file is not None:
        database.file.parent.mkdir(exist_ok=True)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))


async def value(database: Database) -> int:
    async with database.read() as connection:
        found: int = await connection.scalar(text("SELECT n FROM counter"))
        return found
