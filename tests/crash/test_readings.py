"""Ingest that dies at a named point (F66): what was acknowledged is there, and counted.

Nothing is promised before the answer; what nobody heard an answer to may be sent again,
and counts once.
"""

import json
import sqlite3
import threading
import urllib.error
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.crash.conftest import Doomed
from tests.daemon.service import Service
from tests.readings.conftest import BAR, PATH
from tests.readings.kept import kept
from tests.rig.processes import free_port

BATCH = 1000


class Sender:
    """Sends numbered readings, a batch at a time, until the daemon is gone."""

    def __init__(self, service: Service) -> None:
        self.acknowledged: set[int] = set()
        self.unheard: range | None = None
        """What was sent last, and not answered."""
        self._service = service
        self._number = 0
        self._day = datetime.now(UTC).replace(hour=0, minute=0) - timedelta(days=1)

    def send(self, numbers: range) -> bool:
        """Whether a batch was acknowledged, whole."""
        try:
            status, told, _ = self._service.post(PATH, self._body(numbers))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            self.unheard = numbers
            return False
        if status == 202:
            assert told == {"accepted": len(numbers), "rejected": []}
            self.acknowledged.update(numbers)
        return status == 202

    def run(self, batches: int = 1000) -> None:
        """Send until nobody answers any more."""
        for each in range(batches):
            self.send(range(each * BATCH, (each + 1) * BATCH))
            if self.unheard is not None:
                return

    def _body(self, numbers: range) -> bytes:
        day = self._day.timestamp()
        return json.dumps(
            [
                {"resource_id": BAR, "quantity": "power", "value": n, "at": day + n / 100}
                for n in numbers
            ]
        ).encode()


def takes(service: Service) -> bool:
    return service.post(PATH, b"[]")[0] == 202


async def dies(folder: Path, state_url: str, at: str, hit: int = 1) -> Sender:
    """Send to a daemon until it dies; what it acknowledged is kept, and the counts are right."""
    nobody = f"http://127.0.0.1:{free_port()}"
    doomed = Doomed(folder, nobody, at=at, hit=hit, VEN_STATE_URL=state_url)
    sender = Sender(doomed)
    with doomed:
        doomed.wait(lambda: takes(doomed))
        sender.run()
        doomed.dies()
    found, totals = await kept(state_url)
    assert sender.acknowledged <= found
    assert len(found) == totals.held
    return sender


@pytest.mark.parametrize(
    ("point", "is_there"),
    [("ingest_before_commit", False), ("ingest_after_commit_before_202", True)],
)
async def test_ingest_that_dies_keeps_what_it_acknowledged(
    tmp_path: Path, state_url: str, point: str, is_there: bool
) -> None:
    sender = await dies(tmp_path, state_url, point, hit=3)

    assert sender.unheard is not None
    found, _ = await kept(state_url)
    assert found.issuperset(sender.unheard) is is_there
    assert found.isdisjoint(sender.unheard) is not is_there


@pytest.mark.parametrize("state_url", ["sqlite"], indirect=True)
async def test_a_checkpoint_that_dies_costs_nothing(tmp_path: Path, state_url: str) -> None:
    sender = await dies(tmp_path, state_url, "checkpoint")

    assert sender.acknowledged
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_daemon_that_dies_as_it_stops_keeps_what_it_acknowledged(
    tmp_path: Path, state_url: str
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with Doomed(tmp_path, nobody, at="shutdown_drain", VEN_STATE_URL=state_url) as doomed:
        doomed.wait(lambda: takes(doomed))
        sender = Sender(doomed)
        sending = threading.Thread(target=sender.run)
        sending.start()
        doomed.wait(lambda: bool(sender.acknowledged))
        doomed.process.terminate()
        doomed.dies()
        sending.join(10)

    found, totals = await kept(state_url)
    assert sender.acknowledged <= found
    assert len(found) == totals.held
