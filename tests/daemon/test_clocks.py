"""A wall clock that is set under a running daemon (faults.md F68)."""

import signal
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.daemon.fleets import many_vens
from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn

EVERY = 0.5
LIVED = 3.0
"""Seconds that are looked at after each time that the clock was set."""

LATE = 0.3
"""Seconds by which something may be late where nothing is wrong with a clock."""

HOUR, DAY, YEAR = 3600.0, 86400.0, 31_557_600.0
JUMPS = {
    "out of 1970": 0.0,
    "an hour ahead": HOUR,
    "an hour back": 0.0,
    "a day ahead": DAY,
    "ten years ahead": DAY + 10 * YEAR,
}
"""Where the clock is set to, one after the other, in seconds beside the true time."""


def times(vtn: SandboxVtn, path: str, since: float) -> Sequence[float]:
    """Say when, by the monotonic clock of the machine, a list was begun to be read."""
    return [
        line["monotonic"]
        for line in vtn.ledger()
        if (line["method"], line["path"]) == ("GET", path)
        and line["query"].startswith("skip=0&")
        and line["monotonic"] >= since
    ]


def worst_stall(service: Service) -> float:
    return float(service.get("/health")[1]["event_loop_worst_stall_seconds"])


def test_f68_whatever_the_clock_says_nothing_is_missed_or_done_twice_or_held_up(
    tmp_path: Path,
) -> None:
    clock = tmp_path / "clock"
    clock.write_text(str(1000 - time.time()))
    many_vens(tmp_path / "resources.db", 158, 1)
    settings = {
        "VEN_POLL_INTERVAL": str(EVERY),
        "VEN_RECONCILE_INTERVAL": str(EVERY),
        "VEN_CLOCK_FILE": str(clock),
    }
    with (
        SandboxVtn("--open") as vtn,
        Service(tmp_path, vtn.url, module="tests.daemon.jumping", **settings) as service,
    ):
        service.wait_until_ready()
        assert service.get("/health")[1]["now"].startswith("1970-01-01T")
        service.wait(lambda: len(times(vtn, "/events", 0)) > 3)
        time.sleep(1)
        stall, starved = worst_stall(service), service.starved()
        for name, off in JUMPS.items():
            clock.write_text(str(off))
            began, before = time.monotonic(), service.starved()
            service.process.send_signal(signal.SIGUSR1)
            time.sleep(LIVED)

            late = LATE + service.starved() - before
            for path in ("/events", "/vens"):
                asked = times(vtn, path, began)
                gaps = [b - a for a, b in pairwise([began, *asked, began + LIVED])]
                assert max(gaps) <= 2 * EVERY + late, (name, path, asked)
                # What is on the wall clock's grid may run again as the jump is seen, by the
                # scheduler and by who watches the clock; nothing is caught up on.
                assert len(asked) <= LIVED / EVERY + 3, (name, path, asked)

        assert service.get("/readyz")[0] == 200
        starved = service.starved() - starved
        assert worst_stall(service) <= max(stall, 0.25 + starved)
        assert "clock.jumped" in service.log()
        assert "step_broke" not in service.log()
