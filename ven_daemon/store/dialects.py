"""What SQLAlchemy has for each database alone, imported where that database is used.

PostgreSQL's takes two megabytes, which a daemon with its SQLite file has no use for.
"""

from typing import Any

from sqlalchemy import Table


def insert(dialect: str, table: Table) -> Any:
    """Begin an INSERT that knows ON CONFLICT, in the dialect of that name."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def jsonb() -> Any:
    """Give the type of PostgreSQL's documents."""
    from sqlalchemy.dialects.postgresql import JSONB

    return JSONB
