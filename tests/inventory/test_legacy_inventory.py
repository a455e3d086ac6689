"""A resources.db of the sample client opens unchanged, whatever lies in it."""

import hashlib
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.inventory.conftest import Command
from ven_daemon.app import open_inventory
from ven_daemon.domain.errors import InventoryError
from ven_daemon.domain.fleet import Fleet, Resource

TABLES = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY, type VARCHAR, actortype VARCHAR, host VARCHAR, port INTEGER,
    topic VARCHAR, file VARCHAR, username VARCHAR, password VARCHAR, created_at DATETIME);
CREATE TABLE resources (
    id INTEGER NOT NULL PRIMARY KEY, resource_id VARCHAR UNIQUE, resource_name VARCHAR,
    resource_type VARCHAR, resource_sub_type VARCHAR, meter_point_id VARCHAR,
    connection_id INTEGER REFERENCES connections (id), capacities TEXT, location TEXT,
    address VARCHAR, ven VARCHAR, enabled BOOLEAN, reporting TEXT,
    created_at DATETIME, updated_at DATETIME);
CREATE INDEX ix_resources_resource_id ON resources (resource_id);
CREATE INDEX ix_resources_meter_point_id ON resources (meter_point_id);
CREATE INDEX ix_resources_resource_type ON resources (resource_type);
CREATE INDEX ix_resources_ven ON resources (ven);
"""
CAPACITIES = '{"P_max_kw": 25, "P_min_kw": -10, "E_max_kwh": 100.5, "E_min_kwh": 0}'
LOCATION = '{"latitude": 57.05, "longitude": 9.92}'
INSERT = """INSERT INTO resources (resource_id, resource_name, resource_type, capacities, location,
    ven, enabled, created_at) VALUES (:id, :name, 'DSR', :capacities, :location, :ven, 1, :at)"""
GOOD = {
    "id": "r1",
    "name": "Murphy's Pub",
    "capacities": CAPACITIES,
    "location": LOCATION,
    "ven": "Aalborg",
    "at": "2026-01-14 10:00:00.000000",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "resources.db"


@pytest.fixture
def legacy(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(TABLES)
        connection.execute(INSERT, GOOD)
        yield connection


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def fleet_of(file: Path) -> Fleet:
    async with open_inventory(f"sqlite:///{file}") as inventory:
        return await inventory.fleet()


async def only_resource(file: Path) -> Resource:
    fleet = await fleet_of(file)
    rows = [*fleet.homeless, *(row for ven in fleet.vens for row in ven.resources)]
    assert len(rows) == 1
    return rows[0]


async def test_a_file_of_the_sample_client_opens_unchanged(
    file: Path, legacy: sqlite3.Connection
) -> None:
    before = digest(file)

    row = await only_resource(file)

    assert digest(file) == before
    assert row.capacities == {"P_max_kw": 25, "P_min_kw": -10, "E_max_kwh": 100.5, "E_min_kwh": 0}
    assert row.location == {"latitude": 57.05, "longitude": 9.92}
    assert row.created_at == datetime(2026, 1, 14, 10, tzinfo=UTC)
    assert (row.resourceID, row.ven, row.enabled, row.problems) == ("r1", "Aalborg", True, ())
    assert row.reporting == {}


def test_a_user_sees_what_is_wrong_with_a_legacy_file(
    command: Command, file: Path, legacy: sqlite3.Connection
) -> None:
    legacy.execute(INSERT, GOOD | {"id": "r2", "ven": None})
    legacy.execute(INSERT, GOOD | {"id": "r3", "capacities": "{P_max: 1"})
    legacy.execute("UPDATE resources SET enabled = 0 WHERE resource_id = 'r3'")

    stats = command("stats", "--json", "--db-path", file)

    assert stats.code == 0
    assert stats.document["resources"] == 3
    assert stats.document["vens"] == 1
    assert stats.document["disabled"] == 1
    homeless, malformed = stats.document["problems"]  # type: ignore[misc]
    assert homeless == "resource r2: belongs to no VEN"
    assert malformed.startswith("resource r3: capacities: not JSON: ")
    plain = command("stats", "--db-path", file)
    assert "problem: resource r2: belongs to no VEN" in plain.words
    assert plain.out == "vens\t1\nresources\t3\ndisabled\t1\nDSR\t3\nnone\t3\nAalborg\t2\n"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("capacities", "not json", "capacities: not JSON: "),
        ("capacities", "[1]", "capacities: not a JSON object: "),
        ("capacities", b"\x00\xff", "capacities: not a JSON object: "),
        ("capacities", '{"P_max_kw": NaN}', "capacities.P_max_kw: not a finite number"),
        ("capacities", '{"P_max_kw": -Infinity}', "capacities.P_max_kw: not a finite number"),
        ("capacities", '{"P_max_kw": 1e999}', "capacities.P_max_kw: not a finite number"),
        ("capacities", '{"P_max_kw": 1' + "0" * 400 + "}", "capacities.P_max_kw: not a finite"),
        ("capacities", '{"P_max_kw": true}', "capacities.P_max_kw: not a finite number"),
        ("capacities", '{"P_max_kw": "25"}', "capacities.P_max_kw: not a finite number"),
        ("capacities", "[" * 100_000, "capacities: not JSON: nested too deeply"),
        ("location", '{"latitude": 91}', "location.latitude: 91.0 is not between -90 and 90"),
        ("location", '{"longitude": -181}', "location.longitude: -181.0 is not between"),
        ("location", "{", "location: not JSON: "),
        ("reporting", "yes", "reporting: not JSON: "),
        ("enabled", "perhaps", "enabled: neither yes nor no: 'perhaps'; taken for no"),
        ("created_at", "yesterday", "created_at: not a time: 'yesterday'"),
        ("created_at", 5, "created_at: not a time: 5"),
        ("updated_at", "0001-01-01T00:00:00+14:00", "updated_at: not a time: "),
        ("connection_id", "mqtt", "connection_id: not a whole number: 'mqtt'"),
        ("resource_type", "HEATPUMP", "resource_type: 'HEATPUMP' is none of DSR, EV, BATTERY, PV"),
        ("resource_name", "", "resource_name: empty; the resource_id stands in for the name"),
        ("resource_name", None, "resource_name: empty; the resource_id stands in for the name"),
        ("ven", "Aal\0borg", "ven: not readable as text: 'Aal\\x00borg'"),
        ("address", b"blob", "address: not text: b'blob'"),
    ],
)
async def test_what_is_unreadable_is_left_out_and_named(
    file: Path, legacy: sqlite3.Connection, column: str, value: object, problem: str
) -> None:
    legacy.execute(f"UPDATE resources SET {column} = ?", (value,))

    row = await only_resource(file)

    assert len(row.problems) == 1
    assert row.problems[0].startswith(problem)
    assert all(math.isfinite(number) for number in row.capacities.values())


@pytest.mark.parametrize(
    ("stored", "enabled"),
    [(1, True), (0, False), (None, True), ("true", True), ("FALSE", False), ("off", False)],
)
async def test_enabled_is_read_however_it_was_written(
    file: Path, legacy: sqlite3.Connection, stored: object, enabled: bool
) -> None:
    legacy.execute("UPDATE resources SET enabled = ?", (stored,))

    row = await only_resource(file)

    assert (row.enabled, row.problems) == (enabled, ())


@pytest.mark.parametrize("ven", [None, "", "  ", "\t"])
async def test_a_blank_ven_is_none(file: Path, legacy: sqlite3.Connection, ven: object) -> None:
    legacy.execute("UPDATE resources SET ven = ?", (ven,))

    fleet = await fleet_of(file)

    assert fleet.vens == ()
    assert fleet.problems() == ("resource r1: belongs to no VEN",)


async def test_text_that_is_not_utf8_costs_its_own_value(
    file: Path, legacy: sqlite3.Connection
) -> None:
    legacy.execute("UPDATE resources SET address = CAST(? AS TEXT)", (b"N\xf8rregade",))

    row = await only_resource(file)

    assert row.address is None
    assert row.problems == ("address: not readable as text: 'N\\udcf8rregade'",)


async def test_a_row_without_a_key_is_noted(file: Path, legacy: sqlite3.Connection) -> None:
    legacy.execute("UPDATE resources SET resource_id = NULL")

    fleet = await fleet_of(file)

    assert (fleet.vens, fleet.homeless) == ((), ())
    assert fleet.problems() == ("row 1: has no resource_id: left out",)


async def test_a_key_that_is_there_twice_is_its_first_row(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(TABLES.replace(" UNIQUE", ""))
        connection.execute(INSERT, GOOD)
        connection.execute(INSERT, GOOD | {"ven": "Aarhus"})

    fleet = await fleet_of(file)

    assert [ven.name for ven in fleet.vens] == ["Aalborg"]
    assert fleet.problems() == ("resource r1: row 2 repeats row 1 and is left out",)
    with pytest.raises(InventoryError, match="holds a resource_id more than once"):
        async with open_inventory(f"sqlite:///{file}", create=True):
            pass


async def test_a_missing_optional_column_is_empty_and_noted(
    file: Path, legacy: sqlite3.Connection
) -> None:
    for column in ("reporting", "enabled", "updated_at"):
        legacy.execute(f"ALTER TABLE resources DROP COLUMN {column}")

    fleet = await fleet_of(file)

    assert fleet.problems() == tuple(
        f"column {column}: missing" for column in ("enabled", "reporting", "updated_at")
    )
    assert fleet.vens[0].enabled[0].reporting == {}
    async with open_inventory(f"sqlite:///{file}") as inventory:
        assert await inventory.vens() == ["Aalborg"]
        assert await inventory.resources_of("Aalborg") == list(fleet.vens[0].resources)


async def test_vens_stand_in_one_order_everywhere(file: Path, legacy: sqlite3.Connection) -> None:
    for number, (ven, enabled) in enumerate(
        [("B", 1), ("A", 1), ("C", 1), ("C", "yes"), ("D", 0), ("D", "no"), ("D", "?"), (" ", 1)]
    ):
        legacy.execute(INSERT, GOOD | {"id": f"n{number}", "ven": ven})
        legacy.execute(
            "UPDATE resources SET enabled = ? WHERE resource_id = ?", (enabled, f"n{number}")
        )

    fleet = await fleet_of(file)

    assert [ven.name for ven in fleet.vens] == ["C", "A", "Aalborg", "B", "D"]
    async with open_inventory(f"sqlite:///{file}") as inventory:
        assert await inventory.vens() == [ven.name for ven in fleet.vens]


async def test_the_lookup_of_one_ven_uses_the_index(file: Path, legacy: sqlite3.Connection) -> None:
    plan = legacy.execute(
        "EXPLAIN QUERY PLAN SELECT * FROM resources WHERE ven = ? ORDER BY id", "A"
    )

    assert "USING INDEX ix_resources_ven" in str(plan.fetchall())


def test_a_missing_file_says_how_to_make_one(command: Command, tmp_path: Path) -> None:
    for option in ((), ("--db-path", "config/resources.db")):
        said = command("stats", *option)

        assert said.code == 3
        assert said.words.endswith(
            "config/resources.db: there is no such file; `ven-daemon samples` makes a sample "
            "inventory, `ven-daemon import FILE.csv` one of your own"
        )
        assert not (tmp_path / "config").exists()


def test_an_empty_file_is_no_inventory(command: Command, file: Path) -> None:
    file.touch()

    said = command("stats", "--db-path", file)

    assert said.code == 3
    assert f"{file}: the file is empty (0 bytes); `ven-daemon samples` makes" in said.words


@pytest.mark.parametrize("content", [b"title,address\n", b"SQLite format 2\0", b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused_and_kept(
    command: Command, file: Path, content: bytes
) -> None:
    file.write_bytes(content)

    for arguments in (("stats",), ("samples",)):
        said = command(*arguments, "--db-path", file)

        assert said.code == 3
        assert f"{file}: is not a SQLite database" in said.words
    assert file.read_bytes() == content


def test_a_torn_database_is_an_error_with_its_name(
    command: Command, file: Path, legacy: sqlite3.Connection
) -> None:
    legacy.close()
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 8092)

    said = command("stats", "--db-path", file)

    assert said.code == 3
    assert f"{file}: " in said.words


def test_a_database_without_resources_is_no_inventory(command: Command, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")

    said = command("stats", "--db-path", file)

    assert said.code == 3
    assert f"{file}: has no table `resources`; `ven-daemon samples` makes" in said.words


def test_missing_required_columns_are_named(
    command: Command, file: Path, legacy: sqlite3.Connection
) -> None:
    legacy.execute("DROP INDEX ix_resources_ven")
    legacy.execute("ALTER TABLE resources DROP COLUMN ven")
    legacy.execute("ALTER TABLE resources DROP COLUMN resource_name")

    said = command("stats", "--db-path", file)

    assert said.code == 3
    assert "its table `resources` has no column `resource_name`, `ven`" in said.words


def test_a_folder_is_no_inventory(command: Command, tmp_path: Path) -> None:
    said = command("stats", "--db-path", tmp_path)

    assert said.code == 3
    assert f"{tmp_path}: cannot be read: Is a directory" in said.words


def test_a_url_that_is_none_is_a_usage_error(command: Command) -> None:
    said = command("stats", "--db-path", "mysql://u:secret@host/db")

    assert said.code == 2
    assert "secret" not in said.err
