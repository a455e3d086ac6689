"""B11, and the polling part of B6: reading events, beside a bare loop."""

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from bench.gates import Gate
from bench.running import WITHIN, cores, ratios, vtn

EVENTS = 100_000
ROUNDS = 3


def sweeps() -> list[Gate]:
    """B11: 100,000 events, for the first time and again."""
    with vtn(0.0, EVENTS) as url:
        ours = [_read("sweep", url) for _ in range(ROUNDS)]
        bare = [_read("bare-sweep", url) for _ in range(ROUNDS)]
    assert {run["events"] for run in (*ours, *bare)} == {EVENTS}
    stalls = [max(run["first_stall"], run["again_stall"]) * 1000 for run in ours]
    own = [run["own_stall"] * 1000 for run in ours]
    return [
        Gate("B11", "worst stall, by its own CPU", max(own), 50.0, None, True, " ms", _spread(own)),
        Gate("B11", "worst stall", max(stalls), 50.0, None, True, " ms", _spread(stalls)),
        Gate("B11", "memory more", _most(ours, "rss_more"), 300.0, None, True, " MiB"),
        _ratio("B11", "times bare paging, first time", ours, bare, "first_wall", goal=1.3),
        Gate("B11", "first sweep", median(run["first_wall"] for run in ours), unit=" s"),
        Gate("B11", "unchanged sweep", median(run["again_wall"] for run in ours), unit=" s"),
    ]


def polling() -> list[Gate]:
    """B6: 500 polls a second that show nothing new."""
    with vtn(0.0, 3) as url:
        pairs = [(_read("polls", url), _read("bare-polls", url)) for _ in range(ROUNDS)]
    ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    late = [run["late_p99"] * 1000 for run in ours]
    each = [run["cpu_each"] * 1e6 for run in ours]
    rate = median(run["per_second"] for run in ours)
    return [
        _ratio("B6", "times bare, CPU of an unchanged poll", ours, bare, "cpu_each", 2.0, 1.4),
        Gate("B6", "CPU of an unchanged poll", median(each), unit=" us", spread=_spread(each)),
        Gate("B6", "late, p99", max(late), None, 100.0, True, " ms"),
        Gate("B6", "polls kept up with", rate, 490.0, unit=" /s"),
        Gate("B6", "pages parsed meanwhile", _most(ours, "parsed"), 0.0, None, True),
    ]


def _read(shape: str, url: str) -> dict[str, float]:
    argv = [sys.executable, "-m", "bench.reader", shape, "--url", url, "--core", str(cores()[1])]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=WITHIN, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _most(runs: Sequence[dict[str, float]], what: str) -> float:
    return max(run[what] for run in runs)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _ratio(
    bench: str,
    what: str,
    ours: Sequence[dict[str, float]],
    bare: Sequence[dict[str, float]],
    figure: str,
    must: float | None = None,
    goal: float | None = None,
) -> Gate:
    found = ratios([run[figure] for run in ours], [run[figure] for run in bare])
    middle, least, most = found
    return Gate(bench, what, middle, must, goal, True, " x", (least, most))
