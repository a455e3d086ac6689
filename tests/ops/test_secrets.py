"""A daemon that was given every secret there is, and fails at most of what they are for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.daemon.service import Service
from tests.rig.sandbox import SandboxVtn

NOBODY = "127.0.0.1:9"
"""An address at which nothing listens."""
KEY = Fernet.generate_key().decode()
SECRETS = {
    "VEN_CLIENT_SECRET": "mark-client",
    "VEN_OPERATOR_TOKEN": "mark-operator",
    "VEN_CREDENTIALS_KEY": KEY,
    "VEN_SINK_HTTP_URL": f"http://gateway:mark-gateway@{NOBODY}/commands?token=mark-query",
    "VEN_SINK_HTTP_SECRET": "mark-hmac",
    "VEN_SINK_SQL_URL": f"postgresql+psycopg://ours:mark-sink@{NOBODY}/commands",
    "VEN_SINK_MQTT_PASSWORD": "mark-broker",
    "VEN_SOURCE_MQTT_PASSWORD": "mark-meters",
    "VEN_SOURCE_SQL_URL": f"postgresql+psycopg://ours:mark-source@{NOBODY}/readings",
}
OTHERS = {
    "VEN_CLIENT_ID": "fleet",
    "VEN_SINK_MQTT_URL": f"mqtt://{NOBODY}",
    "VEN_SINK_MQTT_USERNAME": "ours",
    "VEN_SOURCE_MQTT_URL": f"mqtt://{NOBODY}",
    "VEN_SOURCE_MQTT_USERNAME": "ours",
    "VEN_SINKS": json.dumps(
        [
            {"sink": sink, "resource": f"Aalborg/bar {number}"}
            for number, sink in enumerate(("http", "mqtt", "sql"))
        ]
    ),
    "VEN_POLL_INTERVAL": "0.2",
    "VEN_LOG_LEVEL": "DEBUG",
}
NOT_YOURS = 422
MARKS = ("mark-", KEY, "eyJ")
"""The last is how the sandbox's tokens begin."""


@dataclass
class Shown:
    """What a daemon showed, by where."""

    places: dict[str, str] = field(default_factory=dict)

    def with_marks(self) -> dict[str, list[str]]:
        """Give the places where a secret stands, with the lines."""
        found = {
            place: [line for line in text.splitlines() if any(mark in line for mark in MARKS)]
            for place, text in self.places.items()
        }
        return {place: lines for place, lines in found.items() if lines}


@pytest.fixture
def vtn() -> Iterator[SandboxVtn]:
    with SandboxVtn("--client", "fleet:mark-client:bl") as sandbox:
        yield sandbox


def test_no_secret_is_shown_by_a_running_daemon_or_a_command(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    begun = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    vtn.stock(
        [
            ("program", {"id": "p", "programName": "shed"}),
            (
                "event",
                {
                    "id": "e",
                    "programID": "p",
                    "intervalPeriod": {"start": begun, "duration": "PT1H"},
                    "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}],
                },
            ),
        ]
    )
    quoting = {"title": "Bad", "detail": "mark-client is no secret of fleet"}
    refusal = {"kind": "status", "status": 400, "times": 1, "body": quoting}
    vtn.faults([{"path": "^/auth/token$", **refusal}])
    with Service(tmp_path, vtn.url, **SECRETS, **OTHERS) as service:
        service.wait_until_ready()
        token = service.command("readings", "token", "add", "gateway", "--ven", "Vejle")
        device = token.stdout.strip()
        body = [{"resource_id": "Aalborg/bar 0", "quantity": "power", "value": 1, "at": begun}]
        service.wait(
            lambda: service.send("POST", "/api/v1/readings", device, body=body)[0] == NOT_YOURS
        )
        service.wait(lambda: service.log().count("sink_unreachable") >= 3)
        service.wait(lambda: service.log().count("source.failed") >= 2)
        service.wait(lambda: "is no secret of fleet" in service.log())

        shown = _shown_by(service)

    assert len(device) > 20
    assert shown.with_marks() == {}
    assert [place for place, text in shown.places.items() if device in text] == []


def test_no_password_of_a_database_that_cannot_be_reached_is_shown(
    vtn: SandboxVtn, tmp_path: Path
) -> None:
    state = f"postgresql+psycopg://ours:mark-state@{NOBODY}/state"
    with Service(tmp_path, vtn.url, **SECRETS, **OTHERS, VEN_STATE_URL=state) as service:
        commands = [service.command(*words) for words in (["db", "check"], ["doctor"])]
        assert service.wait_for_exit() == 3

    said = "".join(each.stdout + each.stderr for each in commands)
    assert NOBODY.partition(":")[0] in said + service.log()
    assert Shown({"log": service.log(), "commands": said}).with_marks() == {}


def _shown_by(service: Service) -> Shown:
    shown = Shown()
    token = SECRETS["VEN_OPERATOR_TOKEN"]
    paths = ("health", "metrics", "api/v1/config", "api/v1/status", "api/v1/dispatches")
    for path in paths:
        shown.places[path] = service.get_text(f"/{path}", token)[1]
    for words in (
        "config show",
        "config show --json",
        "doctor",
        "status",
        "dispatches",
        "db check",
    ):
        told = service.command(*words.split())
        shown.places[words] = told.stdout + told.stderr
    shown.places["process list"] = Path(f"/proc/{service.process.pid}/cmdline").read_text()
    service.terminate()
    shown.places["log"] = service.log()
    assert all(shown.places.values())
    return shown
