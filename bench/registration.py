"""B1, B2 and B4: registering the sample fleet, against the bare loop and the ancestor's shape."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.gates import Gate
from bench.running import Run, pinned, ratios, told, vtn

SLICE = "Aalborg"
"""The VEN that the ancestor is given, of 627 resources; it is compared per resource."""

_ASKED: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "B1": {"bare": (0.90, 0.95), "ancestor": (20.0, 50.0), "wall": (None, 2.2)},
    "B2": {"bare": (0.75, 0.90), "ancestor": (3.0, None), "wall": (None, None)},
}
"""What must be reached, and the goal."""


def cold(bench: str, inventory: Path, delay: float, rounds: int) -> list[Gate]:
    """Register everything at a VTN that takes *delay* seconds, each shape in turn."""
    runs: dict[str, list[Run]] = {"bare": [], "ours": [], "ancestor": []}
    sizes = set()
    with vtn(delay) as url:
        for number in range(rounds):
            for shape in ("bare", "ours"):
                runs[shape].append(pinned(shape, url, inventory))
                sizes.add(_held(url))
            if number % 2 == 0:
                runs["ancestor"].append(pinned("ancestor", url, inventory, None, "--ven", SLICE))
                told(url, "DELETE")
    assert max(sizes) < 1.01 * min(sizes), "the shapes do not send the same"
    return _compared(bench, runs["bare"], runs["ours"], runs["ancestor"])


def warm(inventory: Path, rounds: int = 3) -> list[Gate]:
    """B4: start again where everything is registered."""
    runs, writes, gets = [], [], []
    with vtn(0.0) as url:
        for _ in range(rounds):
            with TemporaryDirectory(prefix="ven-bench-") as folder:
                pinned("ours", url, inventory, Path(folder))
                before = told(url)
                runs.append(pinned("ours", url, inventory, Path(folder)))
            after = told(url, "DELETE")
            writes.append(sum(after[verb] - before[verb] for verb in ("POST", "PUT")))
            gets.append(after["GET"] - before["GET"])
    return [
        Gate("B4", "writes of a warm restart", max(writes), must=0, is_limit=True),
        Gate("B4", "GETs of a warm restart", max(gets), must=630, is_limit=True),
        _timed("B4", "warm restart", runs, 1.5),
    ]


def _held(url: str) -> int:
    """Check that everything was registered once, make the VTN forget it; give its size."""
    counts = told(url, "DELETE")
    assert (counts["vens"], counts["resources"]) == (158, 9714), counts
    return counts["bytes"]


def _compared(
    bench: str, bare: Sequence[Run], ours: Sequence[Run], ancestor: Sequence[Run]
) -> list[Gate]:
    asked = _ASKED[bench]
    to_bare = [run.wall for run in bare], [run.wall for run in ours]
    by_cpu = [run.cpu for run in bare], [run.cpu for run in ours]
    to_ancestor = [run.each for run in ancestor], [run.each for run in ours[::2]]
    return [
        _ratio(bench, "of the bare loop", *to_bare, *asked["bare"]),
        _ratio(bench, "of the bare loop, by CPU", *by_cpu),
        _ratio(bench, "times the ancestor", *to_ancestor, *asked["ancestor"]),
        _timed(bench, "bare loop", bare),
        _timed(bench, "ours", ours, asked["wall"][1]),
        _timed(bench, "ancestor, 627 resources", ancestor),
        _each(bench, "CPU of the bare loop", bare),
        _each(bench, "CPU of ours", ours),
        Gate(bench, "memory", max(run.rss for run in ours), 150.0, 100.0, True, " MiB"),
        Gate(bench, "opening, before the clock", median(run.opened for run in ours), unit=" s"),
    ]


def _ratio(
    bench: str,
    what: str,
    over: Sequence[float],
    under: Sequence[float],
    must: float | None = None,
    goal: float | None = None,
) -> Gate:
    middle, least, most = ratios(over, under)
    return Gate(bench, what, middle, must, goal, unit=" x", spread=(least, most))


def _timed(bench: str, what: str, runs: Sequence[Run], goal: float | None = None) -> Gate:
    times = [run.wall for run in runs]
    spread = (min(times), max(times))
    return Gate(bench, what, median(times), None, goal, is_limit=True, unit=" s", spread=spread)


def _each(bench: str, what: str, runs: Sequence[Run]) -> Gate:
    used = [run.cpu / run.writes * 1e6 for run in runs]
    spread = (min(used), max(used))
    return Gate(bench, what, median(used), unit=" us/write", spread=spread)
