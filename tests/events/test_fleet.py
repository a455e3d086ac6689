"""Many VENs, each with a credential of its own; and a daemon that is killed again and again."""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.daemon.service import FLEET, Service
from tests.events.test_daemon import known, publish
from tests.rig.rest import call, expect
from tests.rig.sandbox import SandboxVtn

CLIENTS = {ven: f"client-{number}" for number, ven in enumerate(FLEET)}


@pytest.fixture
def private() -> Iterator[SandboxVtn]:
    """A VTN that knows a business client and a client of each VEN."""
    options = [option for c in CLIENTS.values() for option in ("--client", f"{c}:s-{c}:ven")]
    with SandboxVtn("--client", "operator:s-operator:bl", *options) as vtn:
        yield vtn


@pytest.fixture
def service(private: SandboxVtn, tmp_path: Path) -> Iterator[Service]:
    """A daemon that registers both VENs and lets each poll for itself."""
    settings = {
        "VEN_CREDENTIAL_MODE": "registrar",
        "VEN_CLIENT_ID": "operator",
        "VEN_CLIENT_SECRET": "s-operator",
        "VEN_CREDENTIALS_KEY": Fernet.generate_key().decode(),
        "VEN_POLL_INTERVAL": "0.2",
    }
    rows = "".join(f"{ven},{client},s-{client}\n" for ven, client in CLIENTS.items())
    (tmp_path / "credentials.csv").write_text(f"ven,client_id,client_secret\n{rows}")
    service = Service(tmp_path, private.url, **settings)
    imported = service.command("credentials", "import", "credentials.csv")
    assert imported.returncode == 0, imported.stderr
    with service:
        yield service


def make(vtn: SandboxVtn, **members: object) -> str:
    form = {"grant_type": "client_credentials", "client_id": "operator"}
    asked = call("POST", f"{vtn.url}/auth/token", form={**form, "client_secret": "s-operator"})
    token = expect(200, asked).json()["access_token"]
    name = f"program {vtn.summary()['programs']}"
    body: dict[str, object] = {"programName": name}
    program = expect(201, call("POST", f"{vtn.url}/programs", body=body, token=token)).json()
    body = {"programID": program["id"], "intervals": [], **members}
    made: str = expect(201, call("POST", f"{vtn.url}/events", body=body, token=token)).json()["id"]
    return made


def asked_for_events(vtn: SandboxVtn, client: str) -> int:
    return sum(
        line["client"] == client and line["path"].startswith("/events") for line in vtn.ledger()
    )


@pytest.mark.parametrize("status", [401, 403])
def test_t_39_a_ven_that_may_not_read_is_left_alone_for_a_while_and_the_others_go_on(
    private: SandboxVtn, service: Service, status: int
) -> None:
    """T-39, F02, F03."""
    fault = {"kind": "status", "status": status, "path": "/events", "client": "client-0"}
    private.faults([fault])
    make(private)
    service.wait(lambda: known(service).get("readers") == 2)
    service.wait(lambda: known(service).get("seen") == 1)
    service.wait(lambda: asked_for_events(private, "client-0") > 0)
    before = asked_for_events(private, "client-1")
    service.wait(lambda: asked_for_events(private, "client-1") > before + 5)

    assert asked_for_events(private, "client-0") <= 4
    assert {401: "events.unauthorized", 403: "events.forbidden"}[status] in service.log()


def test_t_40_tokens_that_died_with_the_vtn_are_replaced_without_a_word(
    private: SandboxVtn, service: Service
) -> None:
    """T-40."""
    service.wait(lambda: known(service).get("readers") == 2)
    make(private)
    service.wait(lambda: known(service).get("seen") == 2)

    private.revoke()
    make(private)

    service.wait(lambda: known(service).get("seen") == 4)


def test_a_paused_ven_asks_for_nothing(private: SandboxVtn, service: Service) -> None:
    service.wait(lambda: known(service).get("readers") == 2)
    make(private)
    service.wait(lambda: known(service).get("seen") == 2)
    service.send("POST", "/api/v1/vens/Aalborg/pause")
    time.sleep(0.3)
    before = [asked_for_events(private, client) for client in ("client-0", "client-1")]
    service.wait(lambda: asked_for_events(private, "client-1") > before[1] + 5)

    assert asked_for_events(private, "client-0") == before[0]


def test_killed_at_random_instants_it_loses_no_event_and_first_sight_stays(
    tmp_path: Path,
) -> None:
    dice = random.Random(7)
    with SandboxVtn("--open") as vtn:
        made = [publish(vtn)]
        with Service(tmp_path, vtn.url, VEN_POLL_INTERVAL="0.05") as service:
            service.wait(lambda: known(service).get("seen") == 1)
            first = sightings(tmp_path / "state.db")
            for _ in range(5):
                made.append(publish(vtn))
                time.sleep(dice.random() / 4)
                service.kill()
                service.start()
                time.sleep(dice.random())
            service.wait(lambda: known(service).get("seen") == len(made))
        last = sightings(tmp_path / "state.db")

    assert last.keys() == set(made)
    assert first.items() <= last.items()


def sightings(state: Path) -> dict[str, tuple[str, str]]:
    """When each event was first seen, and what "now" means in it, by its id."""
    with closing(sqlite3.connect(f"file:{state}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT event, first_seen, seen FROM sightings").fetchall()
    return {event: (first, seen) for event, first, seen in rows}
