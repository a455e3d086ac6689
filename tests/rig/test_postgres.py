"""The PostgreSQL of the session gives each test an empty database of its own."""

from contextlib import closing

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from tests.rig.postgres import Database, Postgres


def test_a_fresh_database_is_empty_and_open_to_sqlalchemy(postgres_url: str) -> None:
    engine = create_engine(postgres_url)

    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_two_databases_know_nothing_of_each_other(
    postgres: Postgres, postgres_database: Database
) -> None:
    with postgres_database.connect() as connection:
        connection.execute("CREATE TABLE here (n int)")

    with postgres.fresh_database().connect() as connection:
        found = connection.execute("SELECT to_regclass('here')").fetchone()

    assert found == (None,)


def test_a_database_somebody_is_still_connected_to_is_dropped_all_the_same(
    postgres: Postgres,
) -> None:
    database = postgres.fresh_database()
    with closing(database.connect()):
        postgres.drop(database)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        database.connect()
