"""The 158 towns of the sample fleet, and points in them."""

import csv
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Self

from ven_daemon.services.samples.dice import Dice

_KM_PER_DEGREE_OF_LATITUDE = 111.0
_KM_PER_DEGREE_OF_LONGITUDE = 60.0
"""At the north of Denmark; 64 at its south. One number for all keeps cosines out."""

_LARGE_TOWN = 100
"""Resources from which a town is taken to be 2.5 km wide around its centre, not 1.2."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town: one VEN of the sample fleet."""

    name: str
    postcode: str
    latitude: float
    longitude: float
    resources: int

    def copy(self, number: int) -> Self:
        """Name the same town in another copy of the country; the first is the town itself."""
        return self if number == 1 else replace(self, name=f"{self.name} {number}")


def load_towns() -> list[Town]:
    """Read the packaged table, largest fleet first."""
    with files(__package__).joinpath("towns.csv").open(encoding="utf-8") as table:
        return [
            Town(
                row["name"],
                row["postcode"],
                float(row["latitude"]),
                float(row["longitude"]),
                int(row["resources"]),
            )
            for row in csv.DictReader(table)
        ]


def around(dice: Dice, town: Town) -> tuple[str, str]:
    """Draw a point in *town*: longitude and latitude, to a metre, as text."""
    radius = 2.5 if town.resources > _LARGE_TOWN else 1.2
    east, north = _in_unit_disc(dice)
    longitude = town.longitude + east * radius / _KM_PER_DEGREE_OF_LONGITUDE
    latitude = town.latitude + north * radius / _KM_PER_DEGREE_OF_LATITUDE
    return f"{longitude:.5f}", f"{latitude:.5f}"


def _in_unit_disc(dice: Dice) -> tuple[float, float]:
    while True:
        east, north = dice.between(-1, 1), dice.between(-1, 1)
        if east * east + north * north <= 1:
            return east, north
