"""Readings from CSV files: history by hand, and a folder that is watched."""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.registration.fleet import SmallFleet
from tests.rig.installation import Installation
from ven_daemon.devices import csv_source
from ven_daemon.devices.csv_source import CsvFolder
from ven_daemon.domain.errors import SourceError, StoreBehindError
from ven_daemon.domain.ids import ResourceKey
from ven_daemon.domain.readings import Gate, Reading, Sifted

DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)


def at(minutes: int) -> str:
    return (DAY + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def commands(tmp_path: Path) -> Installation:
    fleet = SmallFleet(tmp_path / "resources.db")
    fleet.add("Aalborg", "bar", "bar-1", meter_point_id="707057500000000007")
    return Installation(tmp_path)


def test_history_is_imported_and_a_second_time_changes_nothing(
    commands: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "october.csv"
    rows = "".join(f"bar-1;energy;{1000 + n / 4};{at(15 * n)}\n" for n in range(2500 // 15))
    file.write_text("\ufeffresource_id;quantity;value;at\n" + rows)

    first = commands.succeed("readings", "import", file)
    commands.succeed("readings", "import", file)

    assert first.stdout == f"{file}: {2500 // 15:,} readings\n"
    last = commands.succeed("readings", "--hours", "96").stdout
    assert last.startswith(f"Aalborg\tbar-1\tenergy\t{1000 + (2500 // 15 - 1) / 4}\t")


def test_meter_points_stand_for_resources_and_power_is_the_usual_quantity(
    commands: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "meters.csv"
    epoch = (DAY + timedelta(hours=1)).timestamp()
    file.write_text(
        "meter_point_id,value,at,quality\n"
        f"707057500000000007,-3.5,{epoch},ESTIMATED\n"
        f'"707057500000000007","4.5","{at(120)}",\n'
    )

    commands.succeed("readings", "import", file)

    said = commands.succeed("readings", "--hours", "96").stdout.strip().split("\t")
    assert said[1:4] == ["bar-1", "power", "4.5"]


def test_bad_rows_are_named_by_file_and_line_and_the_good_are_kept(
    commands: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.csv"
    file.write_text(
        "resource_id,quantity,value,at\n"
        f"bar-1,power,1.5,{at(0)}\n"
        f"bar-9,power,1.5,{at(0)}\n"
        "\n"
        f"bar-1,power,nan,{at(1)}\n"
        f"bar-1,power,much,{at(1)}\n"
        f"bar-1,state,NORMAL,{at(2)}\n"
        "bar-1,power\n"
    )

    done = commands.run("readings", "import", file)

    assert done.exit_code == 1
    assert done.stdout == f"{file}: 2 readings\n"
    said = done.stderr.splitlines()
    assert said[0] == f"{file}:3: resource_id: not in the inventory"
    assert [line.split(":")[1] for line in said] == ["3", "5", "6", "8"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "value,at\n1,2\n"])
def test_a_file_without_the_columns_is_refused(
    commands: Installation, tmp_path: Path, text: str
) -> None:
    (tmp_path / "odd.csv").write_text(text)

    done = commands.run("readings", "import", tmp_path / "odd.csv")

    assert done.exit_code == 1
    assert "the first row must name resource_id, value and at" in done.stderr
    assert commands.run("readings", "import", tmp_path / "none.csv").exit_code == 1


class Taker:
    """Takes what a source brings, through the real gate; it may be out of order."""

    def __init__(self) -> None:
        self.taken: list[Reading] = []
        self.works = True

    async def __call__(self, items: Sequence[object]) -> Sifted:
        if not self.works:
            raise StoreBehindError("not now")
        sifted = Gate.at(datetime.now(UTC), {ResourceKey("bar-1")}).sift(items)
        self.taken += sifted.accepted
        return sifted


async def watch(folder: Path, take: Taker) -> None:
    """Watch for half a second."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await CsvFolder(folder).run(take)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "LOOK_EVERY", 0.05)


def put(folder: Path, name: str, *rows: str, seconds_ago: float = 60) -> Path:
    file = folder / name
    file.write_text("resource_id,value,at\n" + "".join(f"{row}\n" for row in rows))
    os.utime(file, (time.time() - seconds_ago,) * 2)
    return file


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_files_that_were_read_are_moved_the_oldest_first(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", f"bar-1,1,{at(1)}", seconds_ago=100)
    put(tmp_path, "a.csv", f"bar-1,2,{at(2)}", seconds_ago=50)
    put(tmp_path, "notes.txt", "what")
    take = Taker()

    await watch(tmp_path, take)

    assert [each.value for each in take.taken] == [1.0, 2.0]
    assert names(tmp_path) == ["done", "notes.txt"]
    assert names(tmp_path / "done") == ["a.csv", "b.csv"]


async def test_a_file_that_is_still_written_is_left_alone(tmp_path: Path) -> None:
    file = put(tmp_path, "growing.csv", f"bar-1,1,{at(1)}", seconds_ago=0)
    take = Taker()

    await watch(tmp_path, take)

    assert file.exists()
    assert take.taken == []


async def test_refused_rows_are_listed_beside_the_file(tmp_path: Path) -> None:
    put(tmp_path, "mixed.csv", f"bar-1,1,{at(1)}", f"bar-2,1,{at(1)}")

    await watch(tmp_path, Taker())

    said = (tmp_path / "done" / "mixed.refused.txt").read_text()
    assert said == "mixed.csv:3: resource_id: not in the inventory\n"


async def test_a_file_that_cannot_be_read_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("what")
    os.utime(tmp_path / "odd.csv", (1, 1))
    put(tmp_path, "good.csv", f"bar-1,1,{at(1)}")
    take = Taker()

    await watch(tmp_path, take)

    assert len(take.taken) == 1
    assert "must name" in (tmp_path / "failed" / "odd.refused.txt").read_text()


async def test_a_file_stays_while_the_store_takes_nothing_and_is_read_again(
    tmp_path: Path,
) -> None:
    file = put(tmp_path, "a.csv", f"bar-1,1,{at(1)}")
    take = Taker()
    take.works = False

    with pytest.raises(StoreBehindError):
        await watch(tmp_path, take)

    assert file.exists()
    take.works = True
    await watch(tmp_path, take)
    assert len(take.taken) == 1


async def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    take = Taker()
    for minute in (1, 2):
        put(tmp_path, "same.csv", f"bar-1,1,{at(minute)}")
        await watch(tmp_path, take)

    assert len(names(tmp_path / "done")) == 2


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is no folder"):
        await watch(tmp_path / "nowhere", Taker())
