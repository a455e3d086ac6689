"""A VTN that is away for long, and 158 VENs with a client each that want it.

`/livez` and `/readyz` stay 200 throughout, the VTN is asked rarely, and everything is in
order a minute after it came back. In `make test` the daemon's clocks run fast
(`tests.daemon.hurried`): what is said here of minutes, it lives through by its own clock.
`make soak` takes the time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.daemon.fleets import many_vens, with_clients
from tests.daemon.service import Service
from tests.daemon.test_outages import CONVERGED, insist_on_probes
from tests.rig.sandbox import SandboxVtn

VENS = 158
MOST = 1000
"""Requests that an outage may cost, those for tokens too."""

ASKED_AGAIN = timedelta(seconds=45)
"""By when, on the daemon's clock, a VTN that came back has been asked: half a minute, and
half a second of ours to see it."""


class Fleet:
    """A daemon with 158 VENs, each registered and polling with a client of its own."""

    def __init__(self, service: Service, vtn: SandboxVtn) -> None:
        self.service = service
        self.vtn = vtn

    def asked(self) -> int:
        """Count what the VTN was asked, for tokens too."""
        summary = self.vtn.summary()
        return summary["requests"] + summary["tokens"]

    def clock(self) -> datetime:
        """Say what time it is for the daemon."""
        return datetime.fromisoformat(self.service.get("/health")[1]["now"])

    def polls(self) -> int:
        return int(self.service.get("/health")[1]["events"]["polls"])

    def is_there(self) -> bool:
        summary = self.vtn.summary()
        return (summary["vens"], summary["resources"], summary["duplicates"]) == (VENS, VENS, 0)

    def live_through(
        self, minutes: float, begin: Callable[[], None], end: Callable[[], None]
    ) -> int:
        """Have an outage of so many minutes of the daemon's clock; count what it asked."""
        before, since = self.asked(), self.clock()
        begin()
        while self.clock() - since < timedelta(minutes=minutes):
            insist_on_probes(self.service)
            time.sleep(0.1)
        end()
        during = self.asked() - before
        print(f"{minutes:g} min without a VTN: {during} requests")  # noqa: T201
        return during

    def insist_on_everything(self) -> None:
        """All is as it must be within a minute of ours, polls too."""
        self.service.wait(self.is_there, seconds=CONVERGED)
        polls = self.polls()
        self.service.wait(lambda: self.polls() > polls + VENS, seconds=CONVERGED)
        insist_on_probes(self.service)


@contextmanager
def fleet(folder: Path, module: str) -> Iterator[Fleet]:
    many_vens(folder / "resources.db", VENS, 1)
    clients, credentials = with_clients(folder, (f"Town {ven:05}" for ven in range(VENS)))
    settings = {
        "VEN_CREDENTIAL_MODE": "per-ven",
        "VEN_CREDENTIALS_KEY": Fernet.generate_key().decode(),
        "VEN_REQUEST_TIMEOUT": "30",
    }
    with SandboxVtn("--clients", str(clients)) as vtn:
        service = Service(folder, vtn.url, module=module, **settings)
        assert service.command("credentials", "import", str(credentials)).returncode == 0
        with service:
            made = Fleet(service, vtn)
            service.wait(made.is_there, seconds=CONVERGED)
            service.wait(lambda: made.polls() >= 2 * VENS, seconds=CONVERGED)
            yield made


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("hurried"), "tests.daemon.hurried") as made:
        yield made


def test_f18_a_vtn_that_is_frozen_for_a_minute_is_waited_for(hurried: Fleet) -> None:
    during = hurried.live_through(1, hurried.vtn.pause, hurried.vtn.resume)

    assert during <= MOST
    hurried.insist_on_everything()


def test_f12_ten_minutes_of_503_and_a_wiped_vtn_are_survived(hurried: Fleet) -> None:
    vtn = hurried.vtn

    def come_back_empty() -> None:
        vtn.wipe()
        vtn.faults([])

    during = hurried.live_through(
        10, lambda: vtn.faults([{"kind": "status", "status": 503}]), come_back_empty
    )
    back, before = hurried.clock(), hurried.asked()
    hurried.service.wait(lambda: hurried.asked() > before)

    assert hurried.clock() - back < ASKED_AGAIN
    assert during <= MOST
    hurried.insist_on_everything()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_f18_f12_the_same_by_our_own_clock(tmp_path: Path) -> None:
    with fleet(tmp_path, "ven_daemon") as real:
        vtn = real.vtn

        assert real.live_through(1, vtn.pause, vtn.resume) <= MOST
        real.insist_on_everything()

        def fail() -> None:
            vtn.faults([{"kind": "status", "status": 503}])

        assert real.live_through(10, fail, lambda: vtn.faults([])) <= MOST
        real.insist_on_everything()
