"""A running daemon that takes readings, and readings to send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.rig.processes import free_port

TOKEN = "let-me-in"
BAR = "Aalborg/bar 0"
ELSEWHERE = "Vejle/bar 0"
PATH = "/api/v1/readings"


def item(
    resource: str = BAR, minutes: float = 0, value: object = 1.5, **more: Any
) -> dict[str, Any]:
    """One reading as a device sends it, measured so many minutes ago."""
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    return {"resource_id": resource, "quantity": "power", "value": value, "at": at, **more}


def takes_readings(service: Service) -> bool:
    """Whether the daemon knows by now whose readings to take."""
    return service.post(PATH, b"[]", Authorization=f"Bearer {TOKEN}")[0] == 202


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A daemon for one module, whose VTN is down: readings do not wait for a VTN."""
    folder = tmp_path_factory.mktemp("readings")
    nobody = f"http://127.0.0.1:{free_port()}"
    with Service(folder, nobody, VEN_OPERATOR_TOKEN=TOKEN, VEN_READINGS_PER_POST="500") as service:
        service.wait(lambda: takes_readings(service))
        yield service
