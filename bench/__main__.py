"""`make bench`: registration, polls, the daemon, readings, reports, dispatch, outage, soak."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import machine, service
from bench.dispatch import b10
from bench.events import polling, sweeps
from bench.gates import Gate, shown, table
from bench.growth import growth
from bench.ingest import batches, singles
from bench.outage import outage
from bench.registration import cold, warm
from bench.reports import drain
from bench.sinks import sinks
from bench.soak import soak, soak_for_hours
from ven_daemon.app import build_samples

RESULTS = Path("bench-results.jsonl")

ON_DEMAND = {"b15-long"}
"""What takes hours: measured where it is asked for."""

Measure = Callable[[], list[Gate]]


def main(asked: Sequence[str]) -> int:
    """Measure, print, keep; 1 says that a gate was missed by more than the slack.

    `python -m bench b10 b6` measures these alone; `b15-long` takes two hours, and is measured
    only then.
    """
    with TemporaryDirectory(prefix="ven-bench-") as name, _sample_fleet(Path(name)) as inventory:
        benches = _benches(inventory, Path(name))
        known = {each for names in benches for each in names}
        if unknown := set(asked) - known:
            sys.stderr.write(f"no bench {', '.join(sorted(unknown))}: {', '.join(sorted(known))}\n")
            return 2
        chosen = set(asked) or known - ON_DEMAND
        wanted = [m for names, m in benches.items() if chosen & set(names)]
        gates = [gate for measure in wanted for gate in _told(measure())]
    _keep(gates)
    sys.stdout.write("\n" + "\n".join(table(gates)) + "\n")
    return int(any(gate.missed for gate in gates))


def _benches(inventory: Path, folder: Path) -> dict[tuple[str, ...], Measure]:
    """Give what can be measured, by the names of what it measures, in order."""
    return {
        ("b0",): lambda: machine.calibrate(inventory, folder),
        ("b2",): lambda: cold("B2", inventory, delay=0.0, rounds=7),
        ("b1",): lambda: cold("B1", inventory, delay=0.008, rounds=5),
        ("b4",): lambda: warm(inventory),
        ("b6", "polls"): polling,
        ("b11",): sweeps,
        ("b6", "b12"): lambda: service.few(inventory),
        ("b6", "many"): service.many,
        ("b7",): lambda: singles(inventory),
        ("b8",): lambda: batches(inventory),
        ("b9",): drain,
        ("b10",): b10,
        ("b13",): lambda: outage(inventory),
        ("b14",): growth,
        ("b15",): lambda: soak(inventory),
        ("b15-long",): lambda: soak_for_hours(inventory),
        ("sinks",): sinks,
    }


@contextmanager
def _sample_fleet(folder: Path) -> Iterator[Path]:
    inventory = folder / "resources.db"
    asyncio.run(build_samples(folder / "csv", f"sqlite:///{inventory}"))
    yield inventory


def _told(gates: list[Gate]) -> list[Gate]:
    for gate in gates:
        sys.stdout.write(f"{gate.bench} {gate.what}: {shown(gate.value)}{gate.unit}\n")
    sys.stdout.flush()
    return gates


def _keep(gates: list[Gate]) -> None:
    commit, at = machine.commit(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with RESULTS.open("a") as file:
        for gate in gates:
            figures = {"bench": gate.bench, "what": gate.what, "value": gate.value}
            asked = {"unit": gate.unit.strip(), "spread": gate.spread, "verdict": gate.verdict}
            file.write(json.dumps({"at": at, "commit": commit, **figures, **asked}) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
