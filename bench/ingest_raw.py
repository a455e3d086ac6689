"""Raw executemany: the same rows, in the same table, with nothing around it."""

import argparse
import json
import os
import sqlite3
import sys
import time
from contextlib import closing

_COLUMNS = "slot, resource, quantity, at, value, word, quality"


def main() -> None:
    """Write batch by batch, each its own transaction; say how many rows a second."""
    options = argparse.ArgumentParser()
    options.add_argument("--core", type=int, required=True)
    options.add_argument("--url", required=True, help="A SQLite file, or a PostgreSQL URL.")
    options.add_argument("--count", type=int, required=True)
    options.add_argument("--batch", type=int, required=True)
    chosen = options.parse_args()
    os.sched_setaffinity(0, {chosen.core})
    batches = _batches(chosen.count, chosen.batch)
    write = _postgres if "://" in chosen.url else _sqlite
    seconds = write(chosen.url, batches)
    sys.stdout.write(json.dumps({"rate": chosen.count / seconds}) + "\n")


Rows = list[tuple[object, ...]]


def _batches(count: int, batch: int, resources: int = 9714) -> list[Rows]:
    rows: Rows = []
    for n in range(count):
        at = (1_790_000_000 + n // resources * 60 + n % 60) * 1_000_000
        rows.append((at // 900_000_000, n % resources, 0, at, n % 977 / 8, None, 0))
    return [rows[at : at + batch] for at in range(0, count, batch)]


def _sqlite(file: str, batches: list[Rows]) -> float:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE readings (slot INTEGER, resource INTEGER, quantity INTEGER, at INTEGER,"
            " value REAL, word TEXT, quality INTEGER,"
            " PRIMARY KEY (slot, resource, quantity, at)) WITHOUT ROWID"
        )
        began = time.perf_counter()
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            statement = "INSERT INTO readings VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
            connection.executemany(statement, batch)
            connection.execute("COMMIT")
        return time.perf_counter() - began


def _postgres(url: str, batches: list[Rows]) -> float:
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE readings (slot int, resource int, quantity smallint, at bigint,"
            " value float8, word text, quality smallint,"
            " PRIMARY KEY (slot, resource, quantity, at))"
        )
        connection.commit()
        statement = (
            f"INSERT INTO readings ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s)"
            " ON CONFLICT DO NOTHING"
        )
        began = time.perf_counter()
        for batch in batches:
            with connection.cursor() as cursor:
                cursor.executemany(statement, batch)
            connection.commit()
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
