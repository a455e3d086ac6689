"""A daemon that dies while it reads events (F66) has read all of them afterwards."""

from pathlib import Path

import pytest

from tests.crash.conftest import CLIENT, Doomed
from tests.daemon.service import Service
from tests.events.test_daemon import known
from tests.rig.sandbox import SandboxVtn

EVENTS = 70
"""More than a page of a listing holds."""

PERIOD = {"start": "2026-01-01T00:00:00Z", "duration": "P9999Y"}


def publish(vtn: SandboxVtn) -> None:
    asked = {"programID": "p", "intervalPeriod": PERIOD, "intervals": [{"id": 0, "payloads": []}]}
    events = [("event", {"id": f"e-{n}", **asked}) for n in range(EVENTS)]
    vtn.stock([("program", {"id": "p", "programName": "p"}), *events])


@pytest.mark.parametrize(("point", "hit"), [("sweep_page_k", 2), ("event_parsed", 2)])
@pytest.mark.parametrize("vtn", ["strict"], indirect=True)
def test_a_daemon_that_dies_while_it_reads_events_has_all_of_them_afterwards(
    vtn: SandboxVtn, tmp_path: Path, point: str, hit: int
) -> None:
    publish(vtn)
    with Doomed(tmp_path, vtn.url, at=point, hit=hit, **CLIENT) as doomed:
        doomed.dies()

    with Service(tmp_path, vtn.url, **CLIENT) as service:
        service.wait(lambda: known(service).get("seen") == EVENTS)
