"""`make demo`: watch a fleet register, events arrive, dispatches go out and reports come back.

Ends on Ctrl-C; by itself after DEMO_SECONDS, which is 75 where nobody watches a terminal.
Everything is kept under var/demo.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.demo.http import get
from scripts.demo.play import Business, acts
from scripts.demo.stage import Actor, Failed, port_for_operators, sample_fleet
from scripts.demo.watching import Watch, say

FOLDER = Path("var/demo")
UNWATCHED_SECONDS = 75.0


def main() -> int:
    """Run the demo; 0 says that everything started, worked and ended in order."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    headline(f"A sample fleet, in {FOLDER}/resources.db")
    inventory = sample_fleet(FOLDER)
    try:
        with acting("sandbox", {}, "sandbox", "--port", "0", "--open") as sandbox:
            vtn = sandbox.says(r"(http://127\.0\.0\.1:\d+)")
            return play(vtn, inventory)
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1


def play(vtn: str, inventory: Path) -> int:
    """Run the daemon at the sandbox, act by act."""
    port = port_for_operators()
    daemon = f"http://127.0.0.1:{port}"
    headline("A sandbox VTN, and the daemon")
    sys.stdout.write(
        f"  the VTN, and what it has accepted     {vtn}/sandbox/summary\n"
        f"  the daemon's full picture             {daemon}/health\n"
        f"  its API, metrics and readiness        {daemon}/api/v1/events  …/dispatches  …/vens\n"
        f"                                        {daemon}/metrics  {daemon}/readyz\n"
        f"  its log                               {FOLDER}/daemon.log\n\n"
    )
    with acting("daemon", settings(vtn, inventory, port), "run") as running:
        code = watch(vtn, daemon, running)
        say("note", "stopping in order")
        ended = running.end()
    headline("What the VTN holds now")
    for name, count in (get(f"{vtn}/sandbox/summary") or {}).items():
        sys.stdout.write(f"  {name:<14}{count:>10,}\n")
    return code or ended


def watch(vtn: str, daemon: str, running: Actor) -> int:
    """Say what happens until told to stop, or the time is over."""
    unwatched = 0.0 if sys.stdout.isatty() else UNWATCHED_SECONDS
    seconds = float(os.environ.get("DEMO_SECONDS") or unwatched)
    watching, waiting = Watch(daemon), acts(Business(vtn))
    began = time.monotonic()
    ready_at: float | None = None
    try:
        while not seconds or time.monotonic() - began < seconds:
            if running.ended:
                raise Failed(f"the daemon ended by itself: see {running.log}")
            watching.look()
            if watching.ready and ready_at is None:
                ready_at = time.monotonic()
            while waiting and ready_at and time.monotonic() - ready_at >= waiting[0][0]:
                say("vtn", waiting.pop(0)[1]())
                if not waiting:
                    say("note", "that was the play; Ctrl-C ends it")
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    if waiting:
        say("note", f"{seconds:.0f} s were over before the play was")
    return 1 if waiting else 0


def settings(vtn: str, inventory: Path, port: int) -> dict[str, str]:
    """Settings of the demo's daemon: the defaults, but quicker and with simulated meters."""
    return {
        "VEN_VTN_URL": vtn,
        "VEN_CREDENTIAL_MODE": "none",
        "VEN_INVENTORY_URL": f"sqlite:///{inventory}",
        "VEN_STATE_URL": f"sqlite:///{FOLDER}/state.db",
        "VEN_HTTP_PORT": str(port),
        "VEN_POLL_INTERVAL": "PT2S",
        "VEN_SIMULATOR": "true",
        "VEN_SIMULATOR_INTERVAL": "PT5S",
        "VEN_REPORT_GRACE": "PT2S",
    }


@contextmanager
def acting(name: str, environment: dict[str, str], *words: str) -> Iterator[Actor]:
    """Run one program for as long as the block lasts."""
    actor = Actor(name, FOLDER, environment, *words)
    try:
        yield actor
    finally:
        if not actor.ended:
            actor.end()


def headline(words: str) -> None:
    """Print one."""
    sys.stdout.write(f"\n== {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
