"""B16: how fast the sample fleet is registered at a real VTN, next to a bare loop.

Figures depend on the machine and on what else it does: they are printed with a verdict
at the end of the run, and only what the VTN holds afterwards is asserted.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bench.gates import Gate, table
from bench.running import Run, ratios, work
from tests.interop.readback import SAMPLE_RESOURCES, SAMPLE_VENS
from tests.rig.openleadr import OpenleadrVtn

pytestmark = [pytest.mark.interop, pytest.mark.timeout(1800)]

IN_FLIGHT = 16
ROUNDS = 5
SLICE = "Aalborg"
SLICE_RESOURCES = 627


def test_the_sample_fleet_is_registered_about_as_fast_as_a_bare_loop_could(
    vtn_31: OpenleadrVtn,
    sample_inventory: Path,
    print_at_the_end: Callable[[Iterable[str]], None],
) -> None:
    runs: dict[str, list[Run]] = {"bare": [], "ours": [], "ancestor": []}

    for _ in range(ROUNDS):
        for shape in ("bare", "ours"):
            runs[shape].append(_registered(vtn_31, shape, sample_inventory))
            assert vtn_31.counts() == (SAMPLE_VENS, SAMPLE_RESOURCES)
        part = _registered(vtn_31, "ancestor", sample_inventory, "--ven", SLICE)
        assert vtn_31.counts() == (1, SLICE_RESOURCES)
        runs["ancestor"].append(part)

    print_at_the_end(table(_gates(**runs)))


def _registered(vtn: OpenleadrVtn, shape: str, inventory: Path, *more: str) -> Run:
    vtn.wipe()
    client = ("--client-id", vtn.business.id, "--client-secret", vtn.business.secret)
    return work(shape, vtn.url, inventory, None, "--workers", str(IN_FLIGHT), *client, *more)


def _gates(bare: list[Run], ours: list[Run], ancestor: list[Run]) -> list[Gate]:
    each = {"bare loop": bare, "ours": ours, "ancestor": ancestor}
    to_bare = ratios([run.wall for run in bare], [run.wall for run in ours])
    to_ancestor = ratios([run.each for run in ancestor], [run.each for run in ours])
    return [
        Gate("B16", "of the bare loop", to_bare[0], 0.85, 0.95, unit=" x", spread=to_bare[1:]),
        Gate(
            "B16", "times the ancestor", to_ancestor[0], 2.5, 3.0, unit=" x", spread=to_ancestor[1:]
        ),
        *(_rate(name, shape) for name, shape in each.items()),
    ]


def _rate(name: str, runs: list[Run]) -> Gate:
    rates = sorted(run.writes / run.wall for run in runs)
    middle = rates[len(rates) // 2]
    return Gate("B16", name, middle, unit=" writes/s", spread=(rates[0], rates[-1]))
