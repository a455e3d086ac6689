"""Sources of a running daemon: by settings, and by the inventory's connections."""

import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.daemon.service import Service
from tests.registration.fleet import SmallFleet
from tests.rig.processes import free_port

_CONNECTIONS = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY, type VARCHAR, actortype VARCHAR, host VARCHAR, port INTEGER,
    topic VARCHAR, file VARCHAR, username VARCHAR, password VARCHAR, created_at DATETIME)
"""


def put(folder: Path, resource: str, value: float) -> None:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    file = folder / f"{resource.replace('/', ' ')}.csv"
    file.write_text(f"resource_id,value,at\n{resource},{value},{at}\n")
    os.utime(file, (time.time() - 60,) * 2)


def values(service: Service) -> set[float]:
    if "readings" not in service.get("/api/v1/status")[1]:
        return set()  # it is starting
    with closing(sqlite3.connect(service.folder / "state.db")) as connection:
        return {row[0] for row in connection.execute("SELECT value FROM readings")}


def test_the_simulator_and_a_folder_bring_readings_where_settings_ask(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    put(folder, "Vejle/bar 1", 7.125)
    nobody = f"http://127.0.0.1:{free_port()}"

    with Service(
        tmp_path,
        nobody,
        VEN_SIMULATOR="true",
        VEN_SIMULATOR_INTERVAL="1",
        VEN_SOURCE_FOLDER=str(folder),
    ) as service:
        service.wait(lambda: len(values(service)) >= 7)
        assert 7.125 in values(service)
        status = service.get("/api/v1/status")[1]["readings"]

    assert status["accepted"] >= 7
    assert [each.name for each in (folder / "done").iterdir()] == ["Vejle bar 1.csv"]


def test_a_connection_of_the_inventory_is_followed_as_soon_as_it_stands_there(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "meters"
    folder.mkdir()
    put(folder, "Vejle/bar 1", 8.25)
    nobody = f"http://127.0.0.1:{free_port()}"

    with Service(tmp_path, nobody) as service:
        service.wait(lambda: "readings" in service.get("/api/v1/status")[1])
        service.change(_CONNECTIONS)
        row = f"(1, 'filereader', '{folder}')"
        service.change(f"INSERT INTO connections (id, type, file) VALUES {row}")
        service.change("INSERT INTO connections (id, type) VALUES (2, 'modbus')")
        fleet = SmallFleet(service.inventory)
        fleet.change("Vejle/bar 1", connection_id=1)
        fleet.change("Vejle/bar 0", connection_id=2)
        service.wait(lambda: values(service) == {8.25})

        assert '"event":"source.unknown"' in service.log().replace('": "', '":"')
        assert '"modbus"' in service.log()
