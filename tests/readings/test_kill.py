"""kill -9 under ingest: everything that was answered 202 is in the store afterwards."""

import json
import random
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.daemon.service import Service
from tests.readings.conftest import BAR, PATH, TOKEN, takes_readings
from tests.readings.kept import kept
from tests.rig.postgres import Database
from tests.rig.processes import free_port

SENDERS = 4


class Sender(threading.Thread):
    """Sends numbered readings, in batches of every size, until the daemon is gone."""

    def __init__(self, service: Service, first: int, dice: random.Random) -> None:
        super().__init__()
        self.acknowledged: set[int] = set()
        self._url = service.url + PATH
        self._first = first
        self._dice = dice

    def run(self) -> None:
        number, day = self._first, datetime.now(UTC).replace(hour=0, minute=0).timestamp() - 86400
        while True:
            batch = range(number, number + self._dice.choice((1, 1, 1, 10, 100)))
            number = batch.stop
            body = json.dumps(
                [
                    {"resource_id": BAR, "quantity": "power", "value": n, "at": day + n / 1000}
                    for n in batch
                ]
            )
            headers = {"Authorization": f"Bearer {TOKEN}"}
            request = urllib.request.Request(self._url, body.encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    assert json.loads(answer.read())["accepted"] == len(batch)
            except OSError:
                return
            self.acknowledged.update(batch)


def _rounds(
    folder: Path, rounds: int, database: Database | None, **environment: str
) -> Iterator[set[int]]:
    """Start, send, kill; give what was acknowledged so far."""
    dice = random.Random(1)
    acknowledged: set[int] = set()
    nobody = f"http://127.0.0.1:{free_port()}"
    service = Service(folder, nobody, VEN_OPERATOR_TOKEN=TOKEN, **environment)
    for each in range(rounds):
        with service:
            service.wait(lambda: takes_readings(service))
            places = [(each * SENDERS + n) * 100_000 for n in range(SENDERS)]
            senders = [Sender(service, place, random.Random(place)) for place in places]
            for sender in senders:
                sender.start()
            time.sleep(dice.uniform(0.05, 0.4))
            service.kill()
            for sender in senders:
                sender.join(10)
                acknowledged |= sender.acknowledged
        if database is not None:  # nobody waits here until the dead one's term is over
            with database.connect() as connection:
                connection.execute("UPDATE leases SET held_until = now() - interval '1 s'")
        yield acknowledged


async def _nothing_is_lost(folder: Path, rounds: int, database: Database | None = None) -> None:
    url = database.url if database is not None else f"sqlite:///{folder}/state.db"
    acknowledged: set[int] = set()
    for acknowledged in _rounds(folder, rounds, database, VEN_STATE_URL=url):
        found, totals = await kept(url)
        assert acknowledged <= found
        assert len(found) == totals.accepted  # the counts are as durable as what they count
    assert len(acknowledged) > rounds


async def test_ten_kills_lose_no_acknowledged_reading_on_sqlite(tmp_path: Path) -> None:
    await _nothing_is_lost(tmp_path, 10)


async def test_ten_kills_lose_no_acknowledged_reading_on_postgresql(
    tmp_path: Path, postgres_database: Database
) -> None:
    await _nothing_is_lost(tmp_path, 10, postgres_database)


def test_what_is_answered_while_the_daemon_is_told_to_stop_is_kept_f65(tmp_path: Path) -> None:
    service = Service(tmp_path, f"http://127.0.0.1:{free_port()}", VEN_OPERATOR_TOKEN=TOKEN)
    with service:
        service.wait(lambda: takes_readings(service))
        senders = [Sender(service, n * 100_000, random.Random(n)) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        time.sleep(0.3)
        assert service.terminate() == 0
        for sender in senders:
            sender.join(10)

    acknowledged = set[int]().union(*(sender.acknowledged for sender in senders))
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        found = {int(row[0]) for row in connection.execute("SELECT value FROM readings")}
    assert len(acknowledged) > SENDERS
    assert acknowledged <= found


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_five_hundred_kills_lose_no_acknowledged_reading(tmp_path: Path) -> None:
    await _nothing_is_lost(tmp_path, 500)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_hundred_kills_lose_no_acknowledged_reading_on_postgresql(
    tmp_path: Path, postgres_database: Database
) -> None:
    await _nothing_is_lost(tmp_path, 100, postgres_database)
