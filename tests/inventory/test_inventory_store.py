"""The inventory store on SQLite and on PostgreSQL: one suite."""

import csv
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ven_daemon.app import open_inventory
from ven_daemon.domain.errors import InventoryError
from ven_daemon.domain.fleet import Resource
from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.services import samples
from ven_daemon.services.importing import Importing, Layout, Request
from ven_daemon.store.database import open_database
from ven_daemon.store.inventory import Counts, InventoryStore

PUB = Resource(
    id=0,
    resource_id=ResourceKey("r1"),
    resource_name="Murphy's Pub",
    resource_type="DSR",
    resource_sub_type="Bars",
    meter_point_id="707057500000000001",
    capacities={"P_max_kw": 25.0, "P_min_kw": -10.0},
    location={"latitude": 57.05, "longitude": 9.92},
    address="Algade 12, 4800 Nykøbing Falster",
    ven=VenName("Nykøbing Falster"),
)


async def execute(url: str, statement: str) -> None:
    database = open_database(url)
    async with database.begin() as connection:
        await connection.execute(text(statement))
    await database.dispose()


async def stored(url: str) -> list[Resource]:
    async with open_inventory(url) as inventory:
        fleet = await inventory.fleet()
    rows = [*fleet.homeless, *(row for ven in fleet.vens for row in ven.resources)]
    return sorted(rows, key=lambda row: row.id)


async def upsert(url: str, *rows: Resource) -> Counts:
    async with open_inventory(url, create=True) as inventory:
        return await inventory.upsert(rows)


async def test_what_is_written_is_read_back(inventory_url: str) -> None:
    before = datetime.now(UTC)

    counts = await upsert(inventory_url, PUB)

    [row] = await stored(inventory_url)
    assert counts == Counts(added=1)
    assert row.created_at is not None
    assert before <= row.created_at <= datetime.now(UTC)
    assert row == PUB._replace(id=row.id, created_at=row.created_at, updated_at=row.created_at)


async def test_only_what_changed_is_written_and_edits_stay(inventory_url: str) -> None:
    two = PUB._replace(resource_id=ResourceKey("r2"), ven=VenName("Aalborg"))
    await upsert(inventory_url, PUB, two)
    await execute(
        inventory_url,
        "INSERT INTO connections (id, type) VALUES (7, 'mqtt')",
    )
    await execute(
        inventory_url,
        "UPDATE resources SET enabled = FALSE, reporting = '{\"every\": 60}', connection_id = 7,"
        " meter_point_id = '571313100000000001', created_at = '2026-01-14 10:00:00',"
        " updated_at = '2026-01-14 10:00:00'",
    )

    again = await upsert(inventory_url, PUB, two)
    changed = await upsert(inventory_url, PUB._replace(address="Algade 14"), two)

    first, second = await stored(inventory_url)
    assert (again, changed) == (Counts(unchanged=2), Counts(changed=1, unchanged=1))
    assert (first.address, second.address) == ("Algade 14", PUB.address)
    for row in (first, second):
        assert (row.enabled, row.connection_id, row.reporting) == (False, 7, {"every": 60})
        assert row.meter_point_id == "571313100000000001"
        assert row.created_at == datetime(2026, 1, 14, 10, tzinfo=UTC)
    assert second.updated_at == second.created_at
    assert first.updated_at is not None
    assert datetime.now(UTC) - first.updated_at < timedelta(minutes=1)


async def test_an_upsert_that_fails_leaves_nothing(inventory_url: str) -> None:
    def rows() -> object:
        for number in range(12_000):
            yield PUB._replace(resource_id=ResourceKey(f"r{number}"))
        raise ZeroDivisionError

    async with open_inventory(inventory_url, create=True) as inventory:
        with pytest.raises(ZeroDivisionError):
            await inventory.upsert(rows())  # type: ignore[arg-type]

        assert await inventory.size() == 0


async def test_the_sample_fleet_is_the_same_everywhere(inventory_url: str, tmp_path: Path) -> None:
    importing = Importing(Request(tuple(samples.write(tmp_path))))

    async with open_inventory(inventory_url, create=True) as inventory:
        first = await importing.store(inventory)
        second = await importing.store(inventory)
        fleet = await inventory.fleet()
        vens = await inventory.vens()
        aalborg = await inventory.resources_of("Aalborg")

    assert (first, second) == (Counts(added=9714), Counts(unchanged=9714))
    assert vens == [ven.name for ven in fleet.vens]
    assert fleet.problems() == ()
    assert aalborg == list(fleet.vens[0].resources)
    assert len(aalborg) == 627
    rows = [row for ven in fleet.vens for row in ven.resources]
    meter_points = {row.meter_point_id for row in rows if row.meter_point_id}
    assert len(meter_points) == 9714
    assert all(len(p) == 18 and p.startswith("707057500") for p in meter_points)


async def test_an_odd_row_costs_itself_only(inventory_url: str) -> None:
    await upsert(inventory_url, PUB, PUB._replace(resource_id=ResourceKey("r2")))
    await execute(
        inventory_url,
        "UPDATE resources SET capacities = '{', location = 'null', ven = ' ', enabled = NULL"
        " WHERE resource_id = 'r2'",
    )

    good, odd = await stored(inventory_url)

    assert good.problems == ()
    assert (odd.ven, odd.enabled, odd.location, odd.capacities) == (None, True, {}, {})
    assert [problem.partition(": ")[0] for problem in odd.problems] == ["capacities"]


async def test_a_json_column_of_another_hand_is_read(postgres_url: str) -> None:
    await upsert(postgres_url, PUB)
    for column in ("capacities", "location"):
        await execute(
            postgres_url, f"ALTER TABLE resources ALTER {column} TYPE jsonb USING {column}::jsonb"
        )

    [row] = await stored(postgres_url)

    assert (row.capacities, row.location) == (PUB.capacities, PUB.location)


async def test_a_missing_table_or_column_is_named(postgres_url: str) -> None:
    with pytest.raises(InventoryError, match="has no table `resources`"):
        await stored(postgres_url)
    await upsert(postgres_url, PUB)
    await execute(postgres_url, "ALTER TABLE resources DROP COLUMN reporting")
    await execute(postgres_url, "ALTER TABLE resources DROP COLUMN ven")

    with pytest.raises(InventoryError, match="its table `resources` has no column `ven`"):
        await stored(postgres_url)
    with pytest.raises(InventoryError, match="has no column `ven`, `reporting`"):
        await upsert(postgres_url, PUB)


async def test_a_server_that_is_not_there_is_an_inventory_error(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r"postgresql\+psycopg://u:\*\*\*@"):
        await stored(f"postgresql://u:secret@/none?host={tmp_path}")


async def test_somebody_who_reads_meanwhile_does_not_stop_an_import(tmp_path: Path) -> None:
    file = tmp_path / "resources.db"
    url = f"sqlite:///{file}"
    await upsert(url, PUB)
    with sqlite3.connect(file) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM resources").fetchall()
        reader.rollback()
    reader.close()

    store = InventoryStore(open_database(url))
    async with store._database.read() as held:
        await held.execute(text("SELECT * FROM resources"))
        counts = await store.upsert([PUB._replace(resource_id=ResourceKey("r2"))])
    await store._database.dispose()

    assert counts == Counts(added=1)
    assert len(await stored(url)) == 2


async def test_two_keys_of_one_meter_point_get_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_daemon.services.importing.rows._METER_POINTS", 3)
    file = tmp_path / "bars.csv"
    with file.open("w", newline="") as content:
        rows = csv.writer(content)
        rows.writerow(["title", "address", "lon", "lat"])
        rows.writerows([f"n{n}", "A 1, 9000 Aalborg", 1, 2] for n in range(3))
    url = f"sqlite:///{tmp_path}/resources.db"

    async with open_inventory(url, create=True) as inventory:
        await Importing(Request((file,), Layout())).store(inventory)

    numbers = {row.meter_point_id for row in await stored(url)}
    assert numbers == {f"707057500{n:09d}" for n in range(3)}
