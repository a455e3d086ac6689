"""The sample fleet is a fact to reproduce."""

import csv
import hashlib
import math
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.inventory.conftest import Command
from ven_daemon.app import open_inventory
from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.services import samples
from ven_daemon.services.samples.towns import load_towns

DIGEST = "7fc4f096b05e3f20a50dfd64173ba6279683f25442243ad83861c923560171d1"
LARGEST = {
    "Aalborg": 627,
    "Aarhus": 557,
    "Herning": 507,
    "Randers": 448,
    "Vejle": 397,
    "Viborg": 397,
    "Kolding": 312,
    "Holstebro": 306,
    "Hjørring": 294,
    "Frederikshavn": 273,
}


def digest(paths: list[Path]) -> str:
    content = hashlib.sha256()
    for path in sorted(paths):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kilometres(north: float, east: float, latitude: float) -> float:
    return math.hypot(north * 111.2, east * 111.3 * math.cos(math.radians(latitude)))


def test_samples_make_the_fleet_of_the_guide(command: Command) -> None:
    made = command("samples")

    stats = command("stats", "--json").document
    assert made.code == 0
    assert "158 VENs and 9,714 resources in config/resources.db: 9,714 added" in made.words
    assert stats["vens"] == 158
    assert stats["resources"] == 9714
    assert stats["disabled"] == 0
    assert stats["by_type"] == {"DSR": 8173, "EV": 1541}
    assert stats["by_sub_type"] == samples.SUB_TYPES
    assert stats["top_vens"] == [{"ven": v, "resources": n} for v, n in LARGEST.items()]
    assert stats["problems"] == []


def test_the_other_towns_are_smaller_and_real_names_stay_whole(command: Command) -> None:
    command("samples")

    top = command("stats", "--json", "--top", 999).document["top_vens"]

    sizes = {row["ven"]: row["resources"] for row in top}  # type: ignore[attr-defined]
    others = [size for ven, size in sizes.items() if ven not in LARGEST]
    assert len(others) == 148
    assert 1 <= min(others) <= max(others) <= 272
    assert {"Nykøbing Falster", "Nykøbing Mors", "Sønder Omme", "Store Heddinge"} <= sizes.keys()
    assert sizes == {town.name: town.resources for town in load_towns()}


def test_samples_twice_change_nothing(command: Command) -> None:
    command("samples")

    again = command("samples")

    assert "0 added, 0 changed, 9,714 as they were" in again.words


def test_another_seed_beside_the_first_is_said(command: Command) -> None:
    command("samples")

    other = command("samples", "--seed", 7)

    assert "other resources were there before and stay" in other.words


def test_everybody_has_the_same_files(tmp_path: Path) -> None:
    first = samples.write(tmp_path / "a")

    assert digest(first) == DIGEST
    assert digest(samples.write(tmp_path / "b", seed=7)) != DIGEST
    assert {path.name for path in first} == {
        f"{name.lower()}-in-denmark.csv" for name in samples.SUB_TYPES
    }


def test_every_sample_is_a_place_of_its_own_in_its_town(tmp_path: Path) -> None:
    towns = {(town.postcode, town.name): town for town in load_towns()}

    rows = [row for path in samples.write(tmp_path) for row in rows_of(path)]

    assert len({(row["title"], row["address"]) for row in rows}) == 9714
    for row in rows:
        found = re.fullmatch(r"\D+ \d+[A-D]?, (\d{4}) (.+)", row["address"])
        assert found, row
        town = towns[found[1], found[2]]
        north = float(row["latitude"]) - town.latitude
        east = float(row["longitude"]) - town.longitude
        assert kilometres(north, east, town.latitude) < 3, row
    titles = Counter((row["title"], row["address"].split(", ")[1]) for row in rows)
    assert 0 < sum(count > 1 for count in titles.values()) < 1500  # chains


def test_a_scaled_fleet_begins_with_the_plain_one(command: Command, tmp_path: Path) -> None:
    plain = samples.write(tmp_path / "plain")

    made = command("samples", "--scale", 3, "--out", "large", "--db-path", "large.db")

    stats = command("stats", "--json", "--db-path", "large.db").document
    assert made.code == 0
    assert (stats["vens"], stats["resources"]) == (3 * 158, 3 * 9714)
    assert stats["problems"] == []
    for path in plain:
        large = (tmp_path / "large" / path.name).read_text()
        assert large.startswith(path.read_text())
    copied = command("stats", "--json", "--db-path", "large.db", "--top", 3).document
    assert [row["ven"] for row in copied["top_vens"]] == [  # type: ignore[attr-defined]
        *("Aalborg", "Aalborg 2", "Aalborg 3")
    ]


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(ConfigurationError, match=r"file.*: cannot be written: "):
        samples.write(blocked)


def test_the_inventory_that_was_made_is_one_file_that_any_folder_can_hold(
    command: Command, tmp_path: Path
) -> None:
    command("samples")

    assert [path.name for path in (tmp_path / "config").iterdir()] == ["resources.db"]
    not_wal = b"\x01\x01"
    assert (tmp_path / "config/resources.db").read_bytes()[18:20] == not_wal


async def test_the_whole_fleet_is_read_at_once(tmp_path: Path) -> None:
    from ven_daemon.services.importing import Importing, Request

    url = f"sqlite:///{tmp_path}/resources.db"
    async with open_inventory(url, create=True) as inventory:
        await Importing(Request(tuple(samples.write(tmp_path)))).store(inventory)
    async with open_inventory(url) as inventory:
        took = []
        for _ in range(3):
            before = time.perf_counter()
            fleet = await inventory.fleet()
            took.append(time.perf_counter() - before)
        assert await inventory.vens() == [ven.name for ven in fleet.vens]
        assert await inventory.resources_of("Aalborg") == list(fleet.vens[0].resources)

    assert min(took) < 1  # 0.12 s on an idle machine; only an order of magnitude is a bug
