"""The sample fleet as eight CSV files: the same for everybody, on every Python.

Nothing is drawn but with `random.Random(seed).random()`, which Python promises to
keep; places are computed with the four basic operations only. The numbers of
resources per town (`towns.csv`) and per sub-type (`SUB_TYPES`) are facts of the
sample client and add up exactly.
"""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.services.samples.dice import Dice
from ven_daemon.services.samples.names import address, title
from ven_daemon.services.samples.towns import Town, around, load_towns

__all__ = ["DEFAULT_SEED", "HEADER", "SUB_TYPES", "write"]

DEFAULT_SEED = 158
"""The seed of the fleet that everybody has."""

SUB_TYPES = {
    "Restaurants": 1590,
    "Industries": 1564,
    "Chargingstations": 1541,
    "Hotels": 1507,
    "Schools": 1278,
    "Bars": 1056,
    "Bakeries": 842,
    "Swimmingpools": 336,
}
"""How many resources there are of each sub-type, all towns together."""

HEADER = ("title", "address", "longitude", "latitude")

_Row = tuple[str, str, str, str]


def write(directory: Path, seed: int = DEFAULT_SEED, scale: int = 1) -> list[Path]:
    """Write the eight files into *directory* and say where they are.

    *scale* repeats the country so often, with towns of other names (`Aalborg 2`) and
    other places in them; the first is the same whatever the scale.

    Raises:
        ConfigurationError: the files cannot be written there.
    """
    paths = {name: directory / f"{name.lower()}-in-denmark.csv" for name in SUB_TYPES}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            writers = {}
            for name, path in paths.items():
                file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
                writers[name] = csv.writer(file, lineterminator="\n")
                writers[name].writerow(HEADER)
            for sub_type, row in _country(seed, scale):
                writers[sub_type].writerow(row)
    except OSError as error:
        message = f"{error.filename or directory}: cannot be written: {error.strerror}"
        raise ConfigurationError(message) from error
    return list(paths.values())


def _country(seed: int, scale: int) -> Iterator[tuple[str, _Row]]:
    """Yield every row with its sub-type, holding one copy of the country at a time."""
    towns = load_towns()
    for copy in range(1, scale + 1):
        dice = Dice(seed * 1_000_003 + copy)
        yield from _rows(dice, [town.copy(copy) for town in towns])


def _rows(dice: Dice, towns: list[Town]) -> Iterator[tuple[str, _Row]]:
    deck = [name for name, count in SUB_TYPES.items() for _ in range(count)]
    dice.shuffle(deck)
    places = (town for town in towns for _ in range(town.resources))
    taken: set[tuple[str, str]] = set()
    for town, sub_type in zip(places, deck, strict=True):
        named = title(dice, sub_type), address(dice, town)
        while named in taken:
            named = title(dice, sub_type), address(dice, town)
        taken.add(named)
        longitude, latitude = around(dice, town)
        yield sub_type, (*named, longitude, latitude)
